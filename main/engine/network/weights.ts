import * as tf from '@tensorflow/tfjs-core';
import { ExpectedError } from '../../../shared/failure';
import type { Random } from '../../../shared/random';
import type { BlockWeights, FrozenBlockWeights } from './ops';
import type { ConvBlock, WeightSpec } from './layers';

/** Weights as plain arrays by name, as they are stored. */
export type WeightArrays = ReadonlyMap<string, Float32Array>;

/**
 * The weights of one network, held as TensorFlow.js variables. The owner calls {@link NetworkWeights.dispose}.
 */
export class NetworkWeights {
  readonly specs: readonly WeightSpec[];
  private readonly variables = new Map<string, tf.Variable>();

  private constructor(specs: readonly WeightSpec[], valueOf: (spec: WeightSpec) => Float32Array) {
    this.specs = specs;
    for (const spec of specs) {
      const start = tf.tensor(valueOf(spec), [...spec.shape], 'float32');
      this.variables.set(spec.name, tf.variable(start, spec.trainable));
      start.dispose();
    }
  }

  /** Newly initialised weights, drawn in layer order: the same seed gives the same network on every backend. */
  static initialise(specs: readonly WeightSpec[], random: Random): NetworkWeights {
    return NetworkWeights.fromArrays(specs, initialArrays(specs, random));
  }

  /** Weights from stored arrays. A missing, extra or misshapen array is an error that names it. */
  static fromArrays(specs: readonly WeightSpec[], arrays: WeightArrays): NetworkWeights {
    checkArrays(specs, arrays);
    return new NetworkWeights(specs, (spec) => arrays.get(spec.name) as Float32Array);
  }

  /** The variable of this name; a name that the network does not have is a bug. */
  get(name: string): tf.Variable {
    const variable = this.variables.get(name);
    if (!variable) throw new Error(`no weight is named ${name}`);
    return variable;
  }

  block(block: ConvBlock): BlockWeights {
    return {
      kernel: this.get(`${block.conv}/kernel`) as unknown as tf.Tensor4D,
      bias: this.get(`${block.conv}/bias`),
      gamma: this.get(`${block.norm}/gamma`),
      beta: this.get(`${block.norm}/beta`),
    };
  }

  frozenBlock(block: ConvBlock): FrozenBlockWeights {
    return {
      ...this.block(block),
      movingMean: this.get(`${block.norm}/moving_mean`),
      movingVariance: this.get(`${block.norm}/moving_variance`),
    };
  }

  /** All variables, in layer order. */
  get all(): tf.Variable[] {
    return [...this.variables.values()];
  }

  /** Trainable variables with their specs, in layer order. */
  trainable(): { spec: WeightSpec; variable: tf.Variable }[] {
    return this.specs
      .filter((spec) => spec.trainable)
      .map((spec) => ({ spec, variable: this.get(spec.name) }));
  }

  /** Copies of all weights, for storing. */
  toArrays(): Map<string, Float32Array> {
    return new Map(this.specs.map((spec) => [spec.name, this.get(spec.name).dataSync<'float32'>().slice()]));
  }

  /** Overwrites all weights. */
  load(arrays: WeightArrays): void {
    checkArrays(this.specs, arrays);
    for (const spec of this.specs) {
      const value = tf.tensor(arrays.get(spec.name) as Float32Array, [...spec.shape], 'float32');
      this.get(spec.name).assign(value);
      value.dispose();
    }
  }

  dispose(): void {
    for (const variable of this.variables.values()) variable.dispose();
    this.variables.clear();
  }
}

/** Number of values in an array of this shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** The arrays of a new network, drawn in layer order. */
export function initialArrays(specs: readonly WeightSpec[], random: Random): Map<string, Float32Array> {
  return new Map(specs.map((spec) => [spec.name, startValues(spec, random)]));
}

/** Keras's default initialisers. Glorot uniform: limit sqrt(6 / (fan in + fan out)), fans including the window. */
function startValues(spec: WeightSpec, random: Random): Float32Array {
  const values = new Float32Array(sizeOf(spec.shape));
  if (spec.start === 'ones') return values.fill(1);
  if (spec.start === 'zeros') return values;
  const window = sizeOf(spec.shape.slice(0, -2));
  const [second = 1, last = 1] = spec.shape.slice(-2);
  const limit = Math.sqrt(6 / (window * (second + last)));
  for (let i = 0; i < values.length; i++) values[i] = random.uniform(-limit, limit);
  return values;
}

function checkArrays(specs: readonly WeightSpec[], arrays: WeightArrays): void {
  const known = new Set(specs.map((spec) => spec.name));
  for (const spec of specs) {
    const values = arrays.get(spec.name);
    if (!values) {
      throw new ExpectedError(
        'run-damaged',
        `The model lacks the weights ${spec.name}; choose another model file.`,
      );
    }
    if (values.length !== sizeOf(spec.shape)) {
      throw new ExpectedError(
        'run-damaged',
        `The model's weights ${spec.name} hold ${values.length} values where [${spec.shape.join(', ')}] is needed; ` +
          'choose a model of the same base width and image size.',
      );
    }
  }
  for (const name of arrays.keys()) {
    if (!known.has(name)) {
      throw new ExpectedError(
        'run-damaged',
        `The model has weights named ${name}, which ASC-Net does not; choose another model file.`,
      );
    }
  }
}
