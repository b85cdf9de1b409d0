import * as tf from '@tensorflow/tfjs-core';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import type { DiscriminatorLayers, GeneratorLayers } from '../network/layers';
import {
  CUT_LABEL,
  REFERENCE_LABEL,
  binaryCrossEntropy,
  disjointness,
  meanAbsoluteDifference,
  meanAbsoluteError,
  meanSquaredError,
  softDice,
} from '../network/losses';
import {
  INFERENCE,
  runDiscriminator,
  runGenerator,
  sliceOf,
  type Cuts,
  type RunMode,
} from '../network/networks';
import type { Computation, DropoutMask, NetworkOps } from '../network/ops';
import type { NetworkWeights } from '../network/weights';
import type { Adam } from './adam';
import type { BatchPieces, StepPart } from './pieces';

/** The two networks of a training. */
export interface Networks {
  readonly ops: NetworkOps;
  readonly generatorLayers: GeneratorLayers;
  readonly generator: NetworkWeights;
  readonly discriminatorLayers: DiscriminatorLayers;
  readonly discriminator: NetworkWeights;
  /** Cuts batches that do not fit into the device's memory; without it, such a batch is an error. */
  readonly pieces?: BatchPieces;
}

export interface GeneratorTerms {
  readonly adversarial: number;
  readonly reconstruction: number;
  readonly disjointness: number;
  /** Of the images with pasted lesions, where there are any: how far I_wc is from what was pasted, and I_fc from the rest. */
  readonly pasted?: number;
  readonly clean?: number;
  readonly weightDecay: number;
  /** The terms with their weights, added up. */
  readonly total: number;
}

export interface DiscriminatorTerms {
  readonly mae: number;
  readonly weightDecay: number;
  readonly total: number;
}

type LossWeights = Pick<
  TrainingSettings,
  | 'adversarialWeight'
  | 'reconstructionWeight'
  | 'disjointnessWeight'
  | 'disjointnessFloor'
  | 'disjointnessSmooth'
  | 'frozenDiscriminatorMode'
  | 'normMomentum'
> &
  Partial<Pick<TrainingSettings, 'pastedWeight' | 'cleanWeight'>>;

/** What a batch of M may hold beside its images. The tensors stay the caller's. */
export interface BatchExtras {
  /** The images as M sees them, with noise; null where they are the images themselves. */
  readonly seen: tf.Tensor4D | null;
  /** Of the images from this number on: the masks of what was pasted and the slices before, each [n - from, h, w, 1]. */
  readonly pasted: { readonly from: number; readonly masks: tf.Tensor4D; readonly clean: tf.Tensor4D } | null;
}

const NO_EXTRAS: BatchExtras = { seen: null, pasted: null };

/** The pretext: I_wc is to be what was pasted (soft Dice and cross-entropy), I_fc the slice as it was before. */
function pretextLosses(
  cuts: Cuts,
  { from, masks, clean }: NonNullable<BatchExtras['pasted']>,
): [pasted: tf.Scalar, clean: tf.Scalar] {
  const rows = (all: tf.Tensor4D): tf.Tensor4D => (from === 0 ? all : tf.slice(all, from, masks.shape[0]));
  const pasted = tf.add(
    tf.sub(1, softDice(rows(cuts.iwc), masks)),
    binaryCrossEntropy(rows(cuts.iwcLogits), masks),
  ) as tf.Scalar;
  return [pasted, meanAbsoluteDifference(rows(cuts.ifc), clean)];
}

/**
 * Gradients of the main module's loss with D frozen, without the weight decay (Adam adds it).
 * @param x images [n, h, w, c], the slice itself first; stays the caller's
 * @returns gradients by variable name, which the caller disposes, and the terms
 */
export function generatorGradients(
  networks: Networks,
  x: tf.Tensor4D,
  stage: 1 | 2,
  settings: LossWeights,
  dropout: DropoutMask | null,
  { seen, pasted }: BatchExtras = NO_EXTRAS,
): { gradients: tf.NamedTensorMap; terms: Omit<GeneratorTerms, 'weightDecay' | 'total'> } {
  const { ops, generator, generatorLayers, discriminator, discriminatorLayers } = networks;
  const { adversarialWeight, reconstructionWeight, disjointnessWeight, normMomentum } = settings;
  const { pastedWeight = 0, cleanWeight = 0, frozenDiscriminatorMode } = settings;
  const { disjointnessFloor, disjointnessSmooth } = settings;
  const factors = [adversarialWeight, reconstructionWeight, disjointnessWeight];
  if (pasted) factors.push(pastedWeight, cleanWeight);
  const from = pasted ? pasted.from : null;
  const { terms, gradients } = gradientsOf(networks.ops, generator, {
    key: JSON.stringify([
      'generator',
      [generatorLayers, discriminatorLayers, stage, factors, normMomentum, frozenDiscriminatorMode],
      [disjointnessFloor, disjointnessSmooth, from, seen !== null],
    ]),
    inputs: [x, ...(seen ? [seen] : []), ...(pasted ? [pasted.masks, pasted.clean] : [])],
    variables: [...generator.all, ...discriminator.all],
    dropout,
    loss: (masks) => {
      const mode: RunMode = { kind: 'training', dropout: masks, normMomentum, needsInputGradient: false };
      const frozen: RunMode =
        frozenDiscriminatorMode === 'inference'
          ? INFERENCE
          : { kind: 'training', dropout: masks, normMomentum: null, needsInputGradient: true };
      const cuts = runGenerator(ops, generatorLayers, generator, seen ?? x, mode);
      const scores = runDiscriminator(ops, discriminatorLayers, discriminator, cuts.ifc, frozen);
      const each = [
        meanAbsoluteError(scores, REFERENCE_LABEL),
        meanSquaredError(cuts.iro, sliceOf(x)),
        disjointness(cuts.ifc, cuts.iwc, stage, settings),
        ...(pasted ? pretextLosses(cuts, pasted) : []),
      ];
      const total = tf.addN(each.map((term, i) => tf.mul(term, factors[i] ?? 0))) as tf.Scalar;
      return { total, terms: tf.stack(each) };
    },
  });
  const [adversarial = NaN, reconstruction = NaN, disjoint = NaN, ...rest] = terms;
  const [pastedTerm = NaN, clean = NaN] = rest;
  const learned = pasted ? { pasted: pastedTerm, clean } : {};
  return { gradients, terms: { adversarial, reconstruction, disjointness: disjoint, ...learned } };
}

/** A {@link Computation} of a loss and of what the loss is added up of. */
interface Loss extends Omit<Computation, 'run'> {
  readonly loss: (dropout: DropoutMask | null) => {
    readonly total: tf.Scalar;
    readonly terms: tf.Tensor;
  };
}

/** The terms of a loss and its gradients in a network's trainable variables, by their names. */
function gradientsOf(
  ops: NetworkOps,
  weights: NetworkWeights,
  { loss, ...computation }: Loss,
): { terms: Float32Array; gradients: tf.NamedTensorMap } {
  const trainable = weights.trainable().map(({ variable }) => variable);
  const [terms, ...gradients] = ops.compute({
    ...computation,
    run(dropout) {
      const kept: tf.Tensor[] = [];
      const { value, grads } = tf.variableGrads(() => {
        const { total, terms: each } = loss(dropout);
        kept.push(tf.keep(each));
        return total;
      }, trainable);
      value.dispose();
      return [...kept, ...trainable.map(({ name }) => grads[name] as tf.Tensor)];
    },
  });
  return {
    terms: takeNumbers(terms as tf.Tensor),
    gradients: Object.fromEntries(trainable.map(({ name }, i) => [name, gradients[i] as tf.Tensor])),
  };
}

/**
 * M's learning rate at a step: it rises over the warm-up and falls as half a cosine to `generatorFinalRate` of itself
 * (Loshchilov and Hutter 2017, without restarts); no warm-up and a final rate of 1 keep it constant.
 */
export function generatorRateAt(
  settings: Pick<TrainingSettings, 'generatorRate' | 'generatorWarmupSteps' | 'generatorFinalRate'>,
  { done, total }: { readonly done: number; readonly total: number },
): number {
  const { generatorRate, generatorWarmupSteps, generatorFinalRate } = settings;
  const rise = Math.min(1, (done + 1) / (generatorWarmupSteps + 1));
  const fall = 0.5 * (1 + Math.cos(Math.PI * Math.min(1, done / total)));
  return generatorRate * rise * (generatorFinalRate + (1 - generatorFinalRate) * fall);
}

/** One step of the main module M with D frozen, at a rate of {@link generatorRateAt}. `x` stays the caller's. */
export function trainGeneratorStep(
  networks: Networks,
  adam: Adam,
  x: tf.Tensor4D,
  stage: 1 | 2,
  settings: LossWeights,
  rate: number,
  dropout: DropoutMask | null,
  extras: BatchExtras = NO_EXTRAS,
): GeneratorTerms {
  const work = (
    images: tf.Tensor4D,
    beside: BatchExtras,
  ): StepPart<Omit<GeneratorTerms, 'weightDecay' | 'total'>> =>
    generatorGradients(networks, images, stage, settings, dropout, beside);
  const { gradients, terms } = networks.pieces
    ? networks.pieces.run(x.shape[0], (from, count) =>
        withRows(x, from, count, (rows) =>
          withExtras(extras, x.shape[0], from, count, (part) => work(rows, part)),
        ),
      )
    : work(x, extras);
  const weightDecay = adam.apply(gradients, rate);
  tf.dispose(gradients);
  const total =
    terms.adversarial * settings.adversarialWeight +
    terms.reconstruction * settings.reconstructionWeight +
    terms.disjointness * settings.disjointnessWeight +
    (terms.pasted ?? 0) * (settings.pastedWeight ?? 0) +
    (terms.clean ?? 0) * (settings.cleanWeight ?? 0) +
    weightDecay;
  return { ...terms, weightDecay, total };
}

/**
 * Gradients of the discriminator's loss without the weight decay.
 * @param x images [n, h, w, 1]
 * @param labels [n, 1]: -1 for reference, +1 for I_fc; both tensors stay the caller's
 */
export function discriminatorGradients(
  networks: Networks,
  x: tf.Tensor4D,
  labels: tf.Tensor2D,
  normMomentum: number,
  dropout: DropoutMask | null,
): { gradients: tf.NamedTensorMap; mae: number } {
  const { ops, discriminator, discriminatorLayers } = networks;
  const { gradients, terms } = gradientsOf(ops, discriminator, {
    key: JSON.stringify(['discriminator', discriminatorLayers, normMomentum]),
    inputs: [x, labels],
    variables: discriminator.all,
    dropout,
    loss: (masks) => {
      const mode: RunMode = { kind: 'training', dropout: masks, normMomentum, needsInputGradient: false };
      const scores = runDiscriminator(ops, discriminatorLayers, discriminator, x, mode);
      const mae = meanAbsoluteError(scores, labels);
      return { total: mae, terms: mae.clone() };
    },
  });
  const [mae = NaN] = terms;
  return { gradients, mae };
}

/** One step of the discriminator D on reference slices and first cuts. Both tensors stay the caller's. */
export function trainDiscriminatorStep(
  networks: Networks,
  adam: Adam,
  x: tf.Tensor4D,
  labels: tf.Tensor2D,
  settings: Pick<TrainingSettings, 'discriminatorRate' | 'normMomentum'>,
  dropout: DropoutMask | null,
): DiscriminatorTerms {
  const work = (images: tf.Tensor4D, wanted: tf.Tensor2D): StepPart<{ mae: number }> => {
    const step = discriminatorGradients(networks, images, wanted, settings.normMomentum, dropout);
    return { gradients: step.gradients, terms: { mae: step.mae } };
  };
  const { gradients, terms } = networks.pieces
    ? networks.pieces.run(x.shape[0], (from, count) =>
        withRows(x, from, count, (images) => withRows(labels, from, count, (wanted) => work(images, wanted))),
      )
    : work(x, labels);
  const { mae } = terms;
  const weightDecay = adam.apply(gradients, settings.discriminatorRate);
  tf.dispose(gradients);
  return { mae, weightDecay, total: mae + weightDecay };
}

/** Calls with that part of what a batch of `size` images holds beside them; it is gone afterwards. */
function withExtras<Result>(
  { seen, pasted }: BatchExtras,
  size: number,
  from: number,
  count: number,
  work: (part: BatchExtras) => Result,
): Result {
  if (count === size) return work({ seen, pasted });
  const made: tf.Tensor[] = [];
  const rows = (all: tf.Tensor4D, first: number, rowCount: number): tf.Tensor4D => {
    const part = tf.slice(all, first, rowCount);
    made.push(part);
    return part;
  };
  const first = Math.max(from, pasted?.from ?? size);
  const left = from + count - first;
  try {
    return work({
      seen: seen && rows(seen, from, count),
      pasted:
        pasted && left > 0
          ? {
              from: first - from,
              masks: rows(pasted.masks, first - pasted.from, left),
              clean: rows(pasted.clean, first - pasted.from, left),
            }
          : null,
    });
  } finally {
    tf.dispose(made);
  }
}

/** Calls with `count` rows from `from` on; the rows are gone afterwards. */
function withRows<T extends tf.Tensor, Result>(
  all: T,
  from: number,
  count: number,
  work: (rows: T) => Result,
): Result {
  if (count === all.shape[0]) return work(all);
  const rows = tf.slice(all, from, count);
  try {
    return work(rows);
  } finally {
    rows.dispose();
  }
}

/** Labels [n, 1] of a batch whose images of these places are reference slices. */
export function labelsOf(isReference: readonly boolean[]): tf.Tensor2D {
  return tf.tensor2d(
    isReference.map((real) => (real ? REFERENCE_LABEL : CUT_LABEL)),
    [isReference.length, 1],
  );
}

function takeNumbers(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync<'float32'>();
  tensor.dispose();
  return values;
}
