/**
 * Sums and scalings by channel over float32 arrays [..., c], channels innermost. Four neighbouring numbers of a row are
 * held in registers at a time, which is several times faster than an array of sums.
 *
 * What a normalisation is made of is rounded to float32 in the order in which TensorFlow rounds it: its numbers, which a
 * stack of normalisations of nearly constant maps multiplies, are only met so. Gradients are summed in float64.
 */

/** Pixels that are summed side by side before their sums are added up: a power of two near the root of usual pixel counts. */
const SUM_PIXELS = 64;
/** From so many channels on TensorFlow's CPU kernels sum in parts (a vector's width). */
const VECTOR_CHANNELS = 8;

function at(values: ArrayLike<number>, index: number): number {
  return values[index] as number;
}

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

/** Adds up a row's sums by channel in float32, [row] -> [c]. */
function fold(row: Float32Array, channels: number): Float32Array {
  const folded = new Float32Array(channels);
  row.forEach((sum, i) => (folded[i % channels] = at(folded, i % channels) + sum));
  return folded;
}

/** Σ x of each channel, in float32. */
export function sums(x: Float32Array, channels: number): Float32Array {
  const row = sumRow(x.length, channels);
  const total = new Float32Array(row);
  let k = 0;
  for (; k + 4 <= row; k += 4) {
    let [s0, s1, s2, s3] = [fround(0), fround(0), fround(0), fround(0)];
    for (let i = k; i < x.length; i += row) {
      s0 = fround(s0 + at(x, i));
      s1 = fround(s1 + at(x, i + 1));
      s2 = fround(s2 + at(x, i + 2));
      s3 = fround(s3 + at(x, i + 3));
    }
    total.set([s0, s1, s2, s3], k);
  }
  for (; k < row; k++) {
    let sum = fround(0);
    for (let i = k; i < x.length; i += row) sum = fround(sum + at(x, i));
    total[k] = sum;
  }
  return fold(total, channels);
}

/** Σ (x - mean)² of each channel, in float32; mean is [c]. */
export function squaredDeviations(x: Float32Array, mean: Float32Array): Float32Array {
  const c = mean.length;
  const row = sumRow(x.length, c);
  const total = new Float32Array(row);
  const square = (value: number, m: number): number => {
    const d = fround(value - m);
    return fround(d * d);
  };
  let k = 0;
  for (; k + 4 <= row; k += 4) {
    const [m0, m1] = [at(mean, k % c), at(mean, (k + 1) % c)];
    const [m2, m3] = [at(mean, (k + 2) % c), at(mean, (k + 3) % c)];
    let [s0, s1, s2, s3] = [fround(0), fround(0), fround(0), fround(0)];
    for (let i = k; i < x.length; i += row) {
      s0 = fround(s0 + square(at(x, i), m0));
      s1 = fround(s1 + square(at(x, i + 1), m1));
      s2 = fround(s2 + square(at(x, i + 2), m2));
      s3 = fround(s3 + square(at(x, i + 3), m3));
    }
    total.set([s0, s1, s2, s3], k);
  }
  for (; k < row; k++) {
    let sum = fround(0);
    for (let i = k; i < x.length; i += row) sum = fround(sum + square(at(x, i), at(mean, k % c)));
    total[k] = sum;
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
    const [m0, m1, m2, m3] = [at(mean, k), at(mean, k + 1), at(mean, k + 2), at(mean, k + 3)];
    const [a0, a1, a2, a3] = [at(scale, k), at(scale, k + 1), at(scale, k + 2), at(scale, k + 3)];
    const [b0, b1, b2, b3] = [at(shift, k), at(shift, k + 1), at(shift, k + 2), at(shift, k + 3)];
    for (let i = k; i < x.length; i += c) {
      to[i] = apply(at(x, i), m0, a0, b0);
      to[i + 1] = apply(at(x, i + 1), m1, a1, b1);
      to[i + 2] = apply(at(x, i + 2), m2, a2, b2);
      to[i + 3] = apply(at(x, i + 3), m3, a3, b3);
    }
  }
  for (; k < c; k++) {
    const [m, a, b] = [at(mean, k), at(scale, k), at(shift, k)];
    for (let i = k; i < x.length; i += c) to[i] = apply(at(x, i), m, a, b);
  }
}

/** Σ dy (x - mean) of each channel; mean is [c]. */
export function productSums(dy: Float32Array, x: Float32Array, mean: Float32Array): Float64Array {
  const c = mean.length;
  const total = new Float64Array(c);
  let k = 0;
  for (; k + 4 <= c; k += 4) {
    const [m0, m1, m2, m3] = [at(mean, k), at(mean, k + 1), at(mean, k + 2), at(mean, k + 3)];
    let [s0, s1, s2, s3] = [0, 0, 0, 0];
    for (let i = k; i < x.length; i += c) {
      s0 += at(dy, i) * (at(x, i) - m0);
      s1 += at(dy, i + 1) * (at(x, i + 1) - m1);
      s2 += at(dy, i + 2) * (at(x, i + 2) - m2);
      s3 += at(dy, i + 3) * (at(x, i + 3) - m3);
    }
    total.set([s0, s1, s2, s3], k);
  }
  for (; k < c; k++) {
    const m = at(mean, k);
    for (let i = k; i < x.length; i += c) total[k] = at(total, k) + at(dy, i) * (at(x, i) - m);
  }
  return total;
}

/** Coefficients of a gradient dy * a + x * b + e, each [c]. */
export interface GradientScaling {
  readonly a: ArrayLike<number>;
  readonly b: ArrayLike<number>;
  readonly e: ArrayLike<number>;
}

/** to = dy * a + x * b + e where x is above 0, else 0: the gradient of a ReLU whose output was scaled. */
export function openGradientInto(
  to: Float32Array,
  dy: Float32Array,
  x: Float32Array,
  { a, b, e }: GradientScaling,
): void {
  const c = a.length;
  let k = 0;
  for (; k + 4 <= c; k += 4) {
    const [a0, a1, a2, a3] = [at(a, k), at(a, k + 1), at(a, k + 2), at(a, k + 3)];
    const [b0, b1, b2, b3] = [at(b, k), at(b, k + 1), at(b, k + 2), at(b, k + 3)];
    const [e0, e1, e2, e3] = [at(e, k), at(e, k + 1), at(e, k + 2), at(e, k + 3)];
    for (let i = k; i < x.length; i += c) {
      const [x0, x1, x2, x3] = [at(x, i), at(x, i + 1), at(x, i + 2), at(x, i + 3)];
      to[i] = x0 > 0 ? at(dy, i) * a0 + x0 * b0 + e0 : 0;
      to[i + 1] = x1 > 0 ? at(dy, i + 1) * a1 + x1 * b1 + e1 : 0;
      to[i + 2] = x2 > 0 ? at(dy, i + 2) * a2 + x2 * b2 + e2 : 0;
      to[i + 3] = x3 > 0 ? at(dy, i + 3) * a3 + x3 * b3 + e3 : 0;
    }
  }
  for (; k < c; k++)
    for (let i = k; i < x.length; i += c)
      to[i] = at(x, i) > 0 ? at(dy, i) * at(a, k) + at(x, i) * at(b, k) + at(e, k) : 0;
}
