import * as tf from '@tensorflow/tfjs-core';

/**
 * What the wasm backend lacks or does slowly, composed of kernels that it does fast. All tensors are float32, NHWC.
 * Each function is checked against finite differences and against the CPU definition in the tests.
 */

/**
 * Gradient of a stride-1, same-padded convolution with respect to its kernel.
 * dk[i, j, ci, co] = sum over n, y, x of x[n, y + i - 1, x + j - 1, ci] dy[n, y, x, co]: itself a convolution, with the
 * input channels as the batch, the batch as the channels and dy as the window.
 * @param x [n, h, w, ci]
 * @param dy [n, h, w, co]
 * @param windowSize odd side of the kernel
 * @returns [k, k, ci, co]
 */
export function convFilterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, windowSize: number): tf.Tensor4D {
  return tf.tidy(() => {
    const margin = (windowSize - 1) / 2;
    const images = tf.transpose(x, [3, 1, 2, 0]); // [ci, h, w, n]
    const padded =
      margin === 0
        ? images
        : tf.pad(images, [
            [0, 0],
            [margin, margin],
            [margin, margin],
            [0, 0],
          ]);
    const window = tf.transpose(dy, [1, 2, 0, 3]); // [h, w, n, co]
    const swapped = tf.conv2d(padded as tf.Tensor4D, window as tf.Tensor4D, 1, 'valid'); // [ci, k, k, co]
    return tf.transpose(swapped, [1, 2, 0, 3]) as tf.Tensor4D;
  });
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
    const turned = tf.transpose(tf.reverse(kernel, [0, 1]), [0, 1, 3, 2]) as tf.Tensor4D;
    return tf.conv2d(dy, turned, 1, 'same');
  });
}

/** Rows that are summed side by side before their sums are added up: a power of two near the root of usual row counts. */
const SUM_LANES = 64;
/** From so many channels on TensorFlow's CPU kernels sum in parts (a vector's width). */
const VECTOR_CHANNELS = 8;

/**
 * Sums over all but the last axis, [..., c] -> [c], as a matrix product: the reduction kernel would transpose first.
 *
 * Summing ten thousand rows one after the other in float32 loses digits that a normalisation of nearly constant images
 * then multiplies, so rows are summed in lanes and the lanes added up. Below 8 channels it goes row by row, because
 * TensorFlow does: its sums are only met when they are rounded alike.
 */
export function channelSums(x: tf.Tensor): tf.Tensor1D {
  return tf.tidy(() => {
    const channels = x.shape[x.shape.length - 1] as number;
    const rows = x.size / channels;
    let lanes = 1;
    if (channels >= VECTOR_CHANNELS) while (lanes < SUM_LANES && rows % (2 * lanes) === 0) lanes *= 2;
    const parts = columnSums(tf.reshape(x, [rows / lanes, lanes * channels]));
    return lanes === 1 ? parts : columnSums(tf.reshape(parts, [lanes, channels]));
  });
}

/** [rows, columns] -> [columns] */
function columnSums(x: tf.Tensor2D): tf.Tensor1D {
  const [rows, columns] = x.shape;
  return tf.reshape(tf.matMul(tf.ones([1, rows]) as tf.Tensor2D, x), [columns]);
}

/**
 * Places a map's channels at an offset among more channels, or takes some of them, by a 1x1 convolution with a matrix of
 * zeros and ones: exact, and many times faster than the backend's own concatenation and slicing of inner axes.
 */
function selectChannels(
  x: tf.Tensor4D,
  from: number,
  to: number,
  outChannels: number,
  count: number,
): tf.Tensor4D {
  return tf.tidy(() => {
    const inChannels = x.shape[3];
    const matrix = new Float32Array(inChannels * outChannels);
    for (let c = 0; c < count; c++) matrix[(from + c) * outChannels + to + c] = 1;
    return tf.conv2d(x, tf.tensor4d(matrix, [1, 1, inChannels, outChannels]), 1, 'valid');
  });
}

/** Concatenation along channels, [n, h, w, ca] and [n, h, w, cb] -> [n, h, w, ca + cb]. */
export function concatChannels(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [ca, cb] = [a.shape[3], b.shape[3]];
    return tf.add(selectChannels(a, 0, 0, ca + cb, ca), selectChannels(b, 0, ca, ca + cb, cb));
  });
}

/** Channels start .. start + count of [n, h, w, c]. */
export function sliceChannels(x: tf.Tensor4D, start: number, count: number): tf.Tensor4D {
  return selectChannels(x, start, 0, count, count);
}

/** [n, h, w, 4c] with channels ordered (row, column, c) -> [n, 2h, 2w, c]. */
export function depthToSpace2(x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [n, h, w, c4] = x.shape;
    const c = c4 / 4;
    const parts = tf.reshape(x, [n * h, w, 2, 2 * c]); // [n h, w, row, column c]
    return tf.reshape(tf.transpose(parts, [0, 2, 1, 3]), [n, 2 * h, 2 * w, c]);
  });
}

/** The inverse of {@link depthToSpace2}: [n, 2h, 2w, c] -> [n, h, w, 4c]. */
export function spaceToDepth2(x: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const [n, h2, w2, c] = x.shape;
    const parts = tf.reshape(x, [(n * h2) / 2, 2, w2 / 2, 2 * c]);
    return tf.reshape(tf.transpose(parts, [0, 2, 1, 3]), [n, h2 / 2, w2 / 2, 4 * c]);
  });
}

/** Product of the transpose of a with b, [m, k] and [m, n] -> [k, n], for tall matrices. */
export function transposedMatMul(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.tidy(() => tf.matMul(tf.transpose(a) as tf.Tensor2D, b));
}

/**
 * Gradient of 2x2 max pooling of stride 2. The backend's own kernel gives wrong values for some shapes (seen in 4.22 on
 * [2, 4, 4, 2]), so it is composed: a window's gradient goes to the first of its largest values in row order.
 * @param x [n, 2h, 2w, c]
 * @param y the pooled x, [n, h, w, c]
 * @param dy [n, h, w, c]
 * @returns [n, 2h, 2w, c]
 */
export function maxPoolGradient(x: tf.Tensor4D, y: tf.Tensor4D, dy: tf.Tensor4D): tf.Tensor4D {
  return tf.tidy(() => {
    const c = y.shape[3];
    const windows = spaceToDepth2(x);
    let free: tf.Tensor4D = tf.ones(y.shape);
    let gradient: tf.Tensor4D | null = null;
    for (let place = 0; place < 4; place++) {
      const largest = tf.cast(tf.equal(sliceChannels(windows, place * c, c), y), 'float32');
      const first = tf.mul(largest, free);
      free = tf.sub(free, first) as tf.Tensor4D;
      const part = selectChannels(tf.mul(dy, first), 0, place * c, 4 * c, c);
      gradient = gradient === null ? part : (tf.add(gradient, part) as tf.Tensor4D);
    }
    return depthToSpace2(gradient as tf.Tensor4D);
  });
}
