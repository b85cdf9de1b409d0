import * as tf from '@tensorflow/tfjs-core';
import type { AdamConstants, AdamKernel, AdamPart } from '../../network/ops';
import { sizeOf } from '../../network/weights';
import {
  adamUpdate,
  assignVariable,
  destroyVariable,
  halfSquares,
  makeVariable,
  readVariable,
  releaseData,
  type NativeVariable,
} from './kernels';

/** Arrays below so many numbers are moved together: calling a kernel costs more than what it does to so few. */
const SMALL = 16_384;

/** What is moved by one call of the kernel: a large array, or all small ones of the same decay and rate in a row. */
interface Unit {
  readonly decay: number;
  readonly rate: number;
  /** Places in the list of variables. */
  readonly members: readonly number[];
  readonly weights: NativeVariable;
  readonly first: NativeVariable;
  readonly second: NativeVariable;
}

/**
 * Adam by TensorFlow's own kernel, which reads each number once and writes it in place. Weights and moments live in
 * variables of TensorFlow's; the networks' variables are views of them.
 */
export function nativeAdam(parts: readonly AdamPart[], constants: AdamConstants): AdamKernel {
  const scalars = tf.tidy(() =>
    // The bias correction is in the rate already: powers of 0 leave it out.
    [0, 0, constants.beta1, constants.beta2, constants.epsilon].map((value) => tf.keep(tf.scalar(value))),
  );
  const [power1, power2, ...rest] = scalars as [tf.Scalar, tf.Scalar, ...tf.Scalar[]];
  const variables = parts.map(({ variable }) => variable);
  const shapes = variables.map(({ shape }) => shape);
  const units = unitsOf(parts);
  /** The data of each variable when it was last read from TensorFlow. */
  const seen = variables.map(({ dataId }) => dataId);

  /** The tensors at the unit's places as one. */
  const joined = ({ members }: Unit, of: readonly tf.Tensor[]): tf.Tensor =>
    members.length === 1
      ? (of[members[0] as number] as tf.Tensor)
      : tf.concat1d(members.map((i) => flat(of[i] as tf.Tensor)));

  /** The inverse of {@link joined}: calls with each place's tensor, which ends with the tidy around it. */
  const separate = (
    { members }: Unit,
    all: tf.Tensor,
    use: (index: number, part: tf.Tensor) => void,
  ): void => {
    if (members.length === 1) return use(members[0] as number, all);
    const sizes = members.map((i) => sizeOf(shapes[i] as number[]));
    const split = tf.split(all as tf.Tensor1D, sizes);
    members.forEach((i, at) => {
      const shape = shapes[i] as number[];
      const part = split[at] as tf.Tensor;
      use(i, shape.length === 1 ? part : tf.reshape(part, shape));
    });
  };

  const update = (unit: Unit, gradients: readonly tf.Tensor[], rate: number, squares: tf.Tensor[]): void => {
    // Somebody else has set the weights, for example from a checkpoint.
    if (unit.members.some((i) => variables[i]?.dataId !== seen[i]))
      assignVariable(unit.weights, joined(unit, variables));
    let gradient = joined(unit, gradients);
    if (unit.decay > 0) {
      const weights = readVariable(unit.weights);
      squares.push(halfSquares(weights));
      gradient = tf.add(gradient, tf.mul(weights, unit.decay));
      weights.dispose();
    }
    const inputs = [power1, power2, tf.scalar(rate * unit.rate), ...rest, gradient];
    // A value that somebody still holds would be copied before it is moved.
    if (unit.members.length === 1) releaseData(variables[unit.members[0] as number] as tf.Variable);
    adamUpdate(unit.weights, unit.first, unit.second, inputs);
    separate(unit, readVariable(unit.weights), (i, value) => {
      const variable = variables[i] as tf.Variable;
      variable.assign(value);
      seen[i] = variable.dataId;
    });
  };

  return {
    apply(gradients, rate) {
      const squares = tf.tidy(() => {
        const each: tf.Tensor[] = [];
        for (const unit of units) update(unit, gradients, rate, each);
        return tf.stack([tf.scalar(0), ...each]);
      });
      const decays = units.flatMap(({ decay }) => (decay > 0 ? [decay] : []));
      const values = squares.dataSync<'float32'>();
      squares.dispose();
      return decays.reduce((sum, decay, i) => sum + decay * (values[i + 1] as number), 0);
    },
    moments() {
      const first: tf.Tensor[] = [];
      const second: tf.Tensor[] = [];
      tf.tidy(() => {
        for (const unit of units) {
          separate(unit, readVariable(unit.first), (i, value) => (first[i] = tf.keep(value)));
          separate(unit, readVariable(unit.second), (i, value) => (second[i] = tf.keep(value)));
        }
      });
      return { first, second };
    },
    restore({ first, second }) {
      tf.tidy(() => {
        for (const unit of units) {
          assignVariable(unit.first, joined(unit, first));
          assignVariable(unit.second, joined(unit, second));
        }
      });
    },
    dispose() {
      for (const { weights, first, second } of units) [weights, first, second].forEach(destroyVariable);
      tf.dispose(scalars);
    },
  };
}

/** Most small arrays are flat already, and each operation costs. */
function flat(x: tf.Tensor): tf.Tensor1D {
  return (x.rank === 1 ? x : tf.reshape(x, [-1])) as tf.Tensor1D;
}

function unitsOf(parts: readonly AdamPart[]): Unit[] {
  const groups = new Map<string, number[]>();
  parts.forEach(({ variable, decay, rate }, i) => {
    const key = variable.size < SMALL ? `${decay} ${rate}` : `alone ${i}`;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  return [...groups.values()].map((members) =>
    tf.tidy(() => {
      const of = members.map((i) => parts[i] as AdamPart);
      const [{ variable, decay, rate }] = of as [AdamPart];
      const start = of.length === 1 ? variable : tf.concat1d(of.map((part) => flat(part.variable)));
      const zeros = tf.zeros(start.shape);
      return {
        decay,
        rate,
        members,
        weights: makeVariable(start),
        first: makeVariable(zeros),
        second: makeVariable(zeros),
      };
    }),
  );
}
