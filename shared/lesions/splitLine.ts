import type { VoxelPoint } from '../geometry/points';
import type { Dims } from '../volume/volume';
import { labelComponents } from './components';
import { componentAt } from './regions';

type Axis = 0 | 1 | 2;

/**
 * The voxels that a cut along a line takes out of a mask, so that the lesions under the line fall apart. The line is drawn
 * on one slice and cuts through all slices of the lesion that it crosses there. Empty where no lesion falls apart: the line
 * does not go from one edge of it to the other.
 *
 * @param across voxel axis across the slice that the line is drawn on.
 */
export function splitAlong(
  mask: Uint8Array,
  dims: Dims,
  from: VoxelPoint,
  to: VoxelPoint,
  across: Axis,
): number[] {
  const [u, v] = ([0, 1, 2] as const).filter((axis) => axis !== across) as [Axis, Axis];
  const strides = [1, dims[0], dims[0] * dims[1]] as const;
  const slice = Math.round(to[across]);
  const inSlice = (index: number): number =>
    (Math.floor(index / strides[u]) % dims[u]) + dims[u] * (Math.floor(index / strides[v]) % dims[v]);
  const wall = new Set<number>();
  const cut: number[] = [];
  const looked = new Set<number>();
  const line = steps([from[u], from[v]], [to[u], to[v]]).filter(
    ([a, b]) => a >= 0 && b >= 0 && a < dims[u] && b < dims[v],
  );
  line.forEach(([a, b]) => wall.add(a + dims[u] * b));
  for (const [a, b] of line) {
    const start: [number, number, number] = [0, 0, 0];
    start[across] = slice;
    start[u] = a;
    start[v] = b;
    const index = start[0] + dims[0] * (start[1] + dims[1] * start[2]);
    if (looked.has(index)) continue;
    const lesion = componentAt(mask, dims, start as unknown as VoxelPoint);
    lesion.forEach((voxel) => looked.add(voxel));
    const taken = lesion.filter((voxel) => wall.has(inSlice(voxel)));
    if (taken.length > 0 && fallsApart(lesion, new Set(taken), dims)) cut.push(...taken);
  }
  return cut;
}

/** Whether a lesion is in more than one piece without some of its voxels. */
function fallsApart(lesion: readonly number[], without: ReadonlySet<number>, [nx, ny]: Dims): boolean {
  const rest = lesion.filter((voxel) => !without.has(voxel));
  if (rest.length === 0) return false;
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-1, -1, -1];
  const placeOf = (voxel: number): [number, number, number] => [
    voxel % nx,
    Math.floor(voxel / nx) % ny,
    Math.floor(voxel / (nx * ny)),
  ];
  for (const voxel of rest) {
    placeOf(voxel).forEach((position, axis) => {
      low[axis] = Math.min(low[axis] as number, position);
      high[axis] = Math.max(high[axis] as number, position);
    });
  }
  const box: Dims = [high[0] - low[0] + 1, high[1] - low[1] + 1, high[2] - low[2] + 1];
  const inBox = new Uint8Array(box[0] * box[1] * box[2]);
  for (const voxel of rest) {
    const [x, y, z] = placeOf(voxel);
    inBox[x - low[0] + box[0] * (y - low[1] + box[1] * (z - low[2]))] = 1;
  }
  return labelComponents(inBox, box, 26).count > 1;
}

/**
 * Whole positions from one point to another, each a step along one axis from the one before: a wall of them lets nothing
 * through, not even over a corner.
 */
function steps(from: readonly [number, number], to: readonly [number, number]): [number, number][] {
  let [a, b] = [Math.round(from[0]), Math.round(from[1])];
  const [toA, toB] = [Math.round(to[0]), Math.round(to[1])];
  const [wayA, wayB] = [Math.abs(toA - a), Math.abs(toB - b)];
  const [signA, signB] = [Math.sign(toA - a), Math.sign(toB - b)];
  const path: [number, number][] = [[a, b]];
  for (let doneA = 0, doneB = 0; doneA < wayA || doneB < wayB;) {
    // Along the axis whose next crossing comes first.
    if ((doneA + 0.5) * wayB < (doneB + 0.5) * wayA || doneB === wayB) {
      a += signA;
      doneA += 1;
    } else {
      b += signB;
      doneB += 1;
    }
    path.push([a, b]);
  }
  return path;
}
