import * as tf from '@tensorflow/tfjs-core';
import { differentiable } from './differentiable';
import type { ConvBlock, Decoder, DiscriminatorLayers, GeneratorLayers } from './layers';
import type { DropoutMask, NetworkOps } from './ops';
import type { NetworkWeights } from './weights';

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
  const { fc, iwcLogits } = followingStatistics(weights, mode, (onStatistics) => {
    const run = { ops, weights, mode, onStatistics };
    const { bottom, skips } = runEncoder(run, layers.encoder, x);
    return {
      fc: runDecoder(run, layers.fc, bottom, skips),
      iwcLogits: runDecoder(run, layers.wc, bottom, skips),
    };
  });
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
  const { bottom } = followingStatistics(weights, mode, (onStatistics) =>
    runEncoder({ ops, weights, mode, onStatistics }, layers.encoder, x),
  );
  // NHWC flattened row by row with channels innermost, as Keras's Flatten does.
  const flat = tf.reshape(bottom, [x.shape[0], layers.features]) as tf.Tensor2D;
  const kernel = weights.get(`${layers.output}/kernel`) as unknown as tf.Tensor2D;
  return tf.tanh(tf.add(ops.matMul(flat, kernel), weights.get(`${layers.output}/bias`))) as tf.Tensor2D;
}

/** One run of a network. */
interface Run {
  readonly ops: NetworkOps;
  readonly weights: NetworkWeights;
  readonly mode: RunMode;
  /** Gets the mean and the unbiased variance of what a block normalised; the tensors stay the block's. */
  readonly onStatistics: (block: ConvBlock, mean: tf.Tensor, variance: tf.Tensor) => void;
}

function runBlock(
  { ops, weights, mode, onStatistics }: Run,
  block: ConvBlock,
  x: tf.Tensor4D,
  needsInputGradient: boolean,
): tf.Tensor4D {
  if (mode.kind === 'inference') return ops.convReluNormFrozen(x, weights.frozenBlock(block));
  return ops.convReluNorm(x, weights.block(block), needsInputGradient, (mean, variance) =>
    onStatistics(block, mean, variance),
  );
}

/**
 * Runs a network and lets its moving statistics follow the batch's where the mode says so: all of them at once, because
 * one by one they are some hundred small operations a step. As Keras's fused batch normalisation does, the moving
 * variance follows the unbiased variance of the batch.
 */
function followingStatistics<Result>(
  weights: NetworkWeights,
  mode: RunMode,
  work: (onStatistics: Run['onStatistics']) => Result,
): Result {
  if (mode.kind === 'inference' || mode.normMomentum === null) return work(() => undefined);
  const moving: tf.Variable[] = [];
  const batch: tf.Tensor[] = [];
  try {
    const result = work((block, mean, variance) => {
      moving.push(weights.get(`${block.norm}/moving_mean`), weights.get(`${block.norm}/moving_variance`));
      batch.push(tf.keep(mean.clone()), tf.keep(variance.clone()));
    });
    moveStatistics(moving, batch, mode.normMomentum);
    return result;
  } finally {
    tf.dispose(batch);
  }
}

function moveStatistics(moving: readonly tf.Variable[], batch: readonly tf.Tensor[], momentum: number): void {
  tf.tidy(() => {
    const before = tf.concat1d(moving as unknown as tf.Tensor1D[]);
    const now = tf.concat1d(batch as unknown as tf.Tensor1D[]);
    const after = tf.sub(before, tf.mul(tf.sub(before, now), 1 - momentum));
    const parts = tf.split(
      after,
      moving.map(({ size }) => size),
    );
    moving.forEach((variable, i) => variable.assign(parts[i] as tf.Tensor));
  });
}

/** Takes x: it is gone afterwards where something is dropped from it. */
function dropout(x: tf.Tensor4D, mode: RunMode): tf.Tensor4D {
  if (!mode.dropout) return x;
  const mask = mode.dropout(x.shape);
  const dropped = differentiable(
    [x],
    (save) => {
      save([mask]);
      return tf.mul<tf.Tensor4D>(x, mask);
    },
    (dy, [kept]) => [tf.mul(dy, kept as tf.Tensor)],
  );
  tf.dispose([x, mask]);
  return dropped;
}

function runEncoder(
  run: Run,
  levels: readonly (readonly ConvBlock[])[],
  x: tf.Tensor4D,
): { bottom: tf.Tensor4D; skips: tf.Tensor4D[] } {
  const { ops, mode } = run;
  const skips: tf.Tensor4D[] = [];
  let y = x;
  levels.forEach((blocks, level) => {
    blocks.forEach((block, place) => {
      const isFirst = level === 0 && place === 0;
      const needsInputGradient = !isFirst || (mode.kind === 'training' && mode.needsInputGradient);
      const before = y;
      y = runBlock(run, block, before, needsInputGradient);
      // The image is the caller's.
      if (!isFirst) before.dispose();
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
  run: Run,
  decoder: Decoder,
  bottom: tf.Tensor4D,
  skips: readonly tf.Tensor4D[],
): tf.Tensor4D {
  const { ops, weights, mode } = run;
  let y = bottom;
  decoder.levels.forEach((level, index) => {
    const skip = skips[skips.length - 1 - index] as tf.Tensor4D;
    const kernel = weights.get(`${level.up}/kernel`) as unknown as tf.Tensor4D;
    const up = ops.upsample(y, kernel, weights.get(`${level.up}/bias`));
    // The bottom and the skips are the other decoder's too.
    if (index > 0) y.dispose();
    y = ops.concat(up, skip);
    up.dispose();
    if (level.dropout) y = dropout(y, mode);
    for (const block of level.blocks) {
      const before = y;
      y = runBlock(run, block, before, true);
      before.dispose();
    }
  });
  const cut = runPointwise(ops, decoder.output, weights, y);
  y.dispose();
  return cut;
}

function runPointwise(ops: NetworkOps, layer: string, weights: NetworkWeights, x: tf.Tensor4D): tf.Tensor4D {
  const kernel = weights.get(`${layer}/kernel`) as unknown as tf.Tensor4D;
  return ops.pointwise(x, kernel, weights.get(`${layer}/bias`));
}
