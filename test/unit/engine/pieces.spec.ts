import { describe, expect, it } from 'vitest';
import { inPieces, starts } from '../../../main/engine/inference/pieces';
import type { PredictedSlices } from '../../../main/engine/inference/predict';

const [height, width, channels] = [40, 48, 2];
const piece = { height: 16, width: 16 };
const size = piece.height * piece.width;

/** Two images with a box of brain in the first channel, and other numbers in the second. */
function images(): Float32Array {
  const out = new Float32Array(2 * height * width * channels);
  for (let k = 0; k < 2; k += 1)
    for (let y = 5; y < 36; y += 1)
      for (let x = 7 + k; x < 41; x += 1) {
        const i = ((k * height + y) * width + x) * channels;
        out[i] = 0.1 + ((x * 31 + y * 17) % 50) / 100;
        out[i + 1] = 0.9;
      }
  return out;
}

/** The first channel as it is, and in I_wc how far a pixel lies from the border of its piece. */
const seen: number[] = [];
const predict = (pieces: Float32Array): PredictedSlices => {
  const count = pieces.length / (size * channels);
  seen.push(count);
  const first = Float32Array.from({ length: count * size }, (_, i) => pieces[i * channels] as number);
  const depth = Float32Array.from({ length: count * size }, (_, i) => {
    const [x, y] = [i % piece.width, Math.floor((i % size) / piece.width)];
    return Math.min(x, y, piece.width - 1 - x, piece.height - 1 - y);
  });
  return { ifc: first, iwc: depth, iro: first, spread: null };
};

describe('images in pieces', () => {
  const whole = inPieces(predict, piece, { height, width, channels });

  it('give what the pieces give, put together, for each image', () => {
    const given = images();
    const { iro } = whole(given);
    iro.forEach((value, i) => expect(value).toBeCloseTo(given[i * channels] as number, 6));
  });

  it('trust the middle of a piece more than its border', () => {
    const { iwc } = whole(images());
    const at = (x: number, y: number): number => iwc[y * width + x] as number;
    // Of pieces that overlap by half a pixel's depths are d and 7 - d: alike, their mean would be 3.5 everywhere inside.
    let sum = 0;
    for (let y = 14; y < 28; y += 1) for (let x = 16; x < 32; x += 1) sum += at(x, y);
    expect(sum / (14 * 16)).toBeGreaterThan(3.6);
  });

  it('are none where there is no brain', () => {
    seen.length = 0;
    const { iro } = whole(new Float32Array(height * width * channels));
    expect(seen).toEqual([]);
    expect(iro.every((value) => value === 0)).toBe(true);
  });
});

describe('starts', () => {
  it('reach from the first to the last pixel, at most half a piece apart', () => {
    const found = starts(10, 149, 64, 208);
    expect(found[0]).toBe(10);
    expect(found.at(-1)).toBe(149 - 63);
    for (let k = 1; k < found.length; k += 1)
      expect((found[k] as number) - (found[k - 1] as number)).toBeLessThanOrEqual(32);
  });

  it('put a brain smaller than a piece in its middle, inside the image', () => {
    expect(starts(100, 119, 64, 208)).toEqual([78]);
    expect(starts(0, 9, 64, 208)).toEqual([0]);
    expect(starts(200, 207, 64, 208)).toEqual([144]);
  });
});
