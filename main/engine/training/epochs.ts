import type { Random } from '../../../shared/random';
import type { EpochSizes } from '../../../shared/study/epochSizes';
import type { PredictedSlices } from '../inference/predict';
import { slicesOf, type SliceSource } from './sliceSource';

type DiscriminatorSizes = Pick<EpochSizes, 'reference' | 'input'>;

/**
 * The order of D's epoch, shuffled: item k of it is one image. Stage 1: reference slices (-1) and the inputs' first cuts
 * (+1). Stage 2: the real set is the reference and the reference's own first cuts, and the inputs count twice to balance it.
 * Source: the authors' scripts continue_training_stage_1 and _2.
 *
 * An image is one number, so that the order of a large set stays small: {@link loadBatch} takes it apart.
 */
export function discriminatorOrder(
  counts: DiscriminatorSizes,
  taken: DiscriminatorSizes,
  stage: 1 | 2,
  random: Random,
): Float64Array {
  const references = drawn(counts.reference, taken.reference, random);
  const inputs = drawn(counts.input, taken.input, random);
  const items = new Float64Array(stage * (references.length + inputs.length));
  let at = 0;
  for (let round = 0; round < stage; round++) {
    const kind = round === 0 ? KIND.reference : KIND.referenceCut;
    for (const index of references) items[at++] = index * KINDS + kind;
    for (const index of inputs) items[at++] = index * KINDS + KIND.inputCut;
  }
  return shuffle(items, random);
}

/** The order of M's epoch: numbers of input slices, shuffled. */
export function generatorOrder(count: number, taken: number, random: Random): Float64Array {
  return drawn(count, taken, random);
}

/** `taken` of `count` numbers, shuffled; all of them again and again where fewer are there. */
function drawn(count: number, taken: number, random: Random): Float64Array {
  const out = new Float64Array(taken);
  for (let at = 0; at < taken; at += count) out.set(shuffled(count, random).subarray(0, taken - at), at);
  return out;
}

const KIND = { reference: 0, referenceCut: 1, inputCut: 2 } as const;
const KINDS = 3;

/**
 * The images of a batch of D, [batch, h, w], and which of them are real. First cuts are predicted here, batch by batch as D
 * needs them: M does not change while D trains, so they are the values that predicting them all first would give, and
 * memory does not grow with the sets.
 * @param clip how near to 0 and 1 a first cut can come: reference slices are held to it too, or D would only look at that
 */
export function loadBatch(
  items: ArrayLike<number>,
  reference: SliceSource,
  input: SliceSource,
  predict: (slices: Float32Array) => PredictedSlices,
  clip = 0,
): { images: Float32Array; real: boolean[] } {
  const size = input.height * input.width;
  const images = new Float32Array(items.length * size);
  const real = Array.from(items, (item) => item % KINDS !== KIND.inputCut);
  for (const kind of [KIND.reference, KIND.referenceCut, KIND.inputCut]) {
    const places = Array.from(items, (_, place) => place).filter(
      (place) => (items[place] as number) % KINDS === kind,
    );
    if (places.length === 0) continue;
    const slices = (kind === KIND.inputCut ? input : reference).read(
      places.map((place) => Math.floor((items[place] as number) / KINDS)),
    );
    const values =
      kind === KIND.reference ? clipped(slicesOf(slices, reference.channels), clip) : predict(slices).ifc;
    places.forEach((place, i) => images.set(values.subarray(i * size, (i + 1) * size), place * size));
  }
  return { images, real };
}

/** The values no nearer to 0 and 1 than `clip`. */
function clipped(values: Float32Array, clip: number): Float32Array {
  return clip === 0 ? values : values.map((value) => Math.min(1 - clip, Math.max(clip, value)));
}

function shuffled(count: number, random: Random): Float64Array {
  return shuffle(
    Float64Array.from({ length: count }, (_, i) => i),
    random,
  );
}

/** Fisher-Yates, in place. */
function shuffle(order: Float64Array, random: Random): Float64Array {
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.integer(i + 1);
    const kept = order[i] as number;
    order[i] = order[j] as number;
    order[j] = kept;
  }
  return order;
}
