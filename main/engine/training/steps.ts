import * as tf from '@tensorflow/tfjs-core';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import type { DiscriminatorLayers, GeneratorLayers } from '../network/layers';
import {
  CUT_LABEL,
  REFERENCE_LABEL,
  disjointness,
  meanAbsoluteError,
  meanSquaredError,
} from '../network/losses';
import {
  INFERENCE,
  runDiscriminator,
  runGenerator,
  type DropoutMask,
  type RunMode,
} from '../network/networks';
import type { NetworkOps } from '../network/ops';
import type { NetworkWeights } from '../network/weights';
import type { Adam } from './adam';

/** The two networks of a training. */
export interface Networks {
  readonly ops: NetworkOps;
  readonly generatorLayers: GeneratorLayers;
  readonly generator: NetworkWeights;
  readonly discriminatorLayers: DiscriminatorLayers;
  readonly discriminator: NetworkWeights;
}

export interface GeneratorTerms {
  readonly adversarial: number;
  readonly reconstruction: number;
  readonly disjointness: number;
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
  'adversarialWeight' | 'reconstructionWeight' | 'disjointnessWeight' | 'frozenDiscriminatorMode'
>;

/**
 * Gradients of the main module's loss with D frozen, without the weight decay (Adam adds it).
 * @param x input slices [n, h, w, 1]; stays the caller's
 * @returns gradients by variable name, which the caller disposes, and the three terms
 */
export function generatorGradients(
  networks: Networks,
  variables: tf.Variable[],
  x: tf.Tensor4D,
  stage: 1 | 2,
  settings: LossWeights,
  dropout: DropoutMask | null,
): { gradients: tf.NamedTensorMap; terms: Omit<GeneratorTerms, 'weightDecay' | 'total'> } {
  const { ops } = networks;
  const mode: RunMode = { kind: 'training', dropout, updateStatistics: true, needsInputGradient: false };
  const frozen: RunMode =
    settings.frozenDiscriminatorMode === 'inference'
      ? INFERENCE
      : { kind: 'training', dropout, updateStatistics: false, needsInputGradient: true };
  let terms: tf.Tensor | null = null;
  const { value, grads } = tf.variableGrads(() => {
    const cuts = runGenerator(ops, networks.generatorLayers, networks.generator, x, mode);
    const scores = runDiscriminator(
      ops,
      networks.discriminatorLayers,
      networks.discriminator,
      cuts.ifc,
      frozen,
    );
    const adversarial = meanAbsoluteError(scores, REFERENCE_LABEL);
    const reconstruction = meanSquaredError(cuts.iro, x);
    const disjoint = disjointness(cuts.ifc, cuts.iwc, stage);
    terms = tf.keep(tf.stack([adversarial, reconstruction, disjoint]));
    return tf.addN([
      tf.mul(adversarial, settings.adversarialWeight),
      tf.mul(reconstruction, settings.reconstructionWeight),
      tf.mul(disjoint, settings.disjointnessWeight),
    ]) as tf.Scalar;
  }, variables);
  value.dispose();
  const [adversarial = NaN, reconstruction = NaN, disjoint = NaN] = takeNumbers(terms);
  return { gradients: grads, terms: { adversarial, reconstruction, disjointness: disjoint } };
}

/** One step of the main module M with D frozen. `x` stays the caller's. */
export function trainGeneratorStep(
  networks: Networks,
  adam: Adam,
  x: tf.Tensor4D,
  stage: 1 | 2,
  settings: LossWeights & Pick<TrainingSettings, 'generatorRate'>,
  dropout: DropoutMask | null,
): GeneratorTerms {
  const { gradients, terms } = generatorGradients(networks, adam.variables, x, stage, settings, dropout);
  const weightDecay = adam.apply(gradients, settings.generatorRate);
  tf.dispose(gradients);
  const total =
    terms.adversarial * settings.adversarialWeight +
    terms.reconstruction * settings.reconstructionWeight +
    terms.disjointness * settings.disjointnessWeight +
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
  variables: tf.Variable[],
  x: tf.Tensor4D,
  labels: tf.Tensor2D,
  dropout: DropoutMask | null,
): { gradients: tf.NamedTensorMap; mae: number } {
  const mode: RunMode = { kind: 'training', dropout, updateStatistics: true, needsInputGradient: false };
  const { value, grads } = tf.variableGrads(
    () =>
      meanAbsoluteError(
        runDiscriminator(networks.ops, networks.discriminatorLayers, networks.discriminator, x, mode),
        labels,
      ),
    variables,
  );
  const [mae = NaN] = takeNumbers(value);
  return { gradients: grads, mae };
}

/** One step of the discriminator D on reference slices and first cuts. Both tensors stay the caller's. */
export function trainDiscriminatorStep(
  networks: Networks,
  adam: Adam,
  x: tf.Tensor4D,
  labels: tf.Tensor2D,
  rate: number,
  dropout: DropoutMask | null,
): DiscriminatorTerms {
  const { gradients, mae } = discriminatorGradients(networks, adam.variables, x, labels, dropout);
  const weightDecay = adam.apply(gradients, rate);
  tf.dispose(gradients);
  return { mae, weightDecay, total: mae + weightDecay };
}

/** Labels [n, 1] of a batch whose images of these places are reference slices. */
export function labelsOf(isReference: readonly boolean[]): tf.Tensor2D {
  return tf.tensor2d(
    isReference.map((real) => (real ? REFERENCE_LABEL : CUT_LABEL)),
    [isReference.length, 1],
  );
}

function takeNumbers(tensor: tf.Tensor | null): Float32Array {
  if (!tensor) throw new Error('the loss was not computed');
  const values = tensor.dataSync<'float32'>();
  tensor.dispose();
  return values;
}
