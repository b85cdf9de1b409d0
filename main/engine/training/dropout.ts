import * as tf from '@tensorflow/tfjs-core';
import type { Random } from '../../../shared/random';
import type { DropoutMask } from '../network/ops';
import { sizeOf } from '../network/weights';

/**
 * Dropout masks from our own generator, so that a seed gives the same masks on every backend and a checkpoint can
 * continue them. Values are kept with probability 1 - rate and scaled by 1 / (1 - rate), as Keras does.
 */
export function dropoutMasks(rate: number, random: Random): DropoutMask | null {
  if (rate === 0) return null;
  const limit = Math.round(rate * 65536);
  const scale = 1 / (1 - rate);
  return (shape, memory) => {
    const mask = memory ?? new Float32Array(sizeOf(shape));
    random.fillKept(mask, limit, scale);
    return tf.tensor(mask, [...shape]);
  };
}
