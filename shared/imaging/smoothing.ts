import type { Dims, Triple } from '../volume/volume';

/**
 * Gaussian smoothing inside a mask: values and mask are smoothed alike and divided, so that the background does not leak
 * in (normalised convolution, Knutsson and Westin 1993). Outside the mask the result is 0. The kernel reaches 4 sigma, as
 * scipy's gaussian_filter; an axis along which sigma is below a fifth of a voxel is left as it is.
 *
 * @param sigmaMm the same in mm along each axis, whatever the voxels' sides.
 */
export function smoothInMask(
  values: Float32Array,
  mask: Uint8Array,
  dims: Dims,
  zooms: Triple,
  sigmaMm: number,
): Float32Array {
  if (values.length !== mask.length || values.length !== dims[0] * dims[1] * dims[2]) {
    throw new Error('values and mask do not fill the grid');
  }
  const smoothed = new Float32Array(values.length);
  const weight = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    if (mask[i] === 0) continue;
    smoothed[i] = values[i] as number;
    weight[i] = 1;
  }
  for (const axis of [0, 1, 2] as const) {
    const kernel = halfKernel(sigmaMm / zooms[axis]);
    if (kernel.length < 2 || dims[axis] < 2) continue;
    convolve(smoothed, dims, axis, kernel);
    convolve(weight, dims, axis, kernel);
  }
  for (let i = 0; i < values.length; i += 1) {
    smoothed[i] = mask[i] === 0 ? 0 : (smoothed[i] as number) / (weight[i] as number);
  }
  return smoothed;
}

/** Weights at distance 0, 1, 2 ... of a Gaussian that sums to 1. */
function halfKernel(sigma: number): Float64Array {
  if (!(sigma > 0.2)) return Float64Array.of(1);
  const radius = Math.ceil(4 * sigma);
  const half = Float64Array.from({ length: radius + 1 }, (_, i) => Math.exp(-0.5 * (i / sigma) ** 2));
  const sum = half.reduce((total, weight) => total + weight, 0) * 2 - (half[0] as number);
  return half.map((weight) => weight / sum);
}

/** In place; what lies beyond the grid counts as 0. */
function convolve(values: Float32Array, dims: Dims, axis: 0 | 1 | 2, half: Float64Array): void {
  const [nx, ny, nz] = dims;
  if (axis === 0) {
    const line = new Float32Array(nx + 2 * (half.length - 1));
    for (let start = 0; start < values.length; start += nx) convolveLine(values, start, nx, half, line);
    return;
  }
  // Along y and z whole rows along x are moved at once, so that memory is read in order.
  const [size, step] = axis === 1 ? [ny, nx] : [nz, nx * ny];
  const [lines, lineStep] = axis === 1 ? [nz, nx * ny] : [ny, nx];
  const sums = new Float32Array(size * nx);
  for (let line = 0; line < lines; line += 1) {
    sums.fill(0);
    let empty = true;
    for (let k = 0; k < size; k += 1) {
      const from = line * lineStep + k * step;
      const first = firstSet(values, from, nx);
      if (first === nx) continue;
      empty = false;
      const last = Math.min(size - 1, k + half.length - 1);
      for (let target = Math.max(0, k - half.length + 1); target <= last; target += 1) {
        const weight = half[Math.abs(target - k)] as number;
        const to = target * nx;
        for (let x = first; x < nx; x += 1) {
          sums[to + x] = (sums[to + x] as number) + weight * (values[from + x] as number);
        }
      }
    }
    if (empty) continue;
    for (let k = 0; k < size; k += 1) {
      values.set(sums.subarray(k * nx, (k + 1) * nx), line * lineStep + k * step);
    }
  }
}

function convolveLine(
  values: Float32Array,
  start: number,
  nx: number,
  half: Float64Array,
  line: Float32Array,
): void {
  if (firstSet(values, start, nx) === nx) return;
  const radius = half.length - 1;
  line.set(values.subarray(start, start + nx), radius);
  for (let x = 0; x < nx; x += 1) {
    let sum = (half[0] as number) * (line[radius + x] as number);
    for (let r = 1; r <= radius; r += 1) {
      sum += (half[r] as number) * ((line[radius + x - r] as number) + (line[radius + x + r] as number));
    }
    values[start + x] = sum;
  }
}

/** Offset of the first item that is not 0, or `count`: rows outside the brain are most of a volume. */
function firstSet(values: Float32Array, from: number, count: number): number {
  let x = 0;
  while (x < count && values[from + x] === 0) x += 1;
  return x;
}
