import type { Dims } from '../volume/volume';

/**
 * The mask (0 and 1) without voxels within `steps` face neighbours of the outside; the grid's border counts as inside, so
 * that a brain cut by the field of view keeps its cut face. A new array.
 */
export function erode(mask: Uint8Array, dims: Dims, steps = 1): Uint8Array {
  return repeat(mask, dims, steps, ({ read, write }, from, count, shift) => {
    const end = from + count;
    for (let p = from; p < end; p += 1) write[p] = (write[p] as number) & (read[p + shift] as number);
  });
}

/**
 * How deep each voxel of the mask lies: 0 outside, else 1 more than the steps of {@link erode} that leave it, up to `most`
 * + 1. So what is deeper than n is the mask eroded by n steps. A new array. It is the distance to the outside by face
 * neighbours, which two passes find (Rosenfeld & Pfaltz 1966), however deep.
 * @param most below 255
 */
export function depths(mask: Uint8Array, dims: Dims, most: number): Uint8Array {
  const [nx, ny, nz] = dims;
  const depth = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i += 1) if (mask[i] !== 0) depth[i] = most + 1;
  // Forwards each voxel looks at those before it along the three axes, backwards at those behind it.
  for (const way of [1, -1] as const) {
    const [firstY, firstZ] = way === 1 ? [0, 0] : [ny - 1, nz - 1];
    for (let z = firstZ; z >= 0 && z < nz; z += way) {
      for (let y = firstY; y >= 0 && y < ny; y += way) {
        const row = (z * ny + y) * nx;
        const [first, end] = way === 1 ? [row, row + nx] : [row + nx - 1, row - 1];
        // A neighbour beyond the grid counts as the voxel itself, which shortens nothing.
        const [besideY, besideZ] = [y === firstY ? 0 : way * nx, z === firstZ ? 0 : way * nx * ny];
        let before = most;
        for (let p = first; p !== end; p += way) {
          let least = depth[p] as number;
          if (least !== 0) {
            least = Math.min(
              least,
              before + 1,
              (depth[p - besideY] as number) + 1,
              (depth[p - besideZ] as number) + 1,
            );
            depth[p] = least;
          }
          before = least;
        }
      }
    }
  }
  return depth;
}

/** How many voxels of the mask (0 and 1) are set. */
export function countSet(mask: Uint8Array): number {
  let count = 0;
  for (let i = 0; i < mask.length; i += 1) count += mask[i] as number;
  return count;
}

/** The mask (0 and 1) with all voxels within `steps` face neighbours of it. A new array. */
export function dilate(mask: Uint8Array, dims: Dims, steps = 1): Uint8Array {
  return repeat(mask, dims, steps, ({ read, write }, from, count, shift) => {
    const end = from + count;
    for (let p = from; p < end; p += 1) write[p] = (write[p] as number) | (read[p + shift] as number);
  });
}

/** Dilation and then erosion by the same number of steps: gaps narrower than about twice that close. */
export function close(mask: Uint8Array, dims: Dims, steps = 1): Uint8Array {
  return erode(dilate(mask, dims, steps), dims, steps);
}

interface Buffers {
  readonly read: Uint8Array;
  readonly write: Uint8Array;
}

/** Applies `visit` to each row and each of its neighbour shifts that stays inside the grid. */
function repeat(
  mask: Uint8Array,
  dims: Dims,
  steps: number,
  visit: (buffers: Buffers, from: number, count: number, shift: number) => void,
): Uint8Array {
  const [nx, ny, nz] = dims;
  if (mask.length !== nx * ny * nz) throw new Error('the mask does not fill the grid');
  let read = new Uint8Array(mask.length);
  for (let i = 0; i < mask.length; i += 1) read[i] = mask[i] === 0 ? 0 : 1;
  for (let step = 0; step < steps; step += 1) {
    const buffers = { read, write: read.slice() };
    for (let z = 0; z < nz; z += 1) {
      for (let y = 0; y < ny; y += 1) {
        const row = (z * ny + y) * nx;
        visit(buffers, row + 1, nx - 1, -1);
        visit(buffers, row, nx - 1, 1);
        if (y > 0) visit(buffers, row, nx, -nx);
        if (y < ny - 1) visit(buffers, row, nx, nx);
        if (z > 0) visit(buffers, row, nx, -nx * ny);
        if (z < nz - 1) visit(buffers, row, nx, nx * ny);
      }
    }
    read = buffers.write;
  }
  return read;
}
