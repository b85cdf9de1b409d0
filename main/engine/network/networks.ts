import * as tf from '@tensorflow/tfjs-core';
import type { ConvBlock, Decoder, DiscriminatorLayers, GeneratorLayers } from './layers';
import type { NetworkOps } from './ops';
import type { NetworkWeights } from './weights';

/** A mask of 0 and 1 / (1 - rate) for one dropout layer. */
export type DropoutMask = (shape: readonly number[]) => tf.Tensor;

/** How a network runs. */
export type RunMode =
  /**
   * Moving statistics: what prediction uses, and a frozen network. Differentiable in the input only. No dropout, but where
   * several samples of a prediction are wanted.
   */
  | { readonly kind: 'inference'; readonly dropout?: DropoutMask }
  /** Batch statistics and, where `dropout` is given, dropout. */
  | {
      readonly kind: 'training';
      readonly dropout: DropoutMask | null;
      /**
       * Momentum with which the moving statistics follow the batch's; null leaves them (a frozen network that runs in
       * training mode).
       */
      readonly normMomentum: number | null;
      /** Whether a gradient with respect to the images is wanted (it is when the network judges another's output). */
      readonly needsInputGradient: boolean;
    };

export const INFERENCE: RunMode = { kind: 'inference' };

/** The cuts and the reconstruction, each [n, h, w, 1] in (0, 1). */
export interface Cuts {
  readonly ifc: tf.Tensor4D;
  readonly iwc: tf.Tensor4D;
  readonly iro: tf.Tensor4D;
  /** I_wc before its sigmoid. */
  readonly iwcLogits: tf.Tensor4D;
}

/** How near to 0 and 1 the slice may come that a residual I_fc starts from: where a sigmoid still learns. */
export const RESIDUAL_CLIP = 0.02;

/**
 * The main module M on images x [n, h, w, c], of which the first channel is the slice itself; h and w are multiples of 16.
 */
export function runGenerator(
  ops: NetworkOps,
  layers: GeneratorLayers,
  weights: NetworkWeights,
  x: tf.Tensor4D,
  mode: RunMode,
): Cuts {
  const { bottom, skips } = runEncoder(ops, layers.encoder, weights, x, mode);
  const fc = runDecoder(ops, layers.fc, weights, bottom, skips, mode);
  const iwcLogits = runDecoder(ops, layers.wc, weights, bottom, skips, mode);
  const ifc = tf.sigmoid(layers.residual ? tf.add(fc, sliceLogits(x)) : fc) as tf.Tensor4D;
  const iwc = tf.sigmoid(iwcLogits);
  const iro = tf.sigmoid(runPointwise(ops, layers.mixing, weights, ops.concat(ifc, iwc)));
  return { ifc, iwc, iro, iwcLogits };
}

/** The slice of each image [n, h, w, c]: its first channel, [n, h, w, 1]. */
export function sliceOf(x: tf.Tensor4D): tf.Tensor4D {
  const [n, h, w, channels] = x.shape;
  return channels === 1 ? x : tf.slice(x, [0, 0, 0, 0], [n, h, w, 1]);
}

/** What a sigmoid turns into the slice. */
function sliceLogits(x: tf.Tensor4D): tf.Tensor {
  const slice = tf.clipByValue(sliceOf(x), RESIDUAL_CLIP, 1 - RESIDUAL_CLIP);
  return tf.log(tf.div(slice, tf.sub(1, slice)));
}

/** The discriminator D on images x [n, h, w, 1]: scores [n, 1] in (-1, 1); reference is labelled -1, I_fc +1. */
export function runDiscriminator(
  ops: NetworkOps,
  layers: DiscriminatorLayers,
  weights: NetworkWeights,
  x: tf.Tensor4D,
  mode: RunMode,
): tf.Tensor2D {
  const { bottom } = runEncoder(ops, layers.encoder, weights, x, mode);
  // NHWC flattened row by row with channels innermost, as Keras's Flatten does.
  const flat = tf.reshape(bottom, [x.shape[0], layers.features]) as tf.Tensor2D;
  const kernel = weights.get(`${layers.output}/kernel`) as unknown as tf.Tensor2D;
  return tf.tanh(tf.add(ops.matMul(flat, kernel), weights.get(`${layers.output}/bias`))) as tf.Tensor2D;
}

function runBlock(
  ops: NetworkOps,
  block: ConvBlock,
  weights: NetworkWeights,
  x: tf.Tensor4D,
  mode: RunMode,
  needsInputGradient: boolean,
): tf.Tensor4D {
  if (mode.kind === 'inference') return ops.convReluNormFrozen(x, weights.frozenBlock(block));
  return ops.convReluNorm(x, weights.block(block), needsInputGradient, (mean, variance, samples) => {
    if (mode.normMomentum !== null)
      moveStatistics(weights, block, mean, variance, samples, mode.normMomentum);
  });
}

/** Keras's fused batch normalisation: the moving variance follows the unbiased variance of the batch. */
function moveStatistics(
  weights: NetworkWeights,
  block: ConvBlock,
  mean: tf.Tensor,
  variance: tf.Tensor,
  samples: number,
  momentum: number,
): void {
  tf.tidy(() => {
    const movingMean = weights.get(`${block.norm}/moving_mean`);
    const movingVariance = weights.get(`${block.norm}/moving_variance`);
    const unbiased = tf.mul(variance, samples / Math.max(1, samples - 1));
    const rate = 1 - momentum;
    movingMean.assign(tf.sub(movingMean, tf.mul(tf.sub(movingMean, mean), rate)));
    movingVariance.assign(tf.sub(movingVariance, tf.mul(tf.sub(movingVariance, unbiased), rate)));
  });
}

function dropout(x: tf.Tensor4D, mode: RunMode): tf.Tensor4D {
  if (!mode.dropout) return x;
  return tf.mul(x, mode.dropout(x.shape));
}

function runEncoder(
  ops: NetworkOps,
  levels: readonly (readonly ConvBlock[])[],
  weights: NetworkWeights,
  x: tf.Tensor4D,
  mode: RunMode,
): { bottom: tf.Tensor4D; skips: tf.Tensor4D[] } {
  const skips: tf.Tensor4D[] = [];
  let y = x;
  levels.forEach((blocks, level) => {
    blocks.forEach((block, place) => {
      const isFirst = level === 0 && place === 0;
      const needsInputGradient = !isFirst || (mode.kind === 'training' && mode.needsInputGradient);
      y = runBlock(ops, block, weights, y, mode, needsInputGradient);
    });
    if (level < levels.length - 1) {
      skips.push(y);
      y = dropout(ops.maxPool(y), mode);
    }
  });
  return { bottom: y, skips };
}

/** A cut before its sigmoid, [n, h, w, 1]. */
function runDecoder(
  ops: NetworkOps,
  decoder: Decoder,
  weights: NetworkWeights,
  bottom: tf.Tensor4D,
  skips: readonly tf.Tensor4D[],
  mode: RunMode,
): tf.Tensor4D {
  let y = bottom;
  decoder.levels.forEach((level, index) => {
    const skip = skips[skips.length - 1 - index] as tf.Tensor4D;
    const kernel = weights.get(`${level.up}/kernel`) as unknown as tf.Tensor4D;
    y = ops.concat(ops.upsample(y, kernel, weights.get(`${level.up}/bias`)), skip);
    if (level.dropout) y = dropout(y, mode);
    for (const block of level.blocks) y = runBlock(ops, block, weights, y, mode, true);
  });
  return runPointwise(ops, decoder.output, weights, y);
}

function runPointwise(ops: NetworkOps, layer: string, weights: NetworkWeights, x: tf.Tensor4D): tf.Tensor4D {
  const kernel = weights.get(`${layer}/kernel`) as unknown as tf.Tensor4D;
  return ops.pointwise(x, kernel, weights.get(`${layer}/bias`));
}
