import { describe, expect, it } from 'vitest';
import { contourSegments } from '../../../renderer/viewer/contour';
import {
  copySlice,
  layoutOf,
  lettersOf,
  pixelToVoxel,
  planesOf,
  sliceAbove,
  slicePlanes,
  voxelIndex,
  voxelToPixel,
} from '../../../renderer/viewer/slicePlane';
import { paintHeat } from '../../../renderer/viewer/heatMap';
import { identityAffine } from '../../../shared/geometry/affine';
import { chooseSliceGrid, volumeToSlices, voxelToSlice } from '../../../shared/geometry/sliceGrid';
import { slicePoint, voxelPoint } from '../../../shared/geometry/points';
import type { Affine, Dims, Triple } from '../../../shared/volume/volume';

/** Grids of different storage orders and directions: "LAS", "PIR" with thick slices, oblique "RAS". */
const grids: readonly (readonly [string, { dims: Dims; zooms: Triple; affine: Affine }])[] = [
  [
    'LAS',
    { dims: [16, 32, 5], zooms: [1, 1, 1], affine: [-1, 0, 0, 8, 0, 1, 0, -9, 0, 0, 1, 3, 0, 0, 0, 1] },
  ],
  [
    'PIR, thick along z',
    { dims: [32, 16, 4], zooms: [1, 1, 4], affine: [0, 0, 4, 1, -1, 0, 0, 2, 0, -1, 0, 3, 0, 0, 0, 1] },
  ],
  [
    'oblique',
    {
      dims: [16, 16, 6],
      zooms: [1, 1, 1],
      affine: [0.96, -0.28, 0, 0, 0.28, 0.96, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    },
  ],
];

describe.each(grids)('slices of a %s grid', (_name, volume) => {
  const count = volume.dims[0] * volume.dims[1] * volume.dims[2];
  const mask = new Uint8Array(count);
  const layout = layoutOf(chooseSliceGrid(volume, mask));
  const values = Float32Array.from({ length: count }, (_, i) => i);

  it('are above a threshold where their values are', () => {
    const slice = copySlice(values, layout, 1, new Float32Array(layout.rows * layout.columns));
    const middle = slice.slice().sort()[slice.length >> 1] as number;
    const above = sliceAbove(values, layout, 1, middle);
    expect([...above]).toEqual([...slice].map((value) => Number(value > middle)));
    expect(above).toContain(1);
    expect(above).toContain(0);
  });

  it('are those of the slice grid, pixel for pixel', () => {
    const grid = chooseSliceGrid(volume, mask, {
      plane: layout.plane,
      height: layout.rows,
      width: layout.columns,
      pixelMm: layout.columnMm,
    });
    expect(grid.count).toBe(layout.count);
    const stack = volumeToSlices(grid, values, { method: 'nearest' });
    const size = layout.rows * layout.columns;
    for (let k = 0; k < layout.count; k += 1) {
      const slice = copySlice(values, layout, k, new Float32Array(size));
      expect(slice).toEqual(stack.slice(k * size, (k + 1) * size));
    }
  });

  it('know the voxel of each pixel and back', () => {
    for (const point of [slicePoint(0, 0, 0), slicePoint(2, 3, 7), slicePoint(layout.count - 1, 5, 1)]) {
      const voxel = pixelToVoxel(layout, point);
      expect(voxelToPixel(layout, voxel)).toEqual(point);
      const index = voxelIndex(volume.dims, voxel) as number;
      const slice = copySlice(values, layout, point[0], new Float32Array(layout.rows * layout.columns));
      expect(slice[point[1] * layout.columns + point[2]]).toBe(index);
    }
  });

  it('have the numbers of the slice grid', () => {
    const grid = chooseSliceGrid(volume, mask, { height: 16, width: 16 });
    const voxel = voxelPoint(3, 4, 2);
    expect(voxelToPixel(layout, voxel)[0]).toBe(voxelToSlice(grid, voxel)[0]);
  });
});

describe('voxelIndex', () => {
  it('is null outside the grid', () => {
    expect(voxelIndex([2, 2, 2], voxelPoint(-0.6, 0, 0))).toBeNull();
    expect(voxelIndex([2, 2, 2], voxelPoint(0, 0, 1.6))).toBeNull();
    expect(voxelIndex([2, 2, 2], voxelPoint(1.4, 1, 1))).toBe(7);
  });
});

describe('contourSegments', () => {
  it('goes around a pixel, also in the corner of the picture', () => {
    const segments = contourSegments(Uint8Array.from([1, 0, 0, 0]), 2, 2);
    expect(pairs(segments)).toEqual(['0 0 0 1', '0 0 1 0', '0 1 1 1', '1 0 1 1']);
  });

  it('makes one segment of a straight stretch and leaves inner edges out', () => {
    const segments = contourSegments(Uint8Array.from([0, 0, 0, 1, 1, 1, 0, 0, 0]), 3, 3);
    expect(pairs(segments)).toEqual(['0 1 0 2', '0 1 3 1', '0 2 3 2', '3 1 3 2']);
  });

  it('draws nothing for an empty mask and a frame for a full one', () => {
    expect(contourSegments(new Uint8Array(6), 3, 2)).toEqual([]);
    expect(pairs(contourSegments(new Uint8Array(6).fill(1), 3, 2))).toEqual([
      '0 0 0 2',
      '0 0 3 0',
      '0 2 3 2',
      '3 0 3 2',
    ]);
  });
});

function pairs(segments: readonly number[]): string[] {
  return Array.from({ length: segments.length / 4 }, (_, i) =>
    segments.slice(4 * i, 4 * i + 4).join(' '),
  ).sort();
}

describe('the two conventions', () => {
  const volume = { dims: [6, 5, 4] as Dims, zooms: [1, 1, 1] as Triple, affine: identityAffine };

  it('have the patient on opposite sides of axial and coronal pictures, and their letters with them', () => {
    const radiological = planesOf(volume, 'radiological');
    const neurological = planesOf(volume, 'neurological');
    for (const plane of ['axial', 'coronal'] as const) {
      // The affine is RAS+: a higher x is further to the patient's right. The left border of the picture:
      expect(pixelToVoxel(radiological[plane], slicePoint(0, 0, 0))[0]).toBe(5);
      expect(lettersOf(plane, 'radiological')).toMatchObject({ left: 'R', right: 'L' });
      expect(pixelToVoxel(neurological[plane], slicePoint(0, 0, 0))[0]).toBe(0);
      expect(lettersOf(plane, 'neurological')).toMatchObject({ left: 'L', right: 'R' });
    }
    expect(neurological.sagittal).toEqual(radiological.sagittal);
    expect(lettersOf('sagittal', 'neurological')).toEqual(lettersOf('sagittal', 'radiological'));
  });

  it('number the slices alike', () => {
    for (const plane of slicePlanes) {
      const voxel = voxelPoint(1, 2, 3);
      const [a] = voxelToPixel(planesOf(volume, 'radiological')[plane], voxel);
      const [b] = voxelToPixel(planesOf(volume, 'neurological')[plane], voxel);
      expect(a).toBe(b);
    }
  });
});

describe('the heat map', () => {
  it('runs over inferno, leaves what was not judged clear, and clips at its ends', () => {
    const out = new Uint8ClampedArray(16);
    paintHeat(Float32Array.of(0, 0.2, 0.6, 5), 0.2, 0.6, out);
    expect([...out.slice(3, 4)]).toEqual([0]);
    // Matplotlib's inferno from its first to its last colour.
    expect([...out.slice(4, 8)]).toEqual([0, 0, 4, 255]);
    expect([...out.slice(8, 12)]).toEqual([252, 255, 164, 255]);
    expect([...out.slice(12)]).toEqual([252, 255, 164, 255]);
  });
});
