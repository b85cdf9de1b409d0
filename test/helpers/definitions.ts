/**
 * The networks' building blocks by their definitions, in float64 and with plain loops: what the kernels are held against.
 * Layouts as in NetworkOps: NHWC.
 */
export interface Array64 {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

const EPSILON = 1e-3;

function zeros(...shape: number[]): Array64 {
  return { shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) };
}

const get = (a: Array64, i: number): number => a.data[i] as number;

/** Index into [n, h, w, c] (a missing side counts as 1 from the front). */
function at(a: Array64, n: number, y: number, x: number, c: number): number {
  const [, h = 1, w = 1, channels = 1] = a.shape;
  return ((n * h + y) * w + x) * channels + c;
}

/** Calls with every place of [n, h, w, c]. */
function each(a: Array64, visit: (n: number, y: number, x: number, c: number) => void): void {
  const [n = 1, h = 1, w = 1, c = 1] = a.shape;
  for (let i = 0; i < n; i++)
    for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) for (let k = 0; k < c; k++) visit(i, y, x, k);
}

/** Same-padded convolution of odd window, stride 1, with bias. */
function convolve(x: Array64, kernel: Array64, bias: Array64): Array64 {
  const [n = 1, h = 1, w = 1, ci = 1] = x.shape;
  const [side = 1, , , co = 1] = kernel.shape;
  const margin = (side - 1) / 2;
  const out = zeros(n, h, w, co);
  each(out, (i, y, xx, k) => {
    let sum = get(bias, k);
    for (let dy = 0; dy < side; dy++) {
      for (let dx = 0; dx < side; dx++) {
        const [sy, sx] = [y + dy - margin, xx + dx - margin];
        if (sy < 0 || sy >= h || sx < 0 || sx >= w) continue;
        for (let c = 0; c < ci; c++)
          sum += get(x, at(x, i, sy, sx, c)) * get(kernel, at(kernel, dy, dx, c, k));
      }
    }
    out.data[at(out, i, y, xx, k)] = sum;
  });
  return out;
}

function normalise(x: Array64, gamma: Array64, beta: Array64, mean: Array64, variance: Array64): Array64 {
  const channels = x.shape[3] as number;
  const data = x.data.map((value, i) => {
    const c = i % channels;
    const scale = get(gamma, c) / Math.sqrt(get(variance, c) + EPSILON);
    return scale * (value - get(mean, c)) + get(beta, c);
  });
  return { shape: x.shape, data };
}

const rectify = (x: Array64): Array64 => ({ shape: x.shape, data: x.data.map((v) => Math.max(0, v)) });

/** Mean and biased variance of each channel. */
export function moments(x: Array64): { mean: Array64; variance: Array64 } {
  const channels = x.shape[3] as number;
  const rows = x.data.length / channels;
  const [mean, variance] = [zeros(channels), zeros(channels)];
  x.data.forEach((value, i) => (mean.data[i % channels] = get(mean, i % channels) + value / rows));
  x.data.forEach((value, i) => {
    const c = i % channels;
    variance.data[c] = get(variance, c) + (value - get(mean, c)) ** 2 / rows;
  });
  return { mean, variance };
}

/** What a block normalises: 3x3 convolution, bias, ReLU. */
export function convRelu(x: Array64, kernel: Array64, bias: Array64): Array64 {
  return rectify(convolve(x, kernel, bias));
}

export function convReluNorm(
  x: Array64,
  kernel: Array64,
  bias: Array64,
  gamma: Array64,
  beta: Array64,
): Array64 {
  const active = convRelu(x, kernel, bias);
  const { mean, variance } = moments(active);
  return normalise(active, gamma, beta, mean, variance);
}

export function convReluNormFrozen(
  x: Array64,
  kernel: Array64,
  bias: Array64,
  gamma: Array64,
  beta: Array64,
  mean: Array64,
  variance: Array64,
): Array64 {
  return normalise(convRelu(x, kernel, bias), gamma, beta, mean, variance);
}

/** 2x2 transposed convolution of stride 2; kernel [2, 2, co, ci]. */
export function upsample(x: Array64, kernel: Array64, bias: Array64): Array64 {
  const [n = 1, h = 1, w = 1, ci = 1] = x.shape;
  const co = kernel.shape[2] as number;
  const out = zeros(n, 2 * h, 2 * w, co);
  each(out, (i, y, xx, k) => {
    let sum = get(bias, k);
    for (let c = 0; c < ci; c++) {
      sum += get(x, at(x, i, y >> 1, xx >> 1, c)) * get(kernel, at(kernel, y % 2, xx % 2, k, c));
    }
    out.data[at(out, i, y, xx, k)] = sum;
  });
  return out;
}

export const pointwise = convolve;

export function concat(a: Array64, b: Array64): Array64 {
  const [n = 1, h = 1, w = 1, ca = 1] = a.shape;
  const out = zeros(n, h, w, ca + (b.shape[3] as number));
  each(out, (i, y, x, c) => {
    out.data[at(out, i, y, x, c)] = c < ca ? get(a, at(a, i, y, x, c)) : get(b, at(b, i, y, x, c - ca));
  });
  return out;
}

/** 2x2 max pooling of stride 2. */
export function maxPool(x: Array64): Array64 {
  const [n = 1, h = 1, w = 1, c = 1] = x.shape;
  const out = zeros(n, h / 2, w / 2, c);
  each(out, (i, y, xx, k) => {
    const window = [0, 1, 2, 3].map((p) => get(x, at(x, i, 2 * y + (p >> 1), 2 * xx + (p % 2), k)));
    out.data[at(out, i, y, xx, k)] = Math.max(...window);
  });
  return out;
}

/** [m, k] x [k, n] */
export function matMul(a: Array64, b: Array64): Array64 {
  const [m = 1, inner = 1] = a.shape;
  const n = b.shape[1] as number;
  const out = zeros(m, n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let k = 0; k < inner; k++) {
        out.data[i * n + j] = get(out, i * n + j) + get(a, i * inner + k) * get(b, k * n + j);
      }
  return out;
}

/** The disjointness of two cuts, as a single number. */
export function disjointness(a: Array64, b: Array64, stage: 1 | 2): Array64 {
  const counted = (v: number): number => ((stage === 1 ? v < 1e-16 : v > 1e-16) ? 1 : v);
  const [fa, fb] = [a.data.map(counted), b.data.map(counted)];
  const total = (values: Float64Array): number => values.reduce((sum, v) => sum + v, 0);
  const out = zeros(1);
  out.data[0] = (2 * total(fa.map((v, i) => v * (fb[i] as number))) + 1) / (total(fa) + total(fb) + 1);
  return out;
}

/** -[m ln σ(x) + (1 - m) ln(1 - σ(x))], its mean as a single number. */
export function crossEntropy(logits: Array64, mask: readonly number[]): Array64 {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const terms = [...logits.data].map((x, i) => -Math.log(mask[i] === 1 ? sigmoid(x) : 1 - sigmoid(x)));
  return { shape: [1], data: Float64Array.of(terms.reduce((sum, v) => sum + v, 0) / terms.length) };
}

export function absoluteDifference(a: Array64, b: Array64): Array64 {
  const sum = a.data.reduce((total, v, i) => total + Math.abs(v - get(b, i)), 0);
  return { shape: [1], data: Float64Array.of(sum / a.data.length) };
}
