import { expect, it } from 'vitest';
import type { PredictedSlices } from '../../../main/engine/inference/predict';
import { predictScan } from '../../../main/engine/inference/scan';

/** Slices of two pixels; 0, 1, 6 and 7 are empty, and 3 is in its first pixel only. */
const slices = [0, 0, 0, 0, 1, 2, 0, 3, 4, 5, 6, 7, 0, 0, 0, 0];

/** The network's I_ro is 10 more than the image, and every image that it saw is counted. */
function scanOf(spread: boolean): { predict: (images: Float32Array) => PredictedSlices; seen: number[] } {
  const seen: number[] = [];
  return {
    seen,
    predict: (images) => {
      seen.push(images.length / 2);
      const iro = images.map((value) => value + 10);
      return { ifc: images, iwc: images, iro, spread: spread ? iro.map((value) => value / 2) : null };
    },
  };
}

const images = (wanted: readonly number[]): Float32Array =>
  Float32Array.from(wanted.flatMap((k) => slices.slice(2 * k, 2 * k + 2)));

it.each([
  [false, [4, 1]],
  [true, [4, 4]],
])(
  'takes all slices apart, and of empty ones the first alone unless it is random: %s',
  async (isRandom, seen) => {
    const { predict, seen: batches } = scanOf(isRandom);
    const done: number[] = [];
    const scan = { count: 8, size: 2, images };
    const found = await predictScan(predict, scan, ['iro'], isRandom, (share) => {
      done.push(share);
      return Promise.resolve();
    });
    expect([...found.iro]).toEqual(slices.map((value) => value + 10));
    expect(found.spread && [...found.spread]).toEqual(
      isRandom ? slices.map((value) => (value + 10) / 2) : null,
    );
    expect(batches).toEqual(seen);
    expect(done).toEqual([4 / (isRandom ? 8 : 5), 1]);
    expect(found).not.toHaveProperty('ifc');
  },
);
