import * as tf from '@tensorflow/tfjs-core';
import { presets, type TrainingSettings } from '../../../shared/study/trainingSettings';
import type { AdamConstants, AdamKernel, AdamPart, NetworkOps } from '../network/ops';
import type { NetworkWeights } from '../network/weights';

/** Adam's constants of a training. */
export function adamConstants({
  adamBeta1,
  adamBeta2,
  adamEpsilon,
}: Pick<TrainingSettings, 'adamBeta1' | 'adamBeta2' | 'adamEpsilon'>): AdamConstants {
  return { beta1: adamBeta1, beta2: adamBeta2, epsilon: adamEpsilon };
}

/** The moments of an optimizer as plain data. */
export interface AdamState {
  readonly step: number;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/**
 * Adam in the form of Keras's optimizer (the bias correction is in the rate; epsilon is added outside of it), with the
 * L2 weight decay of the loss added to the gradients.
 */
export class Adam {
  private readonly parts: readonly AdamPart[];
  private readonly kernel: AdamKernel;
  private step = 0;

  /**
   * @param kernel the backend's own update
   * @param rateOf learning rate of a weight array as a multiple of the step's rate.
   * @param constants the published ones unless given
   */
  constructor(
    weights: NetworkWeights,
    weightDecay: number,
    kernel: NetworkOps['adam'],
    rateOf: (name: string) => number = () => 1,
    private readonly constants = adamConstants(presets.published),
  ) {
    this.parts = weights.trainable().map(({ spec, variable }) => ({
      variable,
      decay: spec.decays ? 2 * weightDecay : 0,
      rate: rateOf(spec.name),
    }));
    this.kernel = kernel(this.parts, constants);
  }

  /** The variables in the order of the gradients that {@link apply} takes. */
  get variables(): tf.Variable[] {
    return this.parts.map((part) => part.variable);
  }

  /**
   * One step. Takes ownership of nothing: the caller disposes the gradients.
   * @param gradients by variable name, of the loss without the weight decay
   * @returns the value of the weight decay term before the step
   */
  apply(gradients: tf.NamedTensorMap, rate: number): number {
    this.step += 1;
    const { beta1, beta2 } = this.constants;
    const corrected = (rate * Math.sqrt(1 - beta2 ** this.step)) / (1 - beta1 ** this.step);
    return this.kernel.apply(
      this.variables.map((variable) => gradientOf(gradients, variable)),
      corrected,
    );
  }

  state(): AdamState {
    const { first, second } = this.kernel.moments();
    const state = { step: this.step, first: flat(first), second: flat(second) };
    tf.dispose([...first, ...second]);
    return state;
  }

  restore(state: AdamState): void {
    this.step = state.step;
    const moments = { first: this.tensorsOf(state.first), second: this.tensorsOf(state.second) };
    this.kernel.restore(moments);
    tf.dispose([...moments.first, ...moments.second]);
  }

  dispose(): void {
    this.kernel.dispose();
  }

  /** The inverse of {@link flat}. */
  private tensorsOf(values: Float32Array): tf.Tensor[] {
    let at = 0;
    return this.variables.map(({ size, shape }) => {
      at += size;
      return tf.tensor(values.slice(at - size, at), shape);
    });
  }
}

/** All numbers of some tensors in a row. */
function flat(tensors: readonly tf.Tensor[]): Float32Array {
  const all = new Float32Array(tensors.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  for (const tensor of tensors) {
    all.set(tensor.dataSync(), at);
    at += tensor.size;
  }
  return all;
}

function gradientOf(gradients: tf.NamedTensorMap, variable: tf.Variable): tf.Tensor {
  const gradient = gradients[variable.name];
  if (!gradient) throw new Error(`no gradient for ${variable.name}`);
  return gradient;
}
