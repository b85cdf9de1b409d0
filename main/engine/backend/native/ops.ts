import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from '../../network/differentiable';
import { NORM_EPSILON, type NetworkOps } from '../../network/ops';
import { nativeAdam } from './adam';
import { computeAsGraph } from './graph/graphs';
import {
  batchNorm,
  batchNormFrozen,
  batchNormGradient,
  biasAdd,
  biasGradient,
  conv,
  convBias,
  convBiasRelu,
  convFilterBiasGradient,
  convFilterGradient,
  convInputGradient,
  maxPool,
  maxPoolGradient,
  reluGradient,
} from './kernels';

/**
 * The building blocks on TensorFlow's own kernels. A block of convolution, bias, ReLU and normalisation is one
 * differentiable operation made of TensorFlow's fused kernels, with its gradient written out: TensorFlow.js's own
 * composition takes about twice the time.
 */
export const nativeOps: NetworkOps = {
  adam: nativeAdam,
  compute: computeAsGraph,

  convReluNorm(x, { kernel, bias, gamma, beta }, needsInputGradient, onStatistics) {
    return differentiable(
      [x, kernel, bias, gamma, beta],
      (save) => {
        const active = convBiasRelu(x, kernel, bias);
        const { y, mean, variance, reserve } = batchNorm(active, gamma, beta, NORM_EPSILON);
        onStatistics(mean, variance);
        save([x, kernel, gamma, active, ...reserve]);
        return y;
      },
      (dy, saved) => {
        const [x0, k0, g0, active, ...reserve] = saved as [
          tf.Tensor4D,
          tf.Tensor4D,
          tf.Tensor,
          tf.Tensor,
          ...tf.Tensor[],
        ];
        const [dActive, dGamma, dBeta] = batchNormGradient(dy, active, g0, reserve, NORM_EPSILON);
        const dConv = reluGradient(dActive, active);
        dActive.dispose();
        const [dKernel, dBias] = convFilterBiasGradient(x0, dConv, k0.shape);
        const dx = needsInputGradient ? convInputGradient(dConv, k0, x0.shape) : tf.zerosLike(x0);
        return [dx, dKernel, dBias, dGamma, dBeta];
      },
    );
  },

  convReluNormFrozen(x, { kernel, bias, gamma, beta, movingMean, movingVariance }) {
    const { shape } = x;
    return differentiable(
      [x],
      (save) => {
        const active = convBiasRelu(x, kernel, bias);
        save([active]);
        return batchNormFrozen(active, gamma, beta, movingMean, movingVariance, NORM_EPSILON);
      },
      (dy, [active]) => {
        const scale = tf.mul(gamma, tf.rsqrt(tf.add(movingVariance, NORM_EPSILON)));
        // The scale is moved into the kernel, which is smaller than the map.
        const scaled = tf.mul(kernel, scale);
        return [convInputGradient(reluGradient(dy, active as tf.Tensor), scaled, shape)];
      },
    );
  },

  upsample(x, kernel, bias) {
    const [n, h, w] = x.shape;
    return differentiable(
      [x, kernel, bias],
      (save) => {
        save([x, kernel]);
        return biasAdd(convInputGradient(x, kernel, [n, 2 * h, 2 * w, kernel.shape[2]], 2), bias);
      },
      (dy, saved) => {
        const [x0, k0] = saved as [tf.Tensor4D, tf.Tensor4D];
        return [conv(dy, k0, 2), convFilterGradient(dy, x0, k0.shape, 2), biasGradient(dy)];
      },
    );
  },

  pointwise(x, kernel, bias) {
    return differentiable(
      [x, kernel, bias],
      (save) => {
        save([x, kernel]);
        return convBias(x, kernel, bias);
      },
      (dy, saved) => {
        const [x0, k0] = saved as [tf.Tensor4D, tf.Tensor4D];
        return [convInputGradient(dy, k0, x0.shape), ...convFilterBiasGradient(x0, dy, k0.shape)];
      },
    );
  },

  concat(a, b) {
    const channels = [a.shape[3], b.shape[3]];
    return differentiable(
      [a, b],
      () => tf.concat([a, b], 3),
      (dy) => tf.split(dy, channels, 3),
    );
  },

  maxPool(x) {
    return differentiable(
      [x],
      (save) => {
        const { y, reserve } = maxPool(x);
        save([x, y, ...reserve]);
        return y;
      },
      (dy, saved) => {
        const [x0, y0, ...reserve] = saved as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
        return [maxPoolGradient(dy, x0, y0, reserve)];
      },
    );
  },

  matMul(a, b) {
    return tf.matMul(a, b);
  },
};
