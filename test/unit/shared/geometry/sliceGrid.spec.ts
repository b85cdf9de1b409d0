import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { affineZooms, applyAffine, multiplyAffines, qformAffine } from '../../../../shared/geometry/affine';
import { slicePoint, voxelPoint, type SlicePoint } from '../../../../shared/geometry/points';
import {
  chooseSliceGrid,
  displayLetters,
  sliceGridSchema,
  slicesToVolume,
  sliceToVoxel,
  sliceToWorldMm,
  volumeToSlices,
  voxelToSlice,
  worldToSlice,
  type SliceGrid,
  type SliceGridOptions,
  type SlicePlane,
} from '../../../../shared/geometry/sliceGrid';
import type { Affine, Dims, Triple } from '../../../../shared/volume/volume';

const orders = [
  [0, 1, 2],
  [0, 2, 1],
  [1, 0, 2],
  [1, 2, 0],
  [2, 0, 1],
  [2, 1, 0],
] as const;
/** All 48 ways to lay voxel axes along the sides of a head. */
const axisOrders = orders.flatMap((order) =>
  Array.from({ length: 8 }, (_, bits) => ({
    order,
    signs: [0, 1, 2].map((i) => ((bits >> i) & 1 ? -1 : 1)),
  })),
);
const planes: readonly SlicePlane[] = ['axial', 'coronal', 'sagittal'];

function affineOf(
  { order, signs }: { order: readonly number[]; signs: readonly number[] },
  zooms: Triple,
  tilt: Triple = [0, 0, 0],
): Affine {
  const m = Array<number>(16).fill(0);
  order.forEach(
    (row, column) => (m[row * 4 + column] = (signs[column] as number) * (zooms[column] as number)),
  );
  m[15] = 1;
  return multiplyAffines(qformAffine(tilt, [1, 1, 1], 1, [11, -7.5, 3]), m);
}

interface Scan {
  readonly dims: Dims;
  readonly affine: Affine;
  readonly zooms: Triple;
}

function scanOf(dims: Dims, affine: Affine): Scan {
  return { dims, affine, zooms: affineZooms(affine) };
}

function gridOf(scan: Scan, options: SliceGridOptions): SliceGrid {
  return chooseSliceGrid(scan, new Uint8Array(scan.dims[0] * scan.dims[1] * scan.dims[2]), options);
}

/** A value for each voxel, x fastest. */
function voxelValues(dims: Dims, value: (x: number, y: number, z: number) => number): Float32Array {
  const out = new Float32Array(dims[0] * dims[1] * dims[2]);
  for (let z = 0, at = 0; z < dims[2]; z += 1)
    for (let y = 0; y < dims[1]; y += 1)
      for (let x = 0; x < dims[0]; x += 1, at += 1) out[at] = value(x, y, z);
  return out;
}

/** Three numbers from a range. */
function triple(min: number, max: number): fc.Arbitrary<[number, number, number]> {
  const part = fc.double({ min, max, noNaN: true });
  return fc.tuple(part, part, part);
}

/** A different slope along each side of the head: any flip, swap or shift changes it. */
const ramp = ([x, y, z]: Triple): number => 2 * x + 3 * y - 5 * z + 40;

const scans = fc.record({
  dims: fc.tuple(
    fc.integer({ min: 2, max: 13 }),
    fc.integer({ min: 2, max: 13 }),
    fc.integer({ min: 2, max: 9 }),
  ),
  axisOrder: fc.constantFrom(...axisOrders),
  zooms: triple(0.4, 3),
  tilt: triple(-0.1, 0.1),
  plane: fc.constantFrom(...planes),
});

describe('the slice grid', () => {
  it('lays out each plane for radiological display, whatever the order of the voxel axes', () => {
    // Where column, row and slice number lead in the world (right, anterior, superior).
    const directions = {
      axial: { column: [-1, 0, 0], row: [0, -1, 0], slice: [0, 0, 1] },
      coronal: { column: [-1, 0, 0], row: [0, 0, -1], slice: [0, 1, 0] },
      sagittal: { column: [0, -1, 0], row: [0, 0, -1], slice: [-1, 0, 0] },
    } as const;
    const sides = [
      ['R', 'L'],
      ['A', 'P'],
      ['S', 'I'],
    ] as const;
    const sideOf = (direction: readonly number[]): string => {
      const axis = direction.findIndex((part) => part !== 0);
      return sides[axis]?.[(direction[axis] as number) > 0 ? 0 : 1] ?? '';
    };
    for (const axisOrder of axisOrders) {
      for (const plane of planes) {
        const scan = scanOf([6, 7, 8], affineOf(axisOrder, [1, 1, 1]));
        const grid = gridOf(scan, { plane, pixelMm: 1 });
        const at = (point: SlicePoint): Triple => sliceToWorldMm(grid, point);
        const origin = at(slicePoint(0, 0, 0));
        const step = (point: SlicePoint): number[] =>
          at(point).map((value, i) => Math.round(value - (origin[i] as number)) + 0);
        expect(step(slicePoint(0, 0, 1))).toEqual(directions[plane].column);
        expect(step(slicePoint(0, 1, 0))).toEqual(directions[plane].row);
        expect(step(slicePoint(1, 0, 0))).toEqual(directions[plane].slice);
        const letters = displayLetters(grid);
        expect(letters.right).toBe(sideOf(directions[plane].column));
        expect(letters.bottom).toBe(sideOf(directions[plane].row));
        expect(letters.left).toBe(sideOf(directions[plane].column.map((part) => -part)));
        expect(letters.top).toBe(sideOf(directions[plane].row.map((part) => -part)));
      }
    }
  });

  it('puts each voxel where the world says, on all axis orders, tilted and anisotropic', () => {
    fc.assert(
      fc.property(scans, fc.double({ min: 0.2, max: 1, noNaN: true }), (spec, shrink) => {
        const scan = scanOf(spec.dims, affineOf(spec.axisOrder, spec.zooms, spec.tilt));
        // Pixels no larger than voxels: then linear interpolation gives a linear function exactly.
        const grid = gridOf(scan, {
          plane: spec.plane,
          pixelMm: Math.min(...scan.zooms) * shrink,
          height: 48,
          width: 32,
        });
        const values = voxelValues(scan.dims, (...voxel) => ramp(applyAffine(scan.affine, voxel)));
        const slices = volumeToSlices(grid, values, { background: -1e6 });
        let inside = 0;
        let wrong = 0;
        for (let k = 0, i = 0; k < grid.count; k += 1) {
          for (let row = 0; row < 48; row += 1) {
            for (let column = 0; column < 32; column += 1, i += 1) {
              const point = slicePoint(k, row, column);
              const voxel = sliceToVoxel(grid, point);
              const margin = Math.min(
                ...voxel.map((v, axis) => Math.min(v, (scan.dims[axis] as number) - 1 - v)),
              );
              const value = slices[i] as number;
              if (margin >= -1e-9) {
                inside += 1;
                wrong += Number(Math.abs(value - ramp(sliceToWorldMm(grid, point))) > 1e-3);
              } else if (margin < -0.5 - 1e-6) wrong += Number(value !== -1e6);
            }
          }
        }
        expect(wrong).toBe(0);
        expect(inside).toBeGreaterThan(0);
      }),
      { numRuns: 60, seed: 5 },
    );
  });

  it('is invertible: a mask that fits goes there and back unchanged, on all 48 axis orders, odd and even sizes', () => {
    for (const axisOrder of axisOrders) {
      for (const plane of planes) {
        for (const dims of [
          [7, 10, 5],
          [8, 9, 6],
        ] as const) {
          const scan = scanOf(dims, affineOf(axisOrder, [0.8, 1.3, 1.1]));
          const grid = gridOf(scan, { plane, pixelMm: 0.7, height: 32, width: 32 });
          const mask = Uint8Array.from(
            voxelValues(dims, (x, y, z) => ((x * 5 + y * 3 + z * 7) % 4 === 0 ? 1 : 0)),
          );
          const slices = volumeToSlices(grid, Float32Array.from(mask), { method: 'nearest' });
          expect(slicesToVolume(grid, Uint8Array.from(slices), 'nearest')).toEqual(mask);
        }
      }
    }
  });

  it('gives back a map as it was where pixels are voxels, and 0 where the slices did not reach', () => {
    fc.assert(
      fc.property(scans, (spec) => {
        const zooms: Triple = [1.25, 1.25, 1.25];
        const scan = scanOf(
          [spec.dims[0] + 14, spec.dims[1] + 14, spec.dims[2] + 14],
          affineOf(spec.axisOrder, zooms, spec.tilt),
        );
        const grid = gridOf(scan, { plane: spec.plane, pixelMm: 1.25, height: 16, width: 16 });
        const whole = {
          ...grid,
          centreVox: grid.centreVox.map((c) => Math.floor(c) + 0.5) as [number, number],
        };
        const values = voxelValues(scan.dims, (x, y, z) => 1 + x + 31 * y + 100 * z);
        const back = slicesToVolume(whole, volumeToSlices(whole, values), 'linear');
        let covered = 0;
        let wrong = 0;
        voxelValues(scan.dims, (x, y, z) => {
          const [, row, column] = voxelToSlice(whole, voxelPoint(x, y, z));
          const inside = row > -0.25 && row < 15.25 && column > -0.25 && column < 15.25;
          const at = x + scan.dims[0] * (y + scan.dims[1] * z);
          wrong += Number(Math.abs((back[at] as number) - (inside ? (values[at] as number) : 0)) > 1e-3);
          covered += Number(inside);
          return 0;
        });
        expect(wrong).toBe(0);
        const [column, row] = [0, 1].map((i) => Math.min(16, scan.dims[grid.axes[i as 0 | 1] as 0 | 1 | 2]));
        expect(covered).toBe((column as number) * (row as number) * grid.count);
      }),
      { numRuns: 60, seed: 6 },
    );
  });

  it('keeps a constant constant in both directions, shrinking or growing', () => {
    fc.assert(
      fc.property(scans, fc.double({ min: 0.3, max: 0.9, noNaN: true }), (spec, share) => {
        const scan = scanOf(spec.dims, affineOf(spec.axisOrder, spec.zooms, spec.tilt));
        // A share of the shortest side: from several pixels a voxel to several voxels a pixel.
        const pixelMm =
          share * Math.min(...scan.zooms.map((zoom, axis) => zoom * (scan.dims[axis] as number)));
        const grid = gridOf(scan, { plane: spec.plane, pixelMm, height: 32, width: 16 });
        const slices = volumeToSlices(
          grid,
          voxelValues(scan.dims, () => 3.5),
          { background: NaN },
        );
        expect(slices.every((value) => Number.isNaN(value) || Math.abs(value - 3.5) < 1e-5)).toBe(true);
        expect(slices.some((value) => value > 0)).toBe(true);
        const back = slicesToVolume(grid, new Float32Array(slices.length).fill(3.5), 'linear');
        expect(back.every((value) => value === 0 || Math.abs(value - 3.5) < 1e-5)).toBe(true);
        expect(back.some((value) => value > 0)).toBe(true);
      }),
      { numRuns: 80, seed: 7 },
    );
  });

  it('goes from the slices to the world and back', () => {
    fc.assert(
      fc.property(scans, triple(-20, 40), (spec, point) => {
        const scan = scanOf(spec.dims, affineOf(spec.axisOrder, spec.zooms, spec.tilt));
        const grid = gridOf(scan, { plane: spec.plane, pixelMm: 0.9, height: 32, width: 48 });
        const there = slicePoint(...point);
        const back = worldToSlice(grid, sliceToWorldMm(grid, there));
        back.forEach((value, i) => expect(value).toBeCloseTo(there[i] as number, 6));
      }),
      { numRuns: 100, seed: 8 },
    );
  });

  it('copies a stack of the network’s size pixel for pixel', () => {
    // As volumeFromNpy lays a stack out: columns to the left, rows to the back, slices upwards.
    const scan = scanOf([160, 160, 3], [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const values = Float32Array.from({ length: 3 * 160 * 160 }, (_, i) => Math.sin(i));
    const grid = chooseSliceGrid(scan, new Uint8Array(values.length));
    expect(grid).toMatchObject({
      axes: [0, 1, 2],
      flips: [false, false, false],
      count: 3,
      pixelMm: 1,
      plane: 'axial',
    });
    const same = (copy: Float32Array): boolean => copy.every((value, i) => value === values[i]);
    expect(same(volumeToSlices(grid, values))).toBe(true);
    expect(same(slicesToVolume(grid, values, 'linear'))).toBe(true);
  });

  it('averages when it shrinks, and does not alias', () => {
    const scan = scanOf([48, 48, 1], affineOf(axisOrders[0] as (typeof axisOrders)[0], [1, 1, 1]));
    const grid = gridOf(scan, { pixelMm: 3, height: 16, width: 16 });
    const board = volumeToSlices(
      grid,
      voxelValues(scan.dims, (x, y) => (x + y) % 2),
    );
    expect(Math.min(...board)).toBeGreaterThan(0.4);
    expect(Math.max(...board)).toBeLessThan(0.6);
  });

  it('shrinks as Pillow does', () => {
    // Pillow 13.0.0: Image.fromarray(a).resize((16, 16), BILINEAR) with a[y, x] = (7 x + 13 y + x y) % 17, 40 columns, 28 rows.
    const scan = scanOf([40, 28, 1], [-1.6, 0, 0, 0, 0, -16 / 7, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1]);
    const grid = gridOf(scan, { plane: 'axial', pixelMm: 4, height: 16, width: 16 });
    const slices = volumeToSlices(
      grid,
      voxelValues(scan.dims, (x, y) => (7 * x + 13 * y + x * y) % 17),
    );
    const pillow: readonly (readonly [number, number, number])[] = [
      [0, 0, 7.2316],
      [0, 15, 6.36364],
      [15, 0, 11.98268],
      [15, 15, 11.0],
      [3, 7, 7.49],
      [8, 4, 6.88833],
      [11, 13, 6.86333],
      [7, 9, 6.88667],
    ];
    for (const [row, column, value] of pillow) expect(slices[row * 16 + column]).toBeCloseTo(value, 4);
  });

  it('slices thick voxels across their long side, others axially', () => {
    const [straight] = axisOrders;
    if (!straight) throw new Error('no axis order');
    expect(gridOf(scanOf([9, 9, 9], affineOf(straight, [1, 1, 1])), {}).plane).toBe('axial');
    expect(gridOf(scanOf([9, 9, 9], affineOf(straight, [1, 1.4, 1])), {}).plane).toBe('axial');
    expect(gridOf(scanOf([9, 9, 9], affineOf(straight, [1, 3, 1])), {}).plane).toBe('coronal');
    expect(gridOf(scanOf([9, 9, 9], affineOf(straight, [4, 0.7, 0.7])), {}).plane).toBe('sagittal');
    expect(gridOf(scanOf([9, 9, 9], affineOf(straight, [4, 0.7, 0.7])), { plane: 'axial' }).plane).toBe(
      'axial',
    );
  });

  it('fits the brain to the slice, up to four pixels from its border, and centres it', () => {
    const scan = scanOf([90, 120, 40], affineOf({ order: [0, 1, 2], signs: [-1, 1, 1] }, [1, 1, 1.2]));
    const brain = voxelValues(scan.dims, (x, y, z) =>
      Number(x >= 11 && x <= 70 && y >= 25 && y <= 110 && z > 5),
    );
    const grid = chooseSliceGrid(scan, Uint8Array.from(brain), { height: 96, width: 96 });
    expect(grid.fit).toBe('brain');
    expect(grid.pixelMm).toBeCloseTo(86 / 88, 12);
    // Columns lead to the left as x does here; rows lead to the back, against y.
    expect(grid.centreVox).toEqual([(11 + 70) / 2, 119 - (25 + 110) / 2]);
    const slice = volumeToSlices(grid, brain, { method: 'nearest' }).subarray(20 * 96 * 96, 21 * 96 * 96);
    const rows = Array.from({ length: 96 }, (_, row) => slice.subarray(row * 96, (row + 1) * 96).includes(1));
    expect([rows.indexOf(true), rows.lastIndexOf(true)]).toEqual([4, 91]);
  });

  it('is plain data that its schema takes back, and refuses when it cannot be', () => {
    const grid = gridOf(scanOf([9, 8, 7], affineOf({ order: [2, 0, 1], signs: [1, -1, 1] }, [1, 2, 1])), {});
    expect(sliceGridSchema.parse(JSON.parse(JSON.stringify(grid)))).toEqual(grid);
    for (const fault of [
      { axes: [0, 0, 1] },
      { height: 150 },
      { sourceAffine: Array(16).fill(0) },
      { pixelMm: 0 },
      { version: 2 },
      { more: 1 },
    ]) {
      expect(sliceGridSchema.safeParse({ ...grid, ...fault }).success).toBe(false);
    }
  });

  it('refuses sizes that the network cannot take', () => {
    const scan = scanOf([9, 9, 9], affineOf({ order: [0, 1, 2], signs: [1, 1, 1] }, [1, 1, 1]));
    for (const options of [
      { height: 100 },
      { width: 0 },
      { height: 160.5 },
      { pixelMm: 0 },
      { pixelMm: NaN },
    ]) {
      expect(() => gridOf(scan, options)).toThrow(expect.objectContaining({ kind: 'settings-invalid' }));
    }
  });
});
