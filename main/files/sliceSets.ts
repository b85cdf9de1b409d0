import { createHash } from 'node:crypto';
import { ExpectedError } from '../../shared/failure';
import type { SliceSource } from '../engine/training/sliceSource';
import { openNpySlices, type NpySlices } from './npySlices';

/** Each side of a slice is a multiple of this: the network halves it four times. */
const SIDE_MULTIPLE = 16;
/** How much of a file is looked at at once. */
const CHUNK_BYTES = 4 * 2 ** 20;

/** What a set is, as a run records it. */
export interface SetFacts {
  readonly name: string;
  /** SHA-256 of the file. */
  readonly sha256: string;
  readonly count: number;
  /** Sides of the slices as they are trained on, and in the file where those were padded. */
  readonly height: number;
  readonly width: number;
  readonly paddedFrom: readonly [height: number, width: number] | null;
  readonly dtype: string;
  /** Lowest and highest value of the file. */
  readonly lowest: number;
  readonly highest: number;
  /** `value -> (value - low) / (high - low)` where values lay outside [0, 1]; null where they are taken as they are. */
  readonly scale: { readonly low: number; readonly high: number } | null;
}

/** A set of slices in [0, 1], checked from end to end. The caller closes it. */
export interface SliceSet extends SliceSource {
  readonly facts: SetFacts;
  /** Whether the file says [n, h, w], without an axis of channels. */
  readonly isFlat: boolean;
  /** What was made of slices, [n, height, width], without the margins that padding gave them. */
  unpadded(values: Float32Array): Float32Array;
  close(): void;
}

export interface SetOptions {
  /** Pads the slices with zeros to the next multiple of 16, half on each side. */
  readonly pad?: boolean;
  /** Channels of an image; 1 unless given. */
  readonly channels?: number;
  /** Called between pieces of the file with the share that is done; may throw to end the opening. */
  readonly onProgress?: (fraction: number) => Promise<void>;
}

/**
 * Opens a set for the network: reads the file once from end to end, piece by piece, to take its hash and its range and to see
 * that every value is a number. Values outside [0, 1] are scaled: 0 stays 0 (the background) where nothing lies below it.
 *
 * @throws ExpectedError not-finite saying where, shape-mismatch for sides that are no multiple of 16 and are not to be
 *   padded, and what openNpySlices throws
 */
export async function openSet(path: string, options: SetOptions = {}): Promise<SliceSet> {
  const slices = openNpySlices(path, options.channels);
  try {
    const padded = paddedSides(slices, options.pad === true);
    const { sha256, lowest, highest } = await survey(slices, options.onProgress);
    const scale =
      lowest < 0 || highest > 1
        ? { low: Math.min(0, lowest), high: highest > lowest ? highest : lowest + 1 }
        : null;
    const isPadded = padded.height !== slices.height || padded.width !== slices.width;
    return {
      ...padded,
      count: slices.count,
      channels: slices.channels,
      facts: {
        name: slices.name,
        sha256,
        count: slices.count,
        ...padded,
        paddedFrom: isPadded ? [slices.height, slices.width] : null,
        dtype: slices.dtype,
        lowest,
        highest,
        scale,
      },
      read(indices) {
        const values = slices.read(indices);
        if (scale) {
          const factor = 1 / (scale.high - scale.low);
          for (let i = 0; i < values.length; i++) values[i] = ((values[i] as number) - scale.low) * factor;
        }
        return isPadded ? pad(values, slices, padded, slices.channels) : values;
      },
      isFlat: slices.shape.length === 3,
      unpadded: (values) => (isPadded ? unpad(values, padded, slices) : values),
      close: () => slices.close(),
    };
  } catch (error) {
    slices.close();
    throw error;
  }
}

/** The sentence that says how a set was changed on reading; null where it was not. */
export function changesSentence({
  name,
  lowest,
  highest,
  scale,
  paddedFrom,
  height,
  width,
}: SetFacts): string | null {
  const short = (value: number): string => String(Number(value.toPrecision(6)));
  const parts = [
    ...(scale
      ? [
          `its values ${short(lowest)} to ${short(highest)} are scaled to [0, 1] from ${short(scale.low)} to ${short(scale.high)}`,
        ]
      : []),
    ...(paddedFrom
      ? [`its slices of ${paddedFrom.join('x')} are padded with zeros to ${height}x${width}`]
      : []),
  ];
  return parts.length > 0 ? `${name}: ${parts.join('; ')}.` : null;
}

/**
 * Refuses a reference and an input of different size.
 * @throws ExpectedError shape-mismatch
 */
export function checkSameSides(reference: SliceSource, input: SliceSource): void {
  if (reference.height === input.height && reference.width === input.width) return;
  throw new ExpectedError(
    'shape-mismatch',
    `The reference slices are ${reference.height}x${reference.width} and the input slices ${input.height}x${input.width}; prepare both to one size.`,
  );
}

/**
 * Refuses a set of truth masks that does not belong to the input. It is looked at only here: training never sees it.
 * @throws ExpectedError shape-mismatch and what openNpySlices throws
 */
export function checkTruth(path: string, input: SetFacts): void {
  const truth = openNpySlices(path);
  truth.close();
  const [height, width] = input.paddedFrom ?? [input.height, input.width];
  if (truth.count === input.count && truth.height === height && truth.width === width) return;
  throw new ExpectedError(
    'shape-mismatch',
    `${truth.name} holds ${truth.count} masks of ${truth.height}x${truth.width} for ${input.count} slices of ${height}x${width} in ${input.name}; prepare them together, or take it out of the folder.`,
  );
}

function paddedSides({ height, width, name }: NpySlices, mayPad: boolean): { height: number; width: number } {
  const next = (side: number): number => Math.ceil(side / SIDE_MULTIPLE) * SIDE_MULTIPLE;
  const padded = { height: next(height), width: next(width) };
  if (mayPad || (padded.height === height && padded.width === width)) return padded;
  throw new ExpectedError(
    'shape-mismatch',
    `${name} has slices of ${height}x${width}; each side must be a multiple of ${SIDE_MULTIPLE}: give --pad to pad them with zeros to ${padded.height}x${padded.width}, or prepare them again.`,
  );
}

/** One pass over the file: its hash and range. @throws ExpectedError not-finite */
async function survey(
  slices: NpySlices,
  onProgress: SetOptions['onProgress'],
): Promise<{ sha256: string; lowest: number; highest: number }> {
  const { dataOffsetBytes, sliceBytes, count, fileBytes } = slices;
  const hash = createHash('sha256');
  hash.update(slices.readBytes(0, dataOffsetBytes));
  const atOnce = Math.max(1, Math.floor(CHUNK_BYTES / sliceBytes));
  let lowest = Infinity;
  let highest = -Infinity;
  for (let first = 0; first < count; first += atOnce) {
    const taken = Math.min(atOnce, count - first);
    const bytes = slices.readBytes(dataOffsetBytes + first * sliceBytes, taken * sliceBytes);
    hash.update(bytes);
    const values = slices.valuesOf(bytes);
    for (let i = 0; i < values.length; i++) {
      const value = values[i] as number;
      if (value - value !== 0)
        throw notFinite(
          slices,
          value,
          first * slices.height * slices.width + Math.floor(i / slices.channels),
        );
      if (value < lowest) lowest = value;
      if (value > highest) highest = value;
    }
    await onProgress?.((first + taken) / count);
  }
  for (let at = dataOffsetBytes + count * sliceBytes; at < fileBytes; at += CHUNK_BYTES) {
    hash.update(slices.readBytes(at, Math.min(CHUNK_BYTES, fileBytes - at)));
  }
  return { sha256: hash.digest('hex'), lowest, highest };
}

function notFinite({ name, height, width }: NpySlices, value: number, at: number): ExpectedError {
  const size = height * width;
  const what = Number.isNaN(value) ? 'a value that is not a number (NaN)' : 'an infinite value';
  return new ExpectedError(
    'not-finite',
    `${name} has ${what} in slice ${Math.floor(at / size)}, row ${Math.floor((at % size) / width)}, column ${at % width} (all from 0); replace it and try again.`,
  );
}

interface Sides {
  readonly height: number;
  readonly width: number;
}

/** How far from the top and the left of the larger slices the smaller ones lie. */
function margins(small: Sides, large: Sides): { top: number; left: number } {
  return { top: (large.height - small.height) >> 1, left: (large.width - small.width) >> 1 };
}

/** The middle of slices [n, h, w]: the inverse of {@link pad}. */
function unpad(values: Float32Array, from: Sides, to: Sides): Float32Array {
  const { top, left } = margins(to, from);
  const count = values.length / (from.height * from.width);
  const out = new Float32Array(count * to.height * to.width);
  for (let k = 0; k < count; k++) {
    for (let row = 0; row < to.height; row++) {
      const start = (k * from.height + top + row) * from.width + left;
      out.set(values.subarray(start, start + to.width), (k * to.height + row) * to.width);
    }
  }
  return out;
}

/** Images [n, h, w, channels] in the middle of larger ones of zeros. */
function pad(values: Float32Array, from: Sides, to: Sides, channels: number): Float32Array {
  const { top, left } = margins(from, to);
  const rowLength = from.width * channels;
  const count = values.length / (from.height * rowLength);
  const out = new Float32Array(count * to.height * to.width * channels);
  for (let k = 0; k < count; k++) {
    for (let row = 0; row < from.height; row++) {
      const start = (k * from.height + row) * rowLength;
      const at = ((k * to.height + top + row) * to.width + left) * channels;
      out.set(values.subarray(start, start + rowLength), at);
    }
  }
  return out;
}
