import * as tf from '@tensorflow/tfjs-core';
import { NORM_EPSILON, type NetworkOps } from '../../network/ops';
import { wasmAdam } from './adam';
import {
  batchNorm,
  batchNormReluGradient,
  channelSums,
  concatChannels,
  convFilterGradient,
  convInputGradient,
  depthToSpace2,
  maxPoolGradient,
  scaleReluGradient,
  scaleShift,
  spaceToDepth2,
  splitChannels,
  transposedMatMul,
} from './kernels';

/**
 * The building blocks on the wasm backend. Each is one differentiable operation with its gradient written out: that
 * avoids the kernels the backend lacks (filter gradients) and those it does slowly (slicing and joining channels).
 */
export const wasmOps: NetworkOps = {
  convReluNorm(x, weights, needsInputGradient, onStatistics) {
    const block = tf.customGrad((...args) => {
      const [input, kernel, bias, gamma, beta, save] = args as unknown as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor1D,
        tf.Tensor1D,
        tf.Tensor1D,
        tf.GradSaveFunc,
      ];
      const active = convRelu(input, kernel, bias);
      const { value, mean, variance, inverse } = batchNorm(active, gamma, beta);
      const samples = active.size / active.shape[3];
      onStatistics(mean, tf.mul(variance, samples / Math.max(1, samples - 1)));
      save([input, kernel, gamma, active, mean, inverse]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        const [x0, k0, g0, r, m, inv] = saved as [
          tf.Tensor4D,
          tf.Tensor4D,
          tf.Tensor1D,
          tf.Tensor4D,
          tf.Tensor1D,
          tf.Tensor1D,
        ];
        const { dx, dxSums, dGamma, dBeta } = batchNormReluGradient(dy as tf.Tensor4D, r, g0, {
          mean: m,
          inverse: inv,
        });
        return [
          needsInputGradient ? convInputGradient(dx, k0) : tf.zerosLike(x0),
          convFilterGradient(x0, dx),
          dxSums,
          dGamma,
          dBeta,
        ];
      };
      return { value, gradFunc };
    });
    return block(x, weights.kernel, weights.bias, weights.gamma, weights.beta) as tf.Tensor4D;
  },

  convReluNormFrozen(x, weights) {
    const block = tf.customGrad((...args) => {
      const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
      const active = convRelu(input, weights.kernel, weights.bias as tf.Tensor1D);
      const scale = tf.mul(weights.gamma, tf.rsqrt(tf.add(weights.movingVariance, NORM_EPSILON)));
      const value = scaleShift(active, scale, tf.sub(weights.beta, tf.mul(scale, weights.movingMean)));
      save([active, scale]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
        const [r, s] = saved as [tf.Tensor4D, tf.Tensor];
        return convInputGradient(scaleReluGradient(dy as tf.Tensor4D, r, s), weights.kernel);
      };
      return { value, gradFunc };
    });
    return block(x) as tf.Tensor4D;
  },

  upsample(x, kernel, bias) {
    const up = tf.customGrad((...args) => {
      const [input, weights, offset, save] = args as unknown as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor1D,
        tf.GradSaveFunc,
      ];
      const [n, h, w, ci] = input.shape;
      const co = weights.shape[2];
      // Stride equals the window: every output pixel comes from one input pixel, so it is a matrix product.
      const matrix = tf.reshape(weights, [4 * co, ci]); // [(row, column, co), ci]
      const spread = tf.reshape(tf.matMul(tf.reshape(input, [n * h * w, ci]), matrix, false, true), [
        n,
        h,
        w,
        4 * co,
      ]);
      save([input, matrix]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        const [x0, m0] = saved as [tf.Tensor4D, tf.Tensor2D];
        const gathered = tf.reshape(spaceToDepth2(dy as tf.Tensor4D), [n * h * w, 4 * co]) as tf.Tensor2D;
        const rows = tf.reshape(x0, [n * h * w, ci]) as tf.Tensor2D;
        return [
          tf.reshape(tf.matMul(gathered, m0), [n, h, w, ci]),
          tf.reshape(transposedMatMul(gathered, rows), [2, 2, co, ci]),
          channelSums(dy),
        ];
      };
      return { value: depthToSpace2(spread as tf.Tensor4D, offset), gradFunc };
    });
    return up(x, kernel, bias) as tf.Tensor4D;
  },

  pointwise(x, kernel, bias) {
    const conv = tf.customGrad((...args) => {
      const [input, weights, offset, save] = args as unknown as [
        tf.Tensor4D,
        tf.Tensor4D,
        tf.Tensor1D,
        tf.GradSaveFunc,
      ];
      save([input, weights]);
      const value = tf.add(tf.conv2d(input, weights, 1, 'valid'), offset);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        const [x0, k0] = saved as [tf.Tensor4D, tf.Tensor4D];
        const gradient = dy as tf.Tensor4D;
        const pixels = gradient.size / gradient.shape[3];
        const rows = tf.reshape(x0, [pixels, x0.shape[3]]) as tf.Tensor2D;
        const filter = transposedMatMul(
          rows,
          tf.reshape(gradient, [pixels, gradient.shape[3]]) as tf.Tensor2D,
        );
        return [convInputGradient(gradient, k0), tf.reshape(filter, k0.shape), channelSums(gradient)];
      };
      return { value, gradFunc };
    });
    return conv(x, kernel, bias) as tf.Tensor4D;
  },

  concat(a, b) {
    const join = tf.customGrad((...args) => {
      const [first, second] = args as unknown as [tf.Tensor4D, tf.Tensor4D];
      return {
        value: concatChannels(first, second),
        gradFunc: (dy: tf.Tensor) => splitChannels(dy as tf.Tensor4D, first.shape[3]),
      };
    });
    return join(a, b) as tf.Tensor4D;
  },

  maxPool(x) {
    const pool = tf.customGrad((...args) => {
      const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
      const value = tf.maxPool(input, 2, 2, 'valid');
      save([input, value]);
      return {
        value,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
          maxPoolGradient(saved[0] as tf.Tensor4D, saved[1] as tf.Tensor4D, dy as tf.Tensor4D),
      };
    });
    return pool(x) as tf.Tensor4D;
  },

  matMul(a, b) {
    return tf.matMul(a, b);
  },

  adam: wasmAdam,

  compute({ run, dropout }) {
    return run(dropout);
  },
};

function convRelu(x: tf.Tensor4D, kernel: tf.Tensor4D, bias: tf.Tensor1D): tf.Tensor4D {
  return tf.engine().runKernel('FusedConv2D', { x, filter: kernel, bias } as unknown as tf.NamedTensorMap, {
    strides: [1, 1],
    pad: 'same',
    dataFormat: 'NHWC',
    dilations: [1, 1],
    activation: 'relu',
  }) as tf.Tensor4D;
}
