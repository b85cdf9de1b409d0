import * as tf from '@tensorflow/tfjs-core';
import { presets, type TrainingSettings } from '../../../shared/study/trainingSettings';
import type { AdamConstants, AdamKernel, NetworkOps } from '../network/ops';
import { sizeOf, type NetworkWeights } from '../network/weights';

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

/** How the weights are moved: as one vector out of elementwise operations, or by a kernel of the backend. */
interface AdamMethod {
  /** @returns the value of the weight decay term before the step */
  apply(gradients: readonly tf.Tensor[], rate: number): number;
  moments(): Pick<AdamState, 'first' | 'second'>;
  restore(state: Pick<AdamState, 'first' | 'second'>): void;
  dispose(): void;
}

interface Part {
  readonly variable: tf.Variable;
  readonly size: number;
  /** 2 * weight decay where it applies, else 0. */
  readonly decay: number;
  /** Learning rate relative to the network's. */
  readonly rate: number;
}

/**
 * Adam in the form of Keras's optimizer (the bias correction is in the rate; epsilon is added outside of it), with the
 * L2 weight decay of the loss added to the gradients.
 */
export class Adam {
  private readonly parts: readonly Part[];
  private readonly method: AdamMethod;
  private step = 0;

  /**
   * @param rateOf learning rate of a weight array as a multiple of the step's rate.
   * @param kernel the backend's own update, where it has one
   * @param constants the published ones unless given
   */
  constructor(
    weights: NetworkWeights,
    weightDecay: number,
    rateOf: (name: string) => number = () => 1,
    kernel?: NetworkOps['adam'],
    private readonly constants = adamConstants(presets.published),
  ) {
    this.parts = weights.trainable().map(({ spec, variable }) => ({
      variable,
      size: sizeOf(spec.shape),
      decay: spec.decays ? 2 * weightDecay : 0,
      rate: rateOf(spec.name),
    }));
    this.method = kernel
      ? new KernelAdam(this.parts, kernel(this.variables, constants))
      : new FlatAdam(this.parts, constants);
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
    return this.method.apply(
      this.variables.map((variable) => gradientOf(gradients, variable)),
      corrected,
    );
  }

  state(): AdamState {
    return { step: this.step, ...this.method.moments() };
  }

  restore(state: AdamState): void {
    this.step = state.step;
    this.method.restore(state);
  }

  dispose(): void {
    this.method.dispose();
  }
}

/**
 * All weights of a network as one flat vector: that is a handful of operations a step instead of a handful for each of a
 * hundred arrays.
 */
class FlatAdam implements AdamMethod {
  private first: tf.Tensor1D;
  private second: tf.Tensor1D;
  /** Learning rate of each weight relative to the network's, or null where all are 1. */
  private readonly rates: tf.Tensor1D | null;
  private readonly decay: tf.Tensor1D;

  constructor(
    private readonly parts: readonly Part[],
    private readonly constants: AdamConstants,
  ) {
    const total = parts.reduce((sum, part) => sum + part.size, 0);
    const decay = new Float32Array(total);
    const rates = new Float32Array(total);
    let at = 0;
    for (const part of parts) {
      decay.fill(part.decay, at, at + part.size);
      rates.fill(part.rate, at, at + part.size);
      at += part.size;
    }
    this.decay = tf.tensor1d(decay);
    this.rates = rates.every((rate) => rate === 1) ? null : tf.tensor1d(rates);
    this.first = tf.zeros([total]);
    this.second = tf.zeros([total]);
  }

  apply(gradients: readonly tf.Tensor[], corrected: number): number {
    const { beta1, beta2, epsilon } = this.constants;
    const decayTerm = tf.tidy(() => {
      const flat = (tensors: readonly tf.Tensor[]): tf.Tensor1D =>
        tf.concat(tensors.map((t) => tf.reshape(t, [t.size])));
      const theta = flat(this.parts.map((part) => part.variable));
      const decayed = tf.mul(theta, this.decay);
      const gradient = tf.add(flat(gradients), decayed);
      const first = tf.add(tf.mul(this.first, beta1), tf.mul(gradient, 1 - beta1)) as tf.Tensor1D;
      const second = tf.add(
        tf.mul(this.second, beta2),
        tf.mul(tf.square(gradient), 1 - beta2),
      ) as tf.Tensor1D;
      let change = tf.mul(tf.div(first, tf.add(tf.sqrt(second), epsilon)), corrected);
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
      return tf.mul(tf.sum(tf.mul(theta, decayed)), 0.5);
    });
    return takeNumber(decayTerm);
  }

  moments(): Pick<AdamState, 'first' | 'second'> {
    return {
      first: this.first.dataSync<'float32'>().slice(),
      second: this.second.dataSync<'float32'>().slice(),
    };
  }

  restore(state: Pick<AdamState, 'first' | 'second'>): void {
    tf.dispose([this.first, this.second]);
    this.first = tf.tensor1d(state.first);
    this.second = tf.tensor1d(state.second);
  }

  dispose(): void {
    tf.dispose([this.first, this.second, this.decay]);
    this.rates?.dispose();
  }
}

/** Array by array, by the backend's kernel. */
class KernelAdam implements AdamMethod {
  constructor(
    private readonly parts: readonly Part[],
    private readonly kernel: AdamKernel,
  ) {}

  apply(gradients: readonly tf.Tensor[], corrected: number): number {
    const decayTerm = tf.tidy(() => {
      const terms: tf.Tensor[] = [tf.scalar(0)];
      this.parts.forEach(({ variable, decay, rate }, i) => {
        let gradient = gradients[i] as tf.Tensor;
        if (decay > 0) {
          const decayed = tf.mul(variable, decay);
          // decayed is 2 λ w, so λ Σ w² is half of w · decayed.
          terms.push(tf.mul(tf.sum(tf.mul(variable, decayed)), 0.5));
          gradient = tf.add(gradient, decayed);
        }
        this.kernel.update(i, gradient, corrected * rate);
      });
      return tf.addN(terms);
    });
    return takeNumber(decayTerm);
  }

  moments(): Pick<AdamState, 'first' | 'second'> {
    const total = this.parts.reduce((sum, part) => sum + part.size, 0);
    const state = { first: new Float32Array(total), second: new Float32Array(total) };
    let at = 0;
    this.parts.forEach(({ size }, i) => {
      const { first, second } = this.kernel.moments(i);
      state.first.set(first.dataSync(), at);
      state.second.set(second.dataSync(), at);
      tf.dispose([first, second]);
      at += size;
    });
    return state;
  }

  restore(state: Pick<AdamState, 'first' | 'second'>): void {
    let at = 0;
    this.parts.forEach(({ variable, size }, i) => {
      const of = (values: Float32Array): tf.Tensor => tf.tensor(values.slice(at, at + size), variable.shape);
      const [first, second] = [of(state.first), of(state.second)];
      this.kernel.restore(i, first, second);
      tf.dispose([first, second]);
      at += size;
    });
  }

  dispose(): void {
    this.kernel.dispose();
  }
}

function takeNumber(scalar: tf.Tensor): number {
  const value = scalar.dataSync()[0] as number;
  scalar.dispose();
  return value;
}

function gradientOf(gradients: tf.NamedTensorMap, variable: tf.Variable): tf.Tensor {
  const gradient = gradients[variable.name];
  if (!gradient) throw new Error(`no gradient for ${variable.name}`);
  return gradient;
}
