import type { VoxelPoint } from '../geometry/points';
import type { Dims } from '../volume/volume';

type Axis = 0 | 1 | 2;

/** Index of a voxel; null outside the grid. */
function indexOf(dims: Dims, point: VoxelPoint): number | null {
  const [x, y, z] = point.map((position) => Math.round(position)) as [number, number, number];
  const inside = x >= 0 && y >= 0 && z >= 0 && x < dims[0] && y < dims[1] && z < dims[2];
  return inside ? x + dims[0] * (y + dims[1] * z) : null;
}

/** The voxels of the mask's component that holds a voxel (neighbours share a face, an edge or a corner). */
export function componentAt(mask: Uint8Array, dims: Dims, point: VoxelPoint): number[] {
  const start = indexOf(dims, point);
  if (start === null || mask[start] === 0) return [];
  const [nx, ny, nz] = dims;
  const seen = new Set([start]);
  const found = [start];
  for (let next = 0; next < found.length; next += 1) {
    const index = found[next] as number;
    const x = index % nx;
    const y = Math.floor(index / nx) % ny;
    const z = Math.floor(index / (nx * ny));
    for (let dz = z > 0 ? -1 : 0; dz <= (z < nz - 1 ? 1 : 0); dz += 1) {
      for (let dy = y > 0 ? -1 : 0; dy <= (y < ny - 1 ? 1 : 0); dy += 1) {
        for (let dx = x > 0 ? -1 : 0; dx <= (x < nx - 1 ? 1 : 0); dx += 1) {
          const neighbour = index + dx + nx * (dy + ny * dz);
          if (mask[neighbour] === 0 || seen.has(neighbour)) continue;
          seen.add(neighbour);
          found.push(neighbour);
        }
      }
    }
  }
  return found;
}

/**
 * The voxels that the mask encloses around a voxel within its slice: what a click inside an outline fills. Empty where the
 * voxel is in the mask, or where a path of face neighbours leads from it to the border of the slice.
 *
 * @param across voxel axis across the slice.
 */
export function enclosedAt(mask: Uint8Array, dims: Dims, point: VoxelPoint, across: Axis): number[] {
  const start = indexOf(dims, point);
  if (start === null || mask[start] !== 0) return [];
  const strides = [1, dims[0], dims[0] * dims[1]] as const;
  const inPlane = ([0, 1, 2] as const).filter((axis) => axis !== across);
  const seen = new Set([start]);
  const found = [start];
  for (let next = 0; next < found.length; next += 1) {
    const index = found[next] as number;
    for (const axis of inPlane) {
      const position = Math.floor(index / strides[axis]) % dims[axis];
      if (position === 0 || position === dims[axis] - 1) return [];
      for (const neighbour of [index - strides[axis], index + strides[axis]]) {
        if (mask[neighbour] !== 0 || seen.has(neighbour)) continue;
        seen.add(neighbour);
        found.push(neighbour);
      }
    }
  }
  return found;
}

/** The voxels in which one slice of a mask differs from another slice of it: what a copy between them flips. */
export function sliceCopy(mask: Uint8Array, dims: Dims, across: Axis, from: number, to: number): number[] {
  if (from < 0 || to < 0 || from >= dims[across] || to >= dims[across]) return [];
  const strides = [1, dims[0], dims[0] * dims[1]] as const;
  const [u, v] = ([0, 1, 2] as const).filter((axis) => axis !== across) as [Axis, Axis];
  const flipped: number[] = [];
  for (let j = 0; j < dims[v]; j += 1) {
    for (let i = 0; i < dims[u]; i += 1) {
      const inSlice = i * strides[u] + j * strides[v];
      const index = inSlice + to * strides[across];
      if (mask[index] !== mask[inSlice + from * strides[across]]) flipped.push(index);
    }
  }
  return flipped;
}
