import type { Affine, Dims } from '../volume/volume';
import { invertAffine, multiplyAffines } from './affine';
import type { Interpolation } from './linearResampling';

/** Where voxels lie: all that resampling needs of a volume. */
export interface VoxelGrid {
  readonly dims: Dims;
  readonly affine: Affine;
}

/**
 * Values on one grid taken at the voxel centres of another, through the world: for masks and maps that were made on
 * another grid of the same head. 'nearest' keeps labels; 'linear' blends the eight voxels around. Centres outside the
 * source (beyond the outer faces of its voxels) get `outside`; between the last centres and those faces the border's
 * value goes on. Not anti-aliased: a map with much finer voxels has to be smoothed first.
 *
 * @param values on the source grid, x fastest; not changed.
 * @returns a new array on the target grid.
 */
export function resampleVolume(
  values: Float32Array | Uint8Array,
  source: VoxelGrid,
  target: VoxelGrid,
  method: Interpolation,
  outside = 0,
): Float32Array {
  const [nx, ny, nz] = source.dims;
  if (values.length !== nx * ny * nz) throw new Error('the values are not on the source grid');
  const m = multiplyAffines(invertAffine(source.affine), target.affine) as readonly number[];
  const [a, b, c, d, e, f, g, h, i, j, k, l] = m as unknown as Row12;
  const sample = method === 'nearest' ? nearestSample : linearSample;
  const [tx, ty, tz] = target.dims;
  const out = new Float32Array(tx * ty * tz);
  let at = 0;
  for (let z = 0; z < tz; z += 1) {
    for (let y = 0; y < ty; y += 1) {
      for (let x = 0; x < tx; x += 1, at += 1) {
        out[at] = sample(
          values,
          source.dims,
          a * x + b * y + c * z + d,
          e * x + f * y + g * z + h,
          i * x + j * y + k * z + l,
          outside,
        );
      }
    }
  }
  return out;
}

type Row12 = readonly [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Rounding of headers must not push the border's voxels out of a grid that they lie on. */
const slack = 1e-4;

function isOutside(dims: Dims, x: number, y: number, z: number): boolean {
  const [low, high] = [-0.5 - slack, -0.5 + slack];
  return x < low || y < low || z < low || x > dims[0] + high || y > dims[1] + high || z > dims[2] + high;
}

function nearestSample(
  values: Float32Array | Uint8Array,
  dims: Dims,
  x: number,
  y: number,
  z: number,
  outside: number,
): number {
  if (isOutside(dims, x, y, z)) return outside;
  const index = (position: number, size: number): number =>
    Math.max(0, Math.min(size - 1, Math.floor(position + 0.5)));
  const [nx, ny] = dims;
  return values[index(x, nx) + nx * (index(y, ny) + ny * index(z, dims[2]))] as number;
}

function linearSample(
  values: Float32Array | Uint8Array,
  dims: Dims,
  x: number,
  y: number,
  z: number,
  outside: number,
): number {
  if (isOutside(dims, x, y, z)) return outside;
  const [nx, ny, nz] = dims;
  const [px, py, pz] = [clamp(x, nx - 1), clamp(y, ny - 1), clamp(z, nz - 1)];
  const [x0, y0, z0] = [Math.floor(px), Math.floor(py), Math.floor(pz)];
  const [u, v, w] = [px - x0, py - y0, pz - z0];
  const dx = x0 + 1 < nx ? 1 : 0;
  const dy = y0 + 1 < ny ? nx : 0;
  const dz = z0 + 1 < nz ? nx * ny : 0;
  const base = x0 + nx * (y0 + ny * z0);
  const row = (start: number): number =>
    (values[start] as number) * (1 - u) + (values[start + dx] as number) * u;
  const plane = (start: number): number => row(start) * (1 - v) + row(start + dy) * v;
  return plane(base) * (1 - w) + plane(base + dz) * w;
}

function clamp(position: number, last: number): number {
  return position < 0 ? 0 : position > last ? last : position;
}
