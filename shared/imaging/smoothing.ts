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
  const size = dims[axis];
  const radius = half.length - 1;
  // Whole rows along x are moved at once where the axis is y or z: memory is then read in order.
  const width = axis === 0 ? 1 : nx;
  const step = axis === 0 ? 1 : axis === 1 ? nx : nx * ny;
  const lines = axis === 0 ? ny * nz : axis === 1 ? nz : ny;
  const lineStep = axis === 0 ? nx : axis === 1 ? nx * ny : nx;
  const padded = new Float32Array((size + 2 * radius) * width);
  const row = new Float64Array(width);
  for (let line = 0; line < lines; line += 1) {
    const start = line * lineStep;
    for (let k = 0; k < size; k += 1) {
      padded.set(values.subarray(start + k * step, start + k * step + width), (radius + k) * width);
    }
    if (!padded.some((value) => value !== 0)) continue;
    for (let k = 0; k < size; k += 1) {
      const centre = (radius + k) * width;
      const middle = half[0] as number;
      for (let x = 0; x < width; x += 1) row[x] = middle * (padded[centre + x] as number);
      for (let r = 1; r <= radius; r += 1) {
        const weight = half[r] as number;
        const [before, after] = [centre - r * width, centre + r * width];
        for (let x = 0; x < width; x += 1) {
          row[x] =
            (row[x] as number) + weight * ((padded[before + x] as number) + (padded[after + x] as number));
        }
      }
      values.set(row, start + k * step);
    }
  }
}
