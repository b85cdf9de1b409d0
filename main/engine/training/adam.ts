import * as tf from '@tensorflow/tfjs-core';
import { sizeOf, type NetworkWeights } from '../network/weights';

const BETA_1 = 0.9;
const BETA_2 = 0.999;
const EPSILON = 1e-7;

/** The moments of an optimizer as plain data. */
export interface AdamState {
  readonly step: number;
  readonly first: Float32Array;
  readonly second: Float32Array;
}

/**
 * Adam in the form of Keras's optimizer (the bias correction is in the rate; epsilon is added outside of it), with the
 * L2 weight decay of the loss added to the gradients. All weights of a network are one flat vector here: that is a
 * handful of operations a step instead of a handful for each of a hundred arrays.
 */
export class Adam {
  private readonly parts: { variable: tf.Variable; size: number }[];
  private first: tf.Tensor1D;
  private second: tf.Tensor1D;
  /** Learning rate of each weight relative to the network's, or null where all are 1. */
  private readonly rates: tf.Tensor1D | null;
  /** 2 * weight decay where it applies, else 0. */
  private readonly decay: tf.Tensor1D;
  private step = 0;

  /** @param rateOf learning rate of a weight array as a multiple of the step's rate. */
  constructor(
    weights: NetworkWeights,
    private readonly weightDecay: number,
    rateOf: (name: string) => number = () => 1,
  ) {
    const trainable = weights.trainable();
    this.parts = trainable.map(({ spec, variable }) => ({ variable, size: sizeOf(spec.shape) }));
    const total = this.parts.reduce((sum, part) => sum + part.size, 0);
    const decay = new Float32Array(total);
    const rates = new Float32Array(total);
    let at = 0;
    for (const { spec } of trainable) {
      const size = sizeOf(spec.shape);
      decay.fill(spec.decays ? 2 * weightDecay : 0, at, at + size);
      rates.fill(rateOf(spec.name), at, at + size);
      at += size;
    }
    this.decay = tf.tensor1d(decay);
    this.rates = rates.every((rate) => rate === 1) ? null : tf.tensor1d(rates);
    this.first = tf.zeros([total]);
    this.second = tf.zeros([total]);
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
    const corrected = (rate * Math.sqrt(1 - BETA_2 ** this.step)) / (1 - BETA_1 ** this.step);
    const decayTerm = tf.tidy(() => {
      const flat = (tensors: tf.Tensor[]): tf.Tensor1D =>
        tf.concat(tensors.map((t) => tf.reshape(t, [t.size])));
      const theta = flat(this.variables);
      const decayed = tf.mul(theta, this.decay);
      const gradient = tf.add(flat(this.parts.map((part) => gradientOf(gradients, part.variable))), decayed);
      const first = tf.add(tf.mul(this.first, BETA_1), tf.mul(gradient, 1 - BETA_1)) as tf.Tensor1D;
      const second = tf.add(
        tf.mul(this.second, BETA_2),
        tf.mul(tf.square(gradient), 1 - BETA_2),
      ) as tf.Tensor1D;
      let change = tf.mul(tf.div(first, tf.add(tf.sqrt(second), EPSILON)), corrected);
      if (this.rates) change = tf.mul(change, this.rates);
      tf.dispose([this.first, this.second]);
      this.first = tf.keep(first);
      this.second = tf.keep(second);
      const next = tf.split(
        tf.sub(theta, change),
        this.parts.map((part) => part.size),
      );
      this.parts.forEach((part, i) =>
        part.variable.assign(tf.reshape(next[i] as tf.Tensor, part.variable.shape)),
      );
      // decayed is 2 λ w, so λ Σ w² is half of w · decayed.
      return this.weightDecay === 0 ? tf.scalar(0) : tf.mul(tf.sum(tf.mul(theta, decayed)), 0.5);
    });
    const value = decayTerm.dataSync()[0] as number;
    decayTerm.dispose();
    return value;
  }

  state(): AdamState {
    return {
      step: this.step,
      first: this.first.dataSync<'float32'>().slice(),
      second: this.second.dataSync<'float32'>().slice(),
    };
  }

  restore(state: AdamState): void {
    tf.dispose([this.first, this.second]);
    this.step = state.step;
    this.first = tf.tensor1d(state.first);
    this.second = tf.tensor1d(state.second);
  }

  dispose(): void {
    tf.dispose([this.first, this.second, this.decay]);
    this.rates?.dispose();
  }
}

function gradientOf(gradients: tf.NamedTensorMap, variable: tf.Variable): tf.Tensor {
  const gradient = gradients[variable.name];
  if (!gradient) throw new Error(`no gradient for ${variable.name}`);
  return gradient;
}
