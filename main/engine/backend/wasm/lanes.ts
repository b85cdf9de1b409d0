/**
 * Sums and scalings by channel over float32 arrays [..., c], channels innermost. Four neighbouring numbers of a row are
 * held in registers at a time, which is several times faster than an array of sums. Arrays are read in the loops themselves:
 * a function for it would be slow for all of them, as it meets arrays of three kinds.
 *
 * What a normalisation is made of is rounded to float32 in the order in which TensorFlow rounds it: its numbers, which a
 * stack of normalisations of nearly constant maps multiplies, are only met so. Gradients are summed in float64.
 */

/** Pixels that are summed side by side before their sums are added up: a power of two near the root of usual pixel counts. */
const SUM_PIXELS = 64;
/** From so many channels on TensorFlow's CPU kernels sum in parts (a vector's width). */
const VECTOR_CHANNELS = 8;

const { fround } = Math;

/**
 * How many numbers are summed side by side. One pixel after the other, ten thousand of them, would lose the digits of the
 * small ones in float32.
 */
function sumRow(length: number, channels: number): number {
  let pixels = 1;
  if (channels >= VECTOR_CHANNELS)
    while (pixels < SUM_PIXELS && (length / channels) % (2 * pixels) === 0) pixels *= 2;
  return pixels * channels;
}

/** Rows that are added at a time, so that their sums are read and written a quarter as often. */
const FOUR = 4;

/** Adds up a row's sums by channel in float32, [row] -> [c]. */
function fold(row: Float32Array, channels: number): Float32Array {
  const folded = new Float32Array(channels);
  row.forEach((sum, i) => (folded[i % channels] = (folded[i % channels] as number) + sum));
  return folded;
}

/** Σ x of each channel, in float32. */
export function sums(x: Float32Array, channels: number): Float32Array {
  const row = sumRow(x.length, channels);
  const total = new Float32Array(row);
  const add = (sum: number, value: number): number => fround(sum + value);
  for (let start = 0; start < x.length; start += FOUR * row) {
    const [second, third, fourth] = [start + row, start + 2 * row, start + 3 * row];
    if (fourth >= x.length) {
      for (let i = start; i < x.length; i += row)
        for (let k = 0; k < row; k++) total[k] = add(total[k] as number, x[i + k] as number);
      break;
    }
    for (let k = 0; k < row; k++) {
      let sum = add(total[k] as number, x[start + k] as number);
      sum = add(sum, x[second + k] as number);
      sum = add(sum, x[third + k] as number);
      total[k] = add(sum, x[fourth + k] as number);
    }
  }
  return fold(total, channels);
}

/** Σ (x - mean)² of each channel, in float32; mean is [c]. */
export function squaredDeviations(x: Float32Array, mean: Float32Array): Float32Array {
  const c = mean.length;
  const row = sumRow(x.length, c);
  const total = new Float32Array(row);
  const means = new Float32Array(row).map((_, k) => mean[k % c] as number);
  const add = (sum: number, value: number, m: number): number => {
    const d = fround(value - m);
    return fround(sum + fround(d * d));
  };
  for (let start = 0; start < x.length; start += FOUR * row) {
    const [second, third, fourth] = [start + row, start + 2 * row, start + 3 * row];
    if (fourth >= x.length) {
      for (let i = start; i < x.length; i += row)
        for (let k = 0; k < row; k++)
          total[k] = add(total[k] as number, x[i + k] as number, means[k] as number);
      break;
    }
    for (let k = 0; k < row; k++) {
      const m = means[k] as number;
      let sum = add(total[k] as number, x[start + k] as number, m);
      sum = add(sum, x[second + k] as number, m);
      sum = add(sum, x[third + k] as number, m);
      total[k] = add(sum, x[fourth + k] as number, m);
    }
  }
  return fold(total, c);
}

/** Mean, factor and offset of each channel, each [c]. */
export interface ChannelScaling {
  readonly mean: Float32Array;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** to = (x - mean) * scale + shift, in float32. */
export function scaleShiftInto(
  to: Float32Array,
  x: Float32Array,
  { mean, scale, shift }: ChannelScaling,
): void {
  const c = mean.length;
  const apply = (value: number, m: number, a: number, b: number): number =>
    fround(fround(fround(value - m) * a) + b);
  let k = 0;
  for (; k + 4 <= c; k += 4) {
    const [m0, m1, m2, m3] = [
      mean[k] as number,
      mean[k + 1] as number,
      mean[k + 2] as number,
      mean[k + 3] as number,
    ];
    const [a0, a1, a2, a3] = [
      scale[k] as number,
      scale[k + 1] as number,
      scale[k + 2] as number,
      scale[k + 3] as number,
    ];
    const [b0, b1, b2, b3] = [
      shift[k] as number,
      shift[k + 1] as number,
      shift[k + 2] as number,
      shift[k + 3] as number,
    ];
    for (let i = k; i < x.length; i += c) {
      to[i] = apply(x[i] as number, m0, a0, b0);
      to[i + 1] = apply(x[i + 1] as number, m1, a1, b1);
      to[i + 2] = apply(x[i + 2] as number, m2, a2, b2);
      to[i + 3] = apply(x[i + 3] as number, m3, a3, b3);
    }
  }
  for (; k < c; k++) {
    const [m, a, b] = [mean[k] as number, scale[k] as number, shift[k] as number];
    for (let i = k; i < x.length; i += c) to[i] = apply(x[i] as number, m, a, b);
  }
}

/** Σ dy (x - mean) of each channel; mean is [c]. */
export function productSums(dy: Float32Array, x: Float32Array, mean: Float32Array): Float64Array {
  const c = mean.length;
  const total = new Float64Array(c);
  let k = 0;
  for (; k + 4 <= c; k += 4) {
    const [m0, m1, m2, m3] = [
      mean[k] as number,
      mean[k + 1] as number,
      mean[k + 2] as number,
      mean[k + 3] as number,
    ];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let i = k; i < x.length; i += c) {
      s0 += (dy[i] as number) * ((x[i] as number) - m0);
      s1 += (dy[i + 1] as number) * ((x[i + 1] as number) - m1);
      s2 += (dy[i + 2] as number) * ((x[i + 2] as number) - m2);
      s3 += (dy[i + 3] as number) * ((x[i + 3] as number) - m3);
    }
    total.set([s0, s1, s2, s3], k);
  }
  for (; k < c; k++) {
    const m = mean[k] as number;
    for (let i = k; i < x.length; i += c)
      total[k] = (total[k] as number) + (dy[i] as number) * ((x[i] as number) - m);
  }
  return total;
}

/** Coefficients of a gradient dy * a + x * b + e, each [c]. */
export interface GradientScaling {
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  readonly e: ArrayLike<number>;
}

/** All bits where these are of a float32 above 0, else none. */
const open = (bits: number): number => (-bits >> 31) & ~(bits >> 31);

/** to = dy * a + x * b + e where x is above 0, else 0: the gradient of a ReLU whose output x was scaled. */
export function openGradientInto(
  to: Float32Array,
  dy: Float32Array,
  x: Float32Array,
  { a, b, e }: GradientScaling,
): void {
  const c = a.length;
  // The result's bits behind those of x, instead of a branch that would be mispredicted at every other number.
  const given = new Int32Array(x.buffer, x.byteOffset, x.length);
  const bits = new Int32Array(to.buffer, to.byteOffset, to.length);
  let k = 0;
  for (; k + 4 <= c; k += 4) {
    const [a0, a1, a2, a3] = [a[k] as number, a[k + 1] as number, a[k + 2] as number, a[k + 3] as number];
    const [b0, b1, b2, b3] = [b[k] as number, b[k + 1] as number, b[k + 2] as number, b[k + 3] as number];
    const [e0, e1, e2, e3] = [e[k] as number, e[k + 1] as number, e[k + 2] as number, e[k + 3] as number];
    for (let i = k; i < x.length; i += c) {
      to[i] = (dy[i] as number) * a0 + (x[i] as number) * b0 + e0;
      to[i + 1] = (dy[i + 1] as number) * a1 + (x[i + 1] as number) * b1 + e1;
      to[i + 2] = (dy[i + 2] as number) * a2 + (x[i + 2] as number) * b2 + e2;
      to[i + 3] = (dy[i + 3] as number) * a3 + (x[i + 3] as number) * b3 + e3;
      bits[i] = (bits[i] as number) & open(given[i] as number);
      bits[i + 1] = (bits[i + 1] as number) & open(given[i + 1] as number);
      bits[i + 2] = (bits[i + 2] as number) & open(given[i + 2] as number);
      bits[i + 3] = (bits[i + 3] as number) & open(given[i + 3] as number);
    }
  }
  for (; k < c; k++) {
    for (let i = k; i < x.length; i += c) {
      to[i] = (dy[i] as number) * (a[k] as number) + (x[i] as number) * (b[k] as number) + (e[k] as number);
      bits[i] = (bits[i] as number) & open(given[i] as number);
    }
  }
}
