import * as tf from '@tensorflow/tfjs-core';
import { presets, type TrainingSettings } from '../../../shared/study/trainingSettings';

/**
 * The published losses. Source: Dey & Hong, MICCAI 2021 (arXiv 2103.03664) and the authors' training scripts; each is
 * a scalar tensor.
 */

/** What D learns to say of reference slices and of first cuts: the ends of its tanh (training scripts). */
export const REFERENCE_LABEL = -1;
export const CUT_LABEL = 1;

/** Mean absolute error of scores [n, 1] to a label (a number, or a tensor [n, 1]). */
export function meanAbsoluteError(scores: tf.Tensor, label: number | tf.Tensor): tf.Scalar {
  return tf.mean(tf.abs(tf.sub(scores, label)));
}

/** Mean squared error over all pixels. */
export function meanSquaredError(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.mean(tf.square(tf.sub(a, b)));
}

/** Soft Dice of two arrays over the whole batch: (2 Σab + smooth) / (Σa + Σb + smooth). */
export function softDice(a: tf.Tensor, b: tf.Tensor, smooth = 1): tf.Scalar {
  const overlap = tf.add(tf.mul(tf.sum(tf.mul(a, b)), 2), smooth);
  return tf.div(overlap, tf.add(tf.add(tf.sum(a), tf.sum(b)), smooth));
}

/**
 * The disjointness loss of the two cuts. Before the Dice, stage 1 replaces values below the floor (1e-16) by 1, stage 2
 * values above it, which leaves it constant where no value is 0: no gradient.
 */
export function disjointness(
  ifc: tf.Tensor,
  iwc: tf.Tensor,
  stage: 1 | 2,
  settings: Pick<TrainingSettings, 'disjointnessFloor' | 'disjointnessSmooth'> = presets.published,
): tf.Scalar {
  const { disjointnessFloor: floor, disjointnessSmooth: smooth } = settings;
  // Written as one operation with its gradient, because a comparison has none: what was replaced is a constant.
  const replaced = tf.customGrad((...args) => {
    const [cut, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const hit = stage === 1 ? tf.less(cut, floor) : tf.greater(cut, floor);
    save([hit]);
    return {
      value: tf.where(hit, tf.onesLike(cut), cut),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.where(saved[0] as tf.Tensor, tf.zerosLike(dy), dy),
    };
  });
  return softDice(replaced(ifc), replaced(iwc), smooth);
}

/** Mean absolute difference over all pixels. */
export function meanAbsoluteDifference(a: tf.Tensor, b: tf.Tensor): tf.Scalar {
  return tf.mean(tf.abs(tf.sub(a, b)));
}

/**
 * Mean cross-entropy between sigmoid(logits) and a mask of 0 and 1. One operation with its gradient,
 * (sigmoid(logits) - mask) / n: composed of exponentials and logarithms it loses digits where a pixel is sure.
 * Differentiable in the logits only.
 */
export function binaryCrossEntropy(logits: tf.Tensor, mask: tf.Tensor): tf.Scalar {
  const entropy = tf.customGrad((...args) => {
    const [x, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([x, mask]);
    // max(x, 0) - x m + ln(1 + exp(-|x|)), which overflows nowhere.
    const terms = tf.add(tf.sub(tf.relu(x), tf.mul(x, mask)), tf.log(tf.add(tf.exp(tf.neg(tf.abs(x))), 1)));
    return {
      value: tf.mean(terms),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logit, wanted] = saved as [tf.Tensor, tf.Tensor];
        return tf.mul(tf.sub(tf.sigmoid(logit), wanted), tf.div(dy, logit.size));
      },
    };
  });
  return entropy(logits) as tf.Scalar;
}
