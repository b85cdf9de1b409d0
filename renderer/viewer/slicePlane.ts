import {
  displayLetters,
  planeOrientation,
  type DisplayLetters,
  type SliceGrid,
  type SlicePlane,
} from '../../shared/geometry/sliceGrid';
import { slicePoint, voxelPoint, type SlicePoint, type VoxelPoint } from '../../shared/geometry/points';
import type { Affine, Dims, Triple } from '../../shared/volume/volume';

export const slicePlanes: readonly SlicePlane[] = ['axial', 'coronal', 'sagittal'];

/**
 * Which side of the patient is on the left of a picture: the right side, as seen from the feet (radiological), or the left
 * side, as seen from above (neurological).
 */
export type Convention = 'radiological' | 'neurological';

/**
 * How a volume's own voxels are laid out as slices on the screen: the slice grid's plane, axes and directions, with the
 * source's pixels instead of the network's. Slice k here is slice k of the slice grid.
 */
export interface SliceLayout {
  readonly plane: SlicePlane;
  readonly dims: Dims;
  readonly columns: number;
  readonly rows: number;
  readonly count: number;
  /** Size of a pixel along a row (columnMm) and down a column (rowMm). */
  readonly columnMm: number;
  readonly rowMm: number;
  /** Source axis along columns, rows and slices, and whether it runs against them. */
  readonly axes: Triple;
  readonly flips: readonly [boolean, boolean, boolean];
}

/** The layout that belongs to a slice grid. */
export function layoutOf(
  grid: Pick<SliceGrid, 'plane' | 'axes' | 'flips' | 'sourceDims' | 'sourceZooms'>,
): SliceLayout {
  const [column, row, slice] = grid.axes as readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2];
  return {
    plane: grid.plane,
    dims: grid.sourceDims,
    columns: grid.sourceDims[column],
    rows: grid.sourceDims[row],
    count: grid.sourceDims[slice],
    columnMm: grid.sourceZooms[column],
    rowMm: grid.sourceZooms[row],
    axes: grid.axes,
    flips: grid.flips,
  };
}

/** A volume in each of the three planes. Sagittal slices look the same in both conventions. */
export function planesOf(
  volume: { readonly dims: Dims; readonly affine: Affine; readonly zooms: Triple },
  convention: Convention,
): Readonly<Record<SlicePlane, SliceLayout>> {
  const of = (plane: SlicePlane): SliceLayout => {
    const layout = layoutOf(planeOrientation(volume, plane));
    if (convention === 'radiological' || plane === 'sagittal') return layout;
    return { ...layout, flips: [!layout.flips[0], layout.flips[1], layout.flips[2]] };
  };
  return { axial: of('axial'), coronal: of('coronal'), sagittal: of('sagittal') };
}

/** The letters at the borders of a slice. */
export function lettersOf(plane: SlicePlane, convention: Convention): DisplayLetters {
  const letters = displayLetters({ plane });
  if (convention === 'radiological' || plane === 'sagittal') return letters;
  return { ...letters, left: letters.right, right: letters.left };
}

/** Copies slice k of an array on the source grid (x fastest) into `out` (columns fastest, rows x columns items). */
export function copySlice<T extends Int16Array | Uint8Array | Float32Array>(
  source: T,
  layout: SliceLayout,
  k: number,
  out: T,
): T {
  const { strides, base } = stepsOf(layout);
  const [columnStep, rowStep, sliceStep] = strides;
  let write = 0;
  for (let row = 0; row < layout.rows; row += 1) {
    let read = base + k * sliceStep + row * rowStep;
    for (let column = 0; column < layout.columns; column += 1, read += columnStep, write += 1) {
      out[write] = source[read] as number;
    }
  }
  return out;
}

/** Slice k of an array on the source grid as a mask: 1 where a value is above the threshold. Laid out as {@link copySlice}. */
export function sliceAbove(
  source: Float32Array,
  layout: SliceLayout,
  k: number,
  threshold: number,
): Uint8Array<ArrayBuffer> {
  const { strides, base } = stepsOf(layout);
  const [columnStep, rowStep, sliceStep] = strides;
  const out = new Uint8Array(layout.columns * layout.rows);
  let write = 0;
  for (let row = 0; row < layout.rows; row += 1) {
    let read = base + k * sliceStep + row * rowStep;
    for (let column = 0; column < layout.columns; column += 1, read += columnStep, write += 1) {
      if ((source[read] as number) > threshold) out[write] = 1;
    }
  }
  return out;
}

/** The source voxel of a pixel; whole numbers are centres. */
export function pixelToVoxel(layout: SliceLayout, point: SlicePoint): VoxelPoint {
  const [slice, row, column] = point;
  const voxel: [number, number, number] = [0, 0, 0];
  [column, row, slice].forEach((position, direction) => {
    const axis = layout.axes[direction] as 0 | 1 | 2;
    voxel[axis] = layout.flips[direction] ? layout.dims[axis] - 1 - position : position;
  });
  return voxelPoint(...voxel);
}

/** The inverse of {@link pixelToVoxel}. */
export function voxelToPixel(layout: SliceLayout, voxel: VoxelPoint): SlicePoint {
  const [column, row, slice] = [0, 1, 2].map((direction) => {
    const axis = layout.axes[direction] as 0 | 1 | 2;
    return layout.flips[direction] ? layout.dims[axis] - 1 - voxel[axis] : voxel[axis];
  }) as [number, number, number];
  return slicePoint(slice, row, column);
}

/** Index of a voxel in an array on the source grid; null outside it. */
export function voxelIndex(dims: Dims, voxel: VoxelPoint): number | null {
  const [x, y, z] = voxel.map((value) => Math.round(value)) as [number, number, number];
  const inside = x >= 0 && y >= 0 && z >= 0 && x < dims[0] && y < dims[1] && z < dims[2];
  return inside ? x + dims[0] * (y + dims[1] * z) : null;
}

function stepsOf(layout: SliceLayout): { strides: Triple; base: number } {
  const sourceStrides = [1, layout.dims[0], layout.dims[0] * layout.dims[1]] as const;
  let base = 0;
  const strides = [0, 1, 2].map((direction) => {
    const axis = layout.axes[direction] as 0 | 1 | 2;
    if (!layout.flips[direction]) return sourceStrides[axis];
    base += sourceStrides[axis] * (layout.dims[axis] - 1);
    return -sourceStrides[axis];
  }) as unknown as Triple;
  return { strides, base };
}
