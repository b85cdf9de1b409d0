import * as tf from '@tensorflow/tfjs-core';
import { NORM_EPSILON, type NetworkOps } from '../../network/ops';

/**
 * The building blocks on TensorFlow's own kernels. Every kernel of the network exists there, so the gradients are
 * TensorFlow.js's own.
 */
export const nativeOps: NetworkOps = {
  convReluNorm(x, weights, _needsInputGradient, onStatistics) {
    const active = tf.relu(tf.add(tf.conv2d(x, weights.kernel, 1, 'same'), weights.bias)) as tf.Tensor4D;
    const samples = active.size / active.shape[3];
    const { mean, variance } = tf.moments(active, [0, 1, 2]);
    onStatistics(mean, variance, samples);
    return tf.batchNorm(
      active,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      weights.beta as tf.Tensor1D,
      weights.gamma as tf.Tensor1D,
      NORM_EPSILON,
    ) as tf.Tensor4D;
  },
  convReluNormFrozen(x, weights) {
    const active = tf.relu(tf.add(tf.conv2d(x, weights.kernel, 1, 'same'), weights.bias)) as tf.Tensor4D;
    return tf.batchNorm(
      active,
      weights.movingMean as tf.Tensor1D,
      weights.movingVariance as tf.Tensor1D,
      weights.beta as tf.Tensor1D,
      weights.gamma as tf.Tensor1D,
      NORM_EPSILON,
    ) as tf.Tensor4D;
  },
  upsample(x, kernel, bias) {
    const [n, h, w] = x.shape;
    return tf.add(tf.conv2dTranspose(x, kernel, [n, 2 * h, 2 * w, kernel.shape[2]], 2, 'same'), bias);
  },
  pointwise(x, kernel, bias) {
    return tf.add(tf.conv2d(x, kernel, 1, 'valid'), bias);
  },
  concat(a, b) {
    return tf.concat([a, b], 3);
  },
  maxPool(x) {
    return tf.maxPool(x, 2, 2, 'valid');
  },
  matMul(a, b) {
    return tf.matMul(a, b);
  },
};
