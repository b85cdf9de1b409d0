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
  const depth = mask.map((value) => (value === 0 ? 0 : most + 1));
  const strides = [1, nx, nx * ny] as const;
  const visit = (p: number, x: number, y: number, z: number, way: 1 | -1): void => {
    let least = depth[p] as number;
    if (least === 0) return;
    const [atX, atY, atZ] = way === 1 ? [x > 0, y > 0, z > 0] : [x < nx - 1, y < ny - 1, z < nz - 1];
    if (atX) least = Math.min(least, (depth[p - way * strides[0]] as number) + 1);
    if (atY) least = Math.min(least, (depth[p - way * strides[1]] as number) + 1);
    if (atZ) least = Math.min(least, (depth[p - way * strides[2]] as number) + 1);
    depth[p] = least;
  };
  for (let z = 0, p = 0; z < nz; z += 1)
    for (let y = 0; y < ny; y += 1) for (let x = 0; x < nx; x += 1, p += 1) visit(p, x, y, z, 1);
  for (let z = nz - 1, p = depth.length - 1; z >= 0; z -= 1)
    for (let y = ny - 1; y >= 0; y -= 1) for (let x = nx - 1; x >= 0; x -= 1, p -= 1) visit(p, x, y, z, -1);
  return depth;
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
