import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { agreement } from '../../../../shared/lesions/agreement';
import { labelComponents, largestComponent, removeSmall } from '../../../../shared/lesions/components';
import { lesionMask } from '../../../../shared/lesions/lesionMask';
import { lesionCsvRows, lesionTable } from '../../../../shared/lesions/table';
import type { Dims } from '../../../../shared/volume/volume';

const dims: Dims = [10, 8, 6];
const at = (x: number, y: number, z: number): number => x + 10 * (y + 8 * z);

/** A mask of boxes, each from its first to its last voxel. */
function boxes(...list: readonly (readonly [number, number, number, number, number, number])[]): Uint8Array {
  const mask = new Uint8Array(480);
  for (const [x0, y0, z0, x1, y1, z1] of list)
    for (let z = z0; z <= z1; z += 1)
      for (let y = y0; y <= y1; y += 1) for (let x = x0; x <= x1; x += 1) mask[at(x, y, z)] = 1;
  return mask;
}

describe('components', () => {
  it('are numbered in the order in which they are met, and joined late where they meet late', () => {
    // A U: two arms that meet in the last slice only.
    const mask = boxes([1, 1, 0, 1, 1, 5], [5, 1, 0, 5, 1, 5], [1, 1, 5, 5, 1, 5], [8, 7, 0, 9, 7, 0]);
    const { labels, count } = labelComponents(mask, dims, 6);
    expect(count).toBe(2);
    expect([labels[at(1, 1, 0)], labels[at(5, 1, 0)], labels[at(8, 7, 0)]]).toEqual([1, 1, 2]);
  });

  it('below a size are removed, the others untouched', () => {
    const mask = boxes([0, 0, 0, 2, 0, 0], [5, 5, 3, 6, 6, 3], [9, 7, 5, 9, 7, 5]);
    expect(removeSmall(mask, dims, 3)).toEqual(boxes([0, 0, 0, 2, 0, 0], [5, 5, 3, 6, 6, 3]));
    expect(removeSmall(mask, dims, 4)).toEqual(boxes([5, 5, 3, 6, 6, 3]));
    expect(removeSmall(mask, dims, 1)).toEqual(mask);
    expect(largestComponent(mask, dims)).toEqual(boxes([5, 5, 3, 6, 6, 3]));
    expect(largestComponent(new Uint8Array(480), dims)).toEqual(new Uint8Array(480));
  });

  it('of a grid that the mask does not fill are a bug', () => {
    expect(() => labelComponents(new Uint8Array(479), dims, 6)).toThrow('does not fill');
  });
});

describe('the mask at a threshold', () => {
  it('leaves out what is small, and joins voxels as it is told', () => {
    // Two voxels that meet in an edge, and one by itself.
    const iro = new Float32Array(480);
    for (const index of [at(1, 1, 1), at(2, 2, 1), at(7, 7, 5)]) iro[index] = 0.8;
    const count = (minVoxels: number, connectivity: 6 | 18 | 26): number =>
      lesionMask(iro, dims, 0.5, { minVoxels, connectivity, erosionVoxels: 0 }).reduce(
        (sum, value) => sum + value,
        0,
      );
    expect(count(1, 6)).toBe(3);
    expect(count(2, 6)).toBe(0);
    expect(count(2, 18)).toBe(2);
    expect(count(3, 26)).toBe(0);
  });
});

describe('the lesion table', () => {
  const mask = boxes([1, 2, 3, 2, 3, 4], [7, 1, 0, 9, 1, 5]);
  const { labels, count } = labelComponents(mask, dims, 26);
  const scan = Float32Array.from({ length: 480 }, (_, i) => i);
  const iro = Float32Array.from({ length: 480 }, (_, i) => i / 480);
  // x to the left, tilted nowhere; voxels of 0.5 x 2 x 3 mm.
  const volume = {
    dims,
    affine: [-0.5, 0, 0, 90, 0, 2, 0, -100, 0, 0, 3, -50, 0, 0, 0, 1],
    zooms: [0.5, 2, 3] as const,
  };

  it('has one row a lesion, the largest first, with everything in its unit', () => {
    const rows = lesionTable({ labels, count, volume, scan, iro });
    expect(rows).toHaveLength(2);
    const [bar, cube] = rows;
    expect(bar).toMatchObject({
      id: 1,
      voxels: 18,
      volumeMm3: 54,
      centreVox: [8, 1, 2.5],
      centreMm: [86, -98, -42.5],
      extentMm: [1.5, 2, 18],
      slices: [0, 5],
      maxScan: at(9, 1, 5),
      meanScan: at(8, 1, 0) + 200,
    });
    expect(bar?.maxIro).toBeCloseTo(at(9, 1, 5) / 480, 6);
    expect(bar?.meanIro).toBeCloseTo((at(8, 1, 0) + 200) / 480, 6);
    expect(cube).toMatchObject({
      id: 2,
      voxels: 8,
      volumeMm3: 24,
      centreVox: [1.5, 2.5, 3.5],
      extentMm: [1, 4, 6],
      slices: [3, 4],
    });
    expect([bar?.label, cube?.label].sort()).toEqual([1, 2]);
  });

  it('counts slices along the axis it is given, and knows no I_ro where there is none', () => {
    const [bar] = lesionTable({ labels, count, volume, scan, sliceAxis: 0 });
    expect(bar).toMatchObject({ slices: [7, 9], meanIro: null, maxIro: null });
  });

  it('becomes lines for a CSV file', () => {
    const lines = lesionCsvRows(lesionTable({ labels, count, volume, scan }));
    expect(lines).toHaveLength(3);
    const first = Object.fromEntries((lines[0] ?? []).map((name, i) => [name, lines[1]?.[i]]));
    expect(first).toMatchObject({
      id: 1,
      voxels: 18,
      volume_mm3: 54,
      centre_x_mm: 86,
      extent_k_mm: 18,
      mean_iro: '',
    });
    expect(lines.every((line) => line.length === lines[0]?.length)).toBe(true);
  });

  it('is empty where nothing was found, and refuses a label beyond the count', () => {
    expect(lesionTable({ labels: new Int32Array(480), count: 0, volume, scan })).toEqual([]);
    expect(() => lesionTable({ labels, count: 1, volume, scan })).toThrow('above the count');
  });
});

describe('agreement with a truth', () => {
  it('is counted by voxels and by lesions', () => {
    // Truth: two cubes of 8 and a bar of 3. Prediction: half of the first cube, a touch of the bar, and two false ones.
    const truth = boxes([0, 0, 0, 1, 1, 1], [4, 0, 0, 5, 1, 1], [0, 6, 3, 2, 6, 3]);
    const prediction = boxes([0, 0, 0, 1, 1, 0], [2, 6, 3, 4, 6, 3], [8, 0, 5, 9, 0, 5], [8, 4, 2, 8, 4, 2]);
    expect(agreement(prediction, truth, dims, [0.5, 2, 3])).toEqual({
      dice: (2 * 5) / (10 + 19),
      precision: 5 / 10,
      sensitivity: 5 / 19,
      predictionMm3: 30,
      truthMm3: 57,
      overlapMm3: 15,
      truthLesions: 3,
      foundLesions: 2,
      lesionSensitivity: 2 / 3,
      predictedLesions: 4,
      falseLesions: 2,
    });
  });

  it('is whole where both are empty, and none where one is', () => {
    const empty = new Uint8Array(480);
    const some = boxes([0, 0, 0, 1, 1, 1]);
    const one = [1, 1, 1] as const;
    expect(agreement(empty, empty, dims, one)).toMatchObject({
      dice: 1,
      precision: 1,
      sensitivity: 1,
      lesionSensitivity: 1,
    });
    expect(agreement(some, empty, dims, one)).toMatchObject({
      dice: 0,
      precision: 0,
      sensitivity: 1,
      falseLesions: 1,
    });
    expect(agreement(empty, some, dims, one)).toMatchObject({
      dice: 0,
      precision: 1,
      sensitivity: 0,
      lesionSensitivity: 0,
    });
  });

  it('does not care which nonzero value a mask has; Dice is the same both ways round', () => {
    const bits = fc.uint8Array({ minLength: 480, maxLength: 480, max: 3 });
    fc.assert(
      fc.property(bits, bits, (a, b) => {
        const forth = agreement(a, b, dims, [1, 1, 1]);
        const back = agreement(
          b.map((v) => (v ? 9 : 0)),
          a,
          dims,
          [1, 1, 1],
        );
        expect(forth.dice).toBe(back.dice);
        expect(forth.precision).toBe(back.sensitivity);
        expect(forth.foundLesions).toBe(back.predictedLesions - back.falseLesions);
      }),
      { numRuns: 30 },
    );
  });

  it('of masks of different sizes is a bug', () => {
    expect(() => agreement(new Uint8Array(3), new Uint8Array(4), [4, 1, 1], [1, 1, 1])).toThrow(
      'differ in size',
    );
  });
});
