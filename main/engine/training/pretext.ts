import { pasteLesions } from '../../../shared/lesions/pastedLesions';
import type { Contrast } from '../../../shared/imaging/contrasts';
import { robustReach } from '../../../shared/imaging/normalisation';
import type { Random } from '../../../shared/random';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import { slicesOf, type SliceSource } from './sliceSource';

/** What pasting lesions needs to know of the sets, in mm. */
export interface ImageScale {
  readonly pixelMm: number;
  /** Where each channel's slice lies above the image's own: 0 first. */
  readonly offsetsMm: readonly number[];
  /** The other contrasts, whose channels follow; none unless given. */
  readonly contrasts?: readonly Contrast[];
}

/** A batch of M as plain arrays. Inputs first, then reference images with pasted lesions. */
export interface GeneratorBatch {
  /** [n, h, w, channels] */
  readonly images: Float32Array;
  readonly count: number;
  /** null where nothing was pasted. */
  readonly pasted: {
    /** Number of the first image with pasted lesions. */
    readonly from: number;
    /** [n - from, h, w]: 1 where a lesion was pasted. */
    readonly masks: Float32Array;
    /** [n - from, h, w]: the slices before. */
    readonly clean: Float32Array;
  } | null;
}

/** One reference slice in so many is held back: nothing is pasted into it until the threshold is looked for. */
const HELD_BACK_EVERY = 10;

/** Numbers of the reference slices that lesions are pasted into while M trains. */
export function pastedInto(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i);
  return count < HELD_BACK_EVERY
    ? numbers
    : numbers.filter((i) => i % HELD_BACK_EVERY !== HELD_BACK_EVERY - 1);
}

/** The others; all where there are too few to hold any back. */
export function heldBack(count: number): number[] {
  const kept = new Set(pastedInto(count));
  const numbers = Array.from({ length: count }, (_, i) => i);
  return count < HELD_BACK_EVERY ? numbers : numbers.filter((i) => !kept.has(i));
}

type Wanted = Pick<TrainingSettings, 'pastedLesions' | 'pastedBatch' | 'gainJitter' | 'offsetJitter'>;

/**
 * Loads a batch of M: these inputs, and as many randomly chosen reference images as `pastedBatch` says, with lesions
 * pasted into them. Contrast and level of each image are changed a little where that is wanted.
 * @param mayPaste numbers of the reference images to choose from
 */
export function loadGeneratorBatch(
  items: readonly number[],
  input: SliceSource,
  reference: SliceSource,
  mayPaste: readonly number[],
  scale: ImageScale | null,
  settings: Wanted,
  random: Random,
): GeneratorBatch {
  const { height, width, channels } = input;
  const inputs = input.read(items);
  const size = height * width * channels;
  for (let k = 0; k < items.length; k += 1)
    jitter([inputs.subarray(k * size, (k + 1) * size)], channels, scale, settings, random);
  const { pastedLesions, pastedBatch } = settings;
  if (!pastedLesions || pastedBatch === 0 || !scale) {
    return { images: inputs, count: items.length, pasted: null };
  }
  const chosen = Array.from(
    { length: pastedBatch },
    () => mayPaste[random.integer(mayPaste.length)] as number,
  );
  const healthy = reference.read(chosen);
  const images = new Float32Array((items.length + pastedBatch) * size);
  images.set(inputs);
  const masks = new Float32Array(pastedBatch * height * width);
  const clean = new Float32Array(pastedBatch * height * width);
  for (let k = 0; k < pastedBatch; k += 1) {
    const values = healthy.subarray(k * size, (k + 1) * size);
    const pasted = pasteLesions({ values, height, width, ...scale }, pastedLesions, random);
    jitter([pasted.values, values], channels, scale, settings, random);
    images.set(pasted.values, (items.length + k) * size);
    masks.set(pasted.mask, k * height * width);
    clean.set(slicesOf(values, channels), k * height * width);
  }
  return { images, count: items.length + pastedBatch, pasted: { from: items.length, masks, clean } };
}

/**
 * Changes contrast and level of images alike, in place; what is 0 stays background. A slice and its neighbours are of one
 * scan and change together, each other contrast by itself.
 */
function jitter(
  images: readonly Float32Array[],
  channels: number,
  scale: ImageScale | null,
  { gainJitter, offsetJitter }: Pick<TrainingSettings, 'gainJitter' | 'offsetJitter'>,
  random: Random,
): void {
  if (gainJitter === 0 && offsetJitter === 0) return;
  const together = channels - (scale?.contrasts?.length ?? 0);
  for (let first = 0; first < channels; first = first === 0 ? together : first + 1) {
    const last = first === 0 ? together : first + 1;
    const gain = 1 + random.uniform(-gainJitter, gainJitter);
    const offset = random.uniform(-offsetJitter, offsetJitter) / (2 * robustReach);
    for (const values of images) {
      for (let pixel = 0; pixel < values.length; pixel += channels) {
        for (let i = pixel + first; i < pixel + last; i += 1) {
          const value = values[i] as number;
          // About the mode, 0.5, as a scan of another contrast would differ.
          if (value > 0) values[i] = Math.min(1, Math.max(0, 0.5 + (value - 0.5) * gain + offset));
        }
      }
    }
  }
}

/** The values with normal noise of this deviation. A new array. */
export function withNoise(values: Float32Array, deviation: number, random: Random): Float32Array {
  return values.map((value) => value + deviation * random.normal());
}
