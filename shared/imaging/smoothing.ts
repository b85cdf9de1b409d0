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
  const radius = half.length - 1;
  if (axis === 0) {
    const line = new Float32Array(nx + 2 * radius);
    for (let start = 0; start < values.length; start += nx) convolveLine(values, start, nx, half, line);
    return;
  }
  // Along y and z whole rows along x are moved at once, so that memory is read in order.
  const [size, step] = axis === 1 ? [ny, nx] : [nz, nx * ny];
  const [lines, lineStep] = axis === 1 ? [nz, nx * ny] : [ny, nx];
  // The rows of a line, and rows of zeros before and behind them.
  const rows = new Float32Array((size + 2 * radius) * nx);
  const sums = new Float64Array(nx);
  for (let line = 0; line < lines; line += 1) {
    let [left, right, top, bottom] = [nx, -1, size, -1];
    for (let k = 0; k < size; k += 1) {
      const from = line * lineStep + k * step;
      const row = values.subarray(from, from + nx);
      rows.set(row, (k + radius) * nx);
      const first = firstSet(row);
      if (first === nx) continue;
      left = Math.min(left, first);
      right = Math.max(right, lastSet(row));
      top = Math.min(top, k);
      bottom = k;
    }
    if (right < 0) continue;
    const end = Math.min(size - 1, bottom + radius);
    for (let k = Math.max(0, top - radius); k <= end; k += 1) {
      sumRows(rows, (k + radius) * nx, nx, half, sums, left, right);
      const to = line * lineStep + k * step;
      for (let x = left; x <= right; x += 1) values[to + x] = sums[x] as number;
    }
  }
}

/** The row at `middle` and its neighbours on both sides, weighted, in the columns from left to right. */
function sumRows(
  rows: Float32Array,
  middle: number,
  nx: number,
  half: Float64Array,
  sums: Float64Array,
  left: number,
  right: number,
): void {
  const own = half[0] as number;
  for (let x = left; x <= right; x += 1) sums[x] = own * (rows[middle + x] as number);
  let r = 1;
  // Two distances at a time: each sum is read and written half as often.
  for (; r + 1 < half.length; r += 2) {
    const [near, far] = [half[r] as number, half[r + 1] as number];
    const [a, b, c, d] = [middle - r * nx, middle + r * nx, middle - (r + 1) * nx, middle + (r + 1) * nx];
    for (let x = left; x <= right; x += 1) {
      sums[x] =
        (sums[x] as number) +
        near * ((rows[a + x] as number) + (rows[b + x] as number)) +
        far * ((rows[c + x] as number) + (rows[d + x] as number));
    }
  }
  if (r === half.length) return;
  const weight = half[r] as number;
  const [before, behind] = [middle - r * nx, middle + r * nx];
  for (let x = left; x <= right; x += 1) {
    sums[x] = (sums[x] as number) + weight * ((rows[before + x] as number) + (rows[behind + x] as number));
  }
}

function convolveLine(
  values: Float32Array,
  start: number,
  nx: number,
  half: Float64Array,
  line: Float32Array,
): void {
  const row = values.subarray(start, start + nx);
  const first = firstSet(row);
  if (first === nx) return;
  const radius = half.length - 1;
  line.set(row, radius);
  const last = Math.min(nx - 1, lastSet(row) + radius);
  for (let x = Math.max(0, first - radius); x <= last; x += 1) {
    let sum = (half[0] as number) * (line[radius + x] as number);
    for (let r = 1; r <= radius; r += 1) {
      sum += (half[r] as number) * ((line[radius + x - r] as number) + (line[radius + x + r] as number));
    }
    row[x] = sum;
  }
}

/** Place of the first item that is not 0, or the length: rows outside the brain are most of a volume. */
function firstSet(row: Float32Array): number {
  let x = 0;
  while (x < row.length && row[x] === 0) x += 1;
  return x;
}

/** Place of the last item that is not 0, or -1. */
function lastSet(row: Float32Array): number {
  let x = row.length - 1;
  while (x >= 0 && row[x] === 0) x -= 1;
  return x;
}
