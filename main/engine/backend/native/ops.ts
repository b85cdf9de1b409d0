import * as tf from '@tensorflow/tfjs-core';
import { NORM_EPSILON, type NetworkOps } from '../../network/ops';
import { nativeAdam } from './adam';
import {
  batchNorm,
  batchNormFrozen,
  batchNormGradient,
  biasAdd,
  biasGradient,
  conv,
  convBias,
  convFilterGradient,
  convInputGradient,
  maxPool,
  maxPoolGradient,
  relu,
  reluGradient,
} from './kernels';

/**
 * The building blocks on TensorFlow's own kernels. A block of convolution, bias, ReLU and normalisation is one
 * differentiable operation made of TensorFlow's fused kernels, with its gradient written out: TensorFlow.js's own
 * composition takes about twice the time.
 */
export const nativeOps: NetworkOps = {
  adam: nativeAdam,

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
      const active = relu(convBias(input, kernel, bias));
      const samples = active.size / active.shape[3];
      const { y, mean, variance, reserve } = batchNorm(active, gamma, beta, NORM_EPSILON);
      // The kernel gives the unbiased variance, the networks ask for the biased one.
      onStatistics(mean, tf.mul(variance, Math.max(1, samples - 1) / samples), samples);
      save([input, kernel, gamma, active, ...reserve]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        const [x0, k0, g0, r, ...kept] = saved as [
          tf.Tensor4D,
          tf.Tensor4D,
          tf.Tensor1D,
          tf.Tensor4D,
          ...tf.Tensor[],
        ];
        const [dActive, dGamma, dBeta] = batchNormGradient(dy, r, g0, kept, NORM_EPSILON);
        const dConv = reluGradient(dActive, r);
        return [
          needsInputGradient ? convInputGradient(dConv, k0, x0.shape) : tf.zerosLike(x0),
          convFilterGradient(x0, dConv, k0.shape),
          biasGradient(dConv),
          dGamma,
          dBeta,
        ];
      };
      return { value: y, gradFunc };
    });
    return block(x, weights.kernel, weights.bias, weights.gamma, weights.beta) as tf.Tensor4D;
  },

  convReluNormFrozen(x, weights) {
    const { kernel, gamma, beta, movingMean, movingVariance } = weights;
    const block = tf.customGrad((...args) => {
      const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
      const active = relu(convBias(input, kernel, weights.bias));
      const value = batchNormFrozen(active, gamma, beta, movingMean, movingVariance, NORM_EPSILON);
      save([active]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
        const scale = tf.mul(gamma, tf.rsqrt(tf.add(movingVariance, NORM_EPSILON)));
        const dConv = reluGradient(tf.mul(dy, scale), saved[0] as tf.Tensor);
        return convInputGradient(dConv, kernel, x.shape);
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
      const [n, h, w] = input.shape;
      const value = biasAdd(
        convInputGradient(input, weights, [n, 2 * h, 2 * w, weights.shape[2]], 2),
        offset,
      );
      save([input, weights]);
      const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
        const [x0, k0] = saved as [tf.Tensor4D, tf.Tensor4D];
        return [conv(dy, k0, 2), convFilterGradient(dy, x0, k0.shape, 2), biasGradient(dy)];
      };
      return { value, gradFunc };
    });
    return up(x, kernel, bias) as tf.Tensor4D;
  },

  pointwise(x, kernel, bias) {
    return tf.add(tf.conv2d(x, kernel, 1, 'valid'), bias);
  },
  concat(a, b) {
    return tf.concat([a, b], 3);
  },
  maxPool(x) {
    const pool = tf.customGrad((...args) => {
      const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
      const { y, reserve } = maxPool(input);
      save([input, y, ...reserve]);
      return {
        value: y,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [x0, y0, ...kept] = saved as [tf.Tensor4D, tf.Tensor4D, ...tf.Tensor[]];
          return maxPoolGradient(dy, x0, y0, kept);
        },
      };
    });
    return pool(x) as tf.Tensor4D;
  },
  matMul(a, b) {
    return tf.matMul(a, b);
  },
};
