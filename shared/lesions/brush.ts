import type { VoxelPoint } from '../geometry/points';
import type { Dims, Triple } from '../volume/volume';

type Axis = 0 | 1 | 2;

export interface Brush {
  readonly radiusMm: number;
  /** A disc in one slice, or a ball through several. */
  readonly shape: 'disc' | 'ball';
  /** Voxel axis across the slice that is painted on. */
  readonly across: Axis;
  /** 1 paints, 0 erases. */
  readonly value: 0 | 1;
}

/** A mask and the grid that it lies on. */
export interface MaskGrid {
  readonly mask: Uint8Array;
  readonly dims: Dims;
  readonly zooms: Triple;
}

/**
 * Paints, in place, every voxel whose centre is within the brush's radius (in mm) of the line between two points, and the
 * voxel under the second point in any case. A voxel that the brush may not touch, or that has its value already, is left.
 *
 * @param from, to whole numbers are voxel centres; equal for a dab.
 * @param allowed says of a voxel's index whether it may be touched; null for all.
 * @param flipped the indices of the voxels that changed are added to it.
 */
export function paintLine(
  { mask, dims, zooms }: MaskGrid,
  from: VoxelPoint,
  to: VoxelPoint,
  brush: Brush,
  allowed: ((index: number) => boolean) | null,
  flipped: number[],
): void {
  const { radiusMm, shape, across, value } = brush;
  const set = (index: number): void => {
    if (mask[index] === value || (allowed && !allowed(index))) return;
    mask[index] = value;
    flipped.push(index);
  };
  const bounds = ([0, 1, 2] as const).map((axis): readonly [number, number] => {
    const flat = shape === 'disc' && axis === across;
    const reach = flat ? 0 : radiusMm / zooms[axis];
    const low = flat ? to[axis] : Math.min(from[axis], to[axis]) - reach;
    const high = flat ? to[axis] : Math.max(from[axis], to[axis]) + reach;
    const round = flat ? Math.round : Math.ceil;
    return [Math.max(0, round(low)), Math.min(dims[axis] - 1, flat ? Math.round(high) : Math.floor(high))];
  }) as [readonly [number, number], readonly [number, number], readonly [number, number]];

  const inMm = (point: Triple): [number, number, number] => {
    const mm = point.map((position, axis) => position * (zooms[axis] as number)) as [number, number, number];
    if (shape === 'disc') mm[across] = 0;
    return mm;
  };
  const [a, b] = [inMm(from), inMm(to)];
  const limit = radiusMm * radiusMm + 1e-9;
  for (let z = bounds[2][0]; z <= bounds[2][1]; z += 1) {
    for (let y = bounds[1][0]; y <= bounds[1][1]; y += 1) {
      for (let x = bounds[0][0]; x <= bounds[0][1]; x += 1) {
        if (squaredDistance(inMm([x, y, z]), a, b) <= limit) set(x + dims[0] * (y + dims[1] * z));
      }
    }
  }
  const [x, y, z] = to.map((position) => Math.round(position)) as [number, number, number];
  const inside = x >= 0 && y >= 0 && z >= 0 && x < dims[0] && y < dims[1] && z < dims[2];
  if (inside) set(x + dims[0] * (y + dims[1] * z));
}

/** Of a point from the line between a and b. */
function squaredDistance(point: Triple, a: Triple, b: Triple): number {
  let along = 0;
  let length = 0;
  for (const axis of [0, 1, 2] as const) {
    along += (point[axis] - a[axis]) * (b[axis] - a[axis]);
    length += (b[axis] - a[axis]) ** 2;
  }
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, along / length));
  let squared = 0;
  for (const axis of [0, 1, 2] as const) squared += (point[axis] - a[axis] - t * (b[axis] - a[axis])) ** 2;
  return squared;
}
