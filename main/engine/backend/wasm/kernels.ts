import * as tf from '@tensorflow/tfjs-core';
import { NORM_EPSILON } from '../../network/ops';
import { onHeap } from './heap';
import { openGradientInto, productSums, scaleShiftInto, squaredDeviations, sums } from './lanes';

/**
 * What the wasm backend lacks or does slowly: convolutions' gradients out of its own convolution, everything that only
 * moves or scales numbers as loops over its memory. All tensors are float32, NHWC. Each
 * function is checked against its definition and finite differences in the tests.
 */

/**
 * Gradient of a stride-1, same-padded 3x3 convolution with respect to its kernel,
 * dk[i, j, ci, co] = sum over n, y, x of x[n, y + i - 1, x + j - 1, ci] dy[n, y, x, co].
 *
 * Itself a convolution, down the rows: the input channels, once for each shift j of the columns, are its batch, the
 * columns its channels (so that it multiplies long runs of numbers), the images its columns, and dy is its window.
 * @param x [n, h, w, ci]
 * @param dy [n, h, w, co]
 * @returns [3, 3, ci, co]
 */
export function convFilterGradient(x: tf.Tensor4D, dy: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [n, h, w, ci] = x.shape;
    const co = dy.shape[3];
    const [images] = onHeap([x], [[3 * ci, h, n, w]], ([from], [to]) => {
      if (from && to) shiftedColumns(from, to, n, h, w, ci);
    }) as [tf.Tensor4D];
    const window = n === 1 ? tf.reshape(dy, [h, 1, w, co]) : tf.transpose(dy, [1, 0, 2, 3]);
    const pad: [[number, number], [number, number], [number, number], [number, number]] = [
      [0, 0],
      [1, 1],
      [0, 0],
      [0, 0],
    ];
    const gradients = tf.conv2d(images, window as tf.Tensor4D, 1, pad); // [(j, ci), i, 1, co]
    return tf.transpose(tf.reshape(gradients, [3, ci, 3, co]), [2, 0, 1, 3]) as tf.Tensor4D;
  });
}

/** [n, h, w, c] -> [3, c, h, n, w]: the column before, the column itself and the one after, 0 beyond the edges. */
function shiftedColumns(
  from: Float32Array,
  to: Float32Array,
  n: number,
  h: number,
  w: number,
  c: number,
): void {
  const size = from.length;
  const [before, same, after] = [to.subarray(0, size), to.subarray(size, 2 * size), to.subarray(2 * size)];
  for (let image = 0; image < n; image++) {
    for (let y = 0; y < h; y++) {
      const row = (image * h + y) * w * c;
      for (let channel = 0; channel < c; channel++) {
        const at = ((channel * h + y) * n + image) * w;
        for (let x = 0; x < w; x++) same[at + x] = from[row + x * c + channel] as number;
      }
    }
  }
  before.set(same.subarray(0, size - 1), 1);
  after.set(same.subarray(1));
  for (let at = 0; at < size; at += w) {
    before[at] = 0;
    after[at + w - 1] = 0;
  }
}

/**
 * Gradient of a stride-1, same-padded convolution with respect to its input: the convolution of dy with the kernel
 * turned by 180 degrees and its channels swapped.
 * @param dy [n, h, w, co]
 * @param kernel [k, k, ci, co], k odd
 * @returns [n, h, w, ci]
 */
export function convInputGradient(dy: tf.Tensor4D, kernel: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [rows, columns, ci, co] = kernel.shape;
    const places = rows * columns;
    const [turned] = onHeap([kernel], [[rows, columns, co, ci]], ([from], [to]) => {
      if (!from || !to) return;
      for (let place = 0; place < places; place++) {
        const source = (places - 1 - place) * ci * co;
        const target = place * ci * co;
        for (let a = 0; a < ci; a++)
          for (let b = 0; b < co; b++) to[target + b * ci + a] = from[source + a * co + b] as number;
      }
    }) as [tf.Tensor4D];
    return tf.conv2d(dy, turned, 1, 'same');
  });
}

/** Sums over all but the last axis, [..., c] -> [c]. */
export function channelSums(x: tf.Tensor): tf.Tensor1D {
  const channels = x.shape[x.shape.length - 1] as number;
  const [total] = onHeap([x], [[channels]], ([from], [to]) => {
    if (from && to) to.set(sums(from, channels));
  });
  return total as tf.Tensor1D;
}

/** A normalised map, the batch's mean and biased variance, and 1 / sqrt(variance + epsilon), each of the last three [c]. */
export interface Normalised {
  readonly value: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
  readonly inverse: tf.Tensor1D;
}

/** Batch normalisation with the batch's own statistics of x [n, h, w, c]; gamma and beta are [c]. */
export function batchNorm(x: tf.Tensor4D, gamma: tf.Tensor1D, beta: tf.Tensor1D): Normalised {
  const c = x.shape[3];
  const [value, mean, variance, inverse] = onHeap(
    [x, gamma, beta],
    [x.shape, [c], [c], [c]],
    ([from, g, b], [to, means, variances, inverses]) => {
      if (!from || !g || !b || !to || !means || !variances || !inverses) return;
      const perSample = Math.fround(c / from.length);
      const average = sums(from, c).map((sum) => sum * perSample);
      const spread = squaredDeviations(from, average).map((sum) => sum * perSample);
      const factor = spread.map((value) => 1 / Math.sqrt(value + NORM_EPSILON));
      scaleShiftInto(to, from, {
        mean: average,
        scale: factor.map((value, k) => value * (g[k] as number)),
        shift: b,
      });
      means.set(average);
      variances.set(spread);
      inverses.set(factor);
    },
  );
  return { value, mean, variance, inverse } as Normalised;
}

/**
 * Gradients of {@link batchNorm} after a ReLU, back to what the ReLU was given: with xhat = (x - mean) inverse,
 * dx = gamma inverse (dy - Σdy / N - xhat Σ(dy xhat) / N), and 0 where the ReLU was closed.
 * @param x the ReLU's output, [n, h, w, c]
 * @returns dx, and [c] each: Σdx, dgamma = Σ(dy xhat), dbeta = Σdy
 */
export function batchNormReluGradient(
  dy: tf.Tensor4D,
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  { mean, inverse }: Pick<Normalised, 'mean' | 'inverse'>,
): { dx: tf.Tensor4D; dxSums: tf.Tensor1D; dGamma: tf.Tensor1D; dBeta: tf.Tensor1D } {
  const c = x.shape[3];
  const [dx, dxSums, dGamma, dBeta] = onHeap(
    [dy, x, gamma, mean, inverse],
    [x.shape, [c], [c], [c]],
    ([gradient, active, g, m, inv], [to, totals, gammas, betas]) => {
      if (!gradient || !active || !g || !m || !inv || !to || !totals || !gammas || !betas) return;
      const samples = active.length / c;
      const sum = sums(gradient, c);
      const product = productSums(gradient, active, m);
      // dx = a dy + b x + e for each channel.
      const a = product.map((_, k) => (g[k] as number) * (inv[k] as number));
      const b = a.map((value, k) => (-value * (inv[k] as number) ** 2 * (product[k] as number)) / samples);
      const e = a.map(
        (value, k) => (-value * (sum[k] as number)) / samples - (b[k] as number) * (m[k] as number),
      );
      openGradientInto(to, gradient, active, { a, b, e });
      totals.set(sums(to, c));
      gammas.set(product.map((value, k) => value * (inv[k] as number)));
      betas.set(sum);
    },
  );
  return { dx, dxSums, dGamma, dBeta } as ReturnType<typeof batchNormReluGradient>;
}

/** x * scale + shift with one scale and one shift, [c] each, a channel of x [n, h, w, c]. */
export function scaleShift(x: tf.Tensor4D, scale: tf.Tensor, shift: tf.Tensor): tf.Tensor4D {
  const [value] = onHeap([x, scale, shift], [x.shape], ([from, a, b], [to]) => {
    if (from && a && b && to)
      scaleShiftInto(to, from, { mean: new Float32Array(a.length), scale: a, shift: b });
  });
  return value as tf.Tensor4D;
}

/** dy * scale where the ReLU's output x is above 0, else 0; scale is [c]. */
export function scaleReluGradient(dy: tf.Tensor4D, x: tf.Tensor4D, scale: tf.Tensor): tf.Tensor4D {
  const nothing = new Float64Array(x.shape[3]);
  const [dx] = onHeap([dy, x, scale], [x.shape], ([gradient, active, a], [to]) => {
    if (gradient && active && a && to) openGradientInto(to, gradient, active, { a, b: nothing, e: nothing });
  });
  return dx as tf.Tensor4D;
}

/** Concatenation along channels, [n, h, w, ca] and [n, h, w, cb] -> [n, h, w, ca + cb]. */
export function concatChannels(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D {
  const [n, h, w, ca] = a.shape;
  const cb = b.shape[3];
  const [joined] = onHeap([a, b], [[n, h, w, ca + cb]], ([first, second], [to]) => {
    if (!first || !second || !to) return;
    let at = 0;
    for (let pixel = 0; pixel < n * h * w; pixel++) {
      for (let k = 0; k < ca; k++) to[at++] = first[pixel * ca + k] as number;
      for (let k = 0; k < cb; k++) to[at++] = second[pixel * cb + k] as number;
    }
  });
  return joined as tf.Tensor4D;
}

/** The inverse of {@link concatChannels}: the first `ca` channels of [n, h, w, c] and the others. */
export function splitChannels(x: tf.Tensor4D, ca: number): [tf.Tensor4D, tf.Tensor4D] {
  const [n, h, w, c] = x.shape;
  const cb = c - ca;
  return onHeap(
    [x],
    [
      [n, h, w, ca],
      [n, h, w, cb],
    ],
    ([from], [first, second]) => {
      if (!from || !first || !second) return;
      let at = 0;
      for (let pixel = 0; pixel < n * h * w; pixel++) {
        for (let k = 0; k < ca; k++) first[pixel * ca + k] = from[at++] as number;
        for (let k = 0; k < cb; k++) second[pixel * cb + k] = from[at++] as number;
      }
    },
  ) as [tf.Tensor4D, tf.Tensor4D];
}

/** [n, h, w, 4c] with channels ordered (row, column, c) -> [n, 2h, 2w, c], plus `offset` [c]. */
export function depthToSpace2(x: tf.Tensor4D, offset: tf.Tensor): tf.Tensor4D {
  const [n, h, w, c4] = x.shape;
  const c = c4 / 4;
  const [value] = onHeap([x, offset], [[n, 2 * h, 2 * w, c]], ([from, add], [to]) => {
    if (!from || !add || !to) return;
    for (let row = 0; row < n * h; row++) {
      for (let column = 0; column < w; column++) {
        for (let place = 0; place < 4; place++) {
          const source = ((row * w + column) * 4 + place) * c;
          const target = ((2 * row + (place >> 1)) * 2 * w + 2 * column + (place & 1)) * c;
          for (let k = 0; k < c; k++) to[target + k] = (from[source + k] as number) + (add[k] as number);
        }
      }
    }
  });
  return value as tf.Tensor4D;
}

/** The inverse of {@link depthToSpace2} without an offset: [n, 2h, 2w, c] -> [n, h, w, 4c]. */
export function spaceToDepth2(x: tf.Tensor4D): tf.Tensor4D {
  const [n, h2, w2, c] = x.shape;
  const [h, w] = [h2 / 2, w2 / 2];
  const [value] = onHeap([x], [[n, h, w, 4 * c]], ([from], [to]) => {
    if (!from || !to) return;
    for (let row = 0; row < n * h; row++) {
      for (let column = 0; column < w; column++) {
        for (let place = 0; place < 4; place++) {
          const source = ((2 * row + (place >> 1)) * w2 + 2 * column + (place & 1)) * c;
          const target = ((row * w + column) * 4 + place) * c;
          for (let k = 0; k < c; k++) to[target + k] = from[source + k] as number;
        }
      }
    }
  });
  return value as tf.Tensor4D;
}

/** Product of the transpose of a with b, [m, k] and [m, n] -> [k, n], for tall matrices. */
export function transposedMatMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.matMul(tf.transpose(a) as tf.Tensor2D, b));
}

/**
 * Gradient of 2x2 max pooling of stride 2: a window's gradient goes to the first of its largest values in row order. The
 * backend's own kernel gives wrong values for some shapes (seen in 4.22 on [2, 4, 4, 2]).
 * @param x [n, 2h, 2w, c]
 * @param y the pooled x, [n, h, w, c]
 * @param dy [n, h, w, c]
 * @returns [n, 2h, 2w, c]
 */
export function maxPoolGradient(x: tf.Tensor4D, y: tf.Tensor4D, dy: tf.Tensor4D): tf.Tensor4D {
  const [n, h, w, c] = y.shape;
  const [dx] = onHeap([x, y, dy], [x.shape], ([from, pooled, gradient], [to]) => {
    if (!from || !pooled || !gradient || !to) return;
    for (let row = 0; row < n * h; row++) {
      for (let column = 0; column < w; column++) {
        const at = (row * w + column) * c;
        for (let k = 0; k < c; k++) {
          let free = true;
          for (let place = 0; place < 4; place++) {
            const source = ((2 * row + (place >> 1)) * 2 * w + 2 * column + (place & 1)) * c + k;
            const largest: boolean = free && from[source] === pooled[at + k];
            to[source] = largest ? (gradient[at + k] as number) : 0;
            if (largest) free = false;
          }
        }
      }
    }
  });
  return dx as tf.Tensor4D;
}
