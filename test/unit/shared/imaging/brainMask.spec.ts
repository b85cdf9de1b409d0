import { describe, expect, it } from 'vitest';
import { findBrainMask } from '../../../../shared/imaging/brainMask';
import { erode } from '../../../../shared/imaging/morphology';
import {
  findNormalisation,
  findRobustNormalisation,
  normalisationSchema,
  normalise,
} from '../../../../shared/imaging/normalisation';
import { smoothInMask } from '../../../../shared/imaging/smoothing';
import { createRandom } from '../../../../shared/random';
import type { Dims } from '../../../../shared/volume/volume';
import { sortedInside } from '../../../../shared/imaging/percentiles';

const dims: Dims = [60, 70, 50];

/** Distance from the middle, 1 at the ellipsoid that fits the grid but for a margin. */
function radius(x: number, y: number, z: number): number {
  return Math.hypot(
    ...[x, y, z].map((v, i) => (2 * v - (dims[i] as number) + 1) / ((dims[i] as number) - 12)),
  );
}

function image(value: (r: number, x: number, y: number, z: number) => number): Float32Array {
  const out = new Float32Array(dims[0] * dims[1] * dims[2]);
  let at = 0;
  for (let z = 0; z < dims[2]; z += 1)
    for (let y = 0; y < dims[1]; y += 1)
      for (let x = 0; x < dims[0]; x += 1, at += 1) out[at] = value(radius(x, y, z), x, y, z);
  return out;
}

function dice(a: Uint8Array, b: Uint8Array): number {
  const both = a.reduce((sum, voxel, i) => sum + (voxel & (b[i] as number)), 0);
  return (2 * both) / (a.reduce((s, v) => s + v, 0) + b.reduce((s, v) => s + v, 0));
}

const brain = Uint8Array.from(image((r) => Number(r < 1)));

describe('the brain mask', () => {
  it('of a skull-stripped scan is what is not background: holes filled, specks left out', () => {
    const random = createRandom(1);
    for (const background of [0, -1000]) {
      const values = image((r, x, y, z) => {
        if (x === 1 && y < 3 && z === 2) return 40;
        // Ventricles that the stripping set to background, and an opening at one end of a slice.
        if (Math.hypot(x - 30, y - 35, z - 25) < 4) return background;
        return r < 1 ? 100 + 10 * random.normal() : background;
      });
      const found = findBrainMask(values, dims);
      expect(found.method).toBe('skull-stripped');
      expect(dice(found.mask, brain)).toBe(1);
    }
  });

  it('of a scan with negative values around a background of 0 keeps the negative ones', () => {
    const values = image((r) => (r < 1 ? (r < 0.2 ? -3 : 80) : 0));
    expect(dice(findBrainMask(values, dims).mask, brain)).toBe(1);
  });

  it('of a whole head with noise around it is the head', () => {
    const random = createRandom(2);
    const values = image((r) => (r < 1 ? 100 : 0) + 8 * Math.hypot(random.normal(), random.normal()));
    const found = findBrainMask(values, dims);
    expect(found.method).toBe('head');
    expect(dice(found.mask, brain)).toBeGreaterThan(0.98);
  });

  it('of a whole head in air that the scanner set to 0 is not taken for skull-stripped', () => {
    // A neck through the lowest slices, and a dark rim of bone with brighter scalp.
    const values = image((r, x, y, z) => {
      if (z < 10 && Math.hypot(x - 30, y - 35) < 15) return 60;
      return r < 0.7 ? 100 : r < 0.85 ? 5 : r < 1 ? 90 : 0;
    });
    expect(findBrainMask(values, dims).method).toBe('head');
  });

  it('of a brain too large for one needs the voxels’ sides to be known', () => {
    const values = image((r, x, y, z) => (z < 12 && Math.hypot(x - 30, y - 35) < 18 ? 90 : r < 1 ? 100 : 0));
    expect(findBrainMask(values, dims, [1, 1, 1]).method).toBe('skull-stripped');
    expect(findBrainMask(values, dims, [4, 4, 4]).method).toBe('head');
  });

  it('of a prepared stack is all that is not background, in each slice on its own', () => {
    // Several brains one after the other, the slices of one not touching the next.
    const values = image((_, x, y, z) => (z % 3 !== 2 && Math.hypot(x - 30, y - 35) < 18 ? 0.5 : 0));
    const found = findBrainMask(values, dims, [1, 1, 1], 'stack');
    expect(found.method).toBe('skull-stripped');
    expect(
      dice(
        found.mask,
        Uint8Array.from(values, (value) => Number(value > 0)),
      ),
    ).toBe(1);
  });

  it('is empty where all voxels are equal', () => {
    for (const level of [0, 7])
      expect(findBrainMask(new Float32Array(210_000).fill(level), dims).mask.includes(1)).toBe(false);
  });
});

describe('normalisation', () => {
  const values = Float32Array.from({ length: 1001 }, (_, i) => i);
  const all = new Uint8Array(1001).fill(1);

  it('takes percentiles inside the mask to 0 and 1, clips, and leaves the rest at 0', () => {
    const mask = Uint8Array.from(values, (value) => Number(value >= 500));
    const found = findNormalisation(sortedInside(values, mask), { lower: 10, upper: 90, upperLevel: 1 });
    expect(found).toEqual({
      method: 'percentile',
      lowerPercentile: 10,
      upperPercentile: 90,
      upperLevel: 1,
      lower: 550,
      upper: 950,
    });
    const scaled = normalise(values, mask, found);
    expect([
      scaled[0],
      scaled[499],
      scaled[500],
      scaled[550],
      scaled[750],
      scaled[950],
      scaled[1000],
    ]).toEqual([0, 0, 0, 0, 0.5, 1, 1]);
    expect(normalisationSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it('leaves lesions of a thousandth of the brain unclipped by default', () => {
    const random = createRandom(6);
    const brainful = Float32Array.from({ length: 200_000 }, (_, i) =>
      i < 200 ? 160 + i / 20 : 90 + 8 * random.normal(),
    );
    const found = findNormalisation(sortedInside(brainful, new Uint8Array(200_000).fill(1)));
    const scaled = normalise(brainful, new Uint8Array(200_000).fill(1), found);
    // The 99.95th percentile, the level of the middle lesion voxel, becomes 0.8; the lower end and noise stretch that little.
    expect(scaled.subarray(0, 200).every((level) => level < 0.9 && level > 0.7)).toBe(true);
    expect(scaled[99]).toBeCloseTo(0.8, 2);
  });

  it('takes the mode to the middle and 3.5 spreads of the brighter side to 1, whatever lies below', () => {
    const random = createRandom(8);
    // A normal tissue of mean 100 and deviation 10, and a fifth of dark CSF, which is no part of its spread.
    const brainful = Float32Array.from({ length: 200_000 }, (_, i) =>
      i % 5 === 0 ? 20 + 5 * random.normal() : 100 + 10 * random.normal(),
    );
    const mask = new Uint8Array(200_000).fill(1);
    const found = findRobustNormalisation(sortedInside(brainful, mask));
    expect(found.lower).toBeGreaterThan(100 - 3.5 * 10 - 4);
    expect(found.lower).toBeLessThan(100 - 3.5 * 10 + 4);
    expect(found.upper).toBeGreaterThan(100 + 3.5 * 10 - 4);
    expect(found.upper).toBeLessThan(100 + 3.5 * 10 + 4);
    expect(normalisationSchema.parse(JSON.parse(JSON.stringify(found)))).toEqual(found);
  });

  it('has a range even where there is nothing to normalise', () => {
    expect(findNormalisation(sortedInside(values, new Uint8Array(1001)))).toMatchObject({
      lower: 0,
      upper: 1,
    });
    expect(findNormalisation(sortedInside(new Float32Array(1001).fill(3), all))).toMatchObject({
      lower: 3,
      upper: 4,
    });
  });
});

describe('smoothing and morphology', () => {
  it('keeps a constant inside the mask up to its border, and nothing outside', () => {
    const smoothed = smoothInMask(
      image((r) => (r < 1 ? 7 : 1e6)),
      brain,
      dims,
      [1, 1, 2],
      1.5,
    );
    expect(smoothed.every((value, i) => (brain[i] === 1 ? Math.abs(value - 7) < 1e-4 : value === 0))).toBe(
      true,
    );
  });

  it('spreads a point by sigma millimetres along each axis, whatever the voxels', () => {
    const size: Dims = [41, 41, 41];
    const point = new Float32Array(41 ** 3);
    point[20 + 41 * (20 + 41 * 20)] = 1;
    const zooms = [0.5, 1, 0.8] as const;
    const smoothed = smoothInMask(point, new Uint8Array(41 ** 3).fill(1), size, zooms, 2);
    const variance = [0, 0, 0];
    smoothed.forEach((weight, i) => {
      [i % 41, Math.floor(i / 41) % 41, Math.floor(i / 1681)].forEach((v, axis) => {
        variance[axis] = (variance[axis] as number) + weight * ((v - 20) * (zooms[axis] as number)) ** 2;
      });
    });
    for (const value of variance) expect(Math.sqrt(value)).toBeCloseTo(2, 1);
  });

  it('erodes from the inside only: a brain that the field of view cuts keeps its cut face', () => {
    const cut = new Uint8Array(5 * 5 * 5).fill(1);
    expect(erode(cut, [5, 5, 5], 2)).toEqual(cut);
    cut[62] = 0;
    expect(erode(cut, [5, 5, 5]).reduce((sum, voxel) => sum + voxel, 0)).toBe(125 - 7);
  });
});
