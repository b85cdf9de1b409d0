import * as tf from '@tensorflow/tfjs-core';
import type { AdamConstants, AdamKernel } from '../../network/ops';
import { adamUpdate, assignVariable, destroyVariable, makeVariable, readVariable } from './kernels';

/**
 * Adam by TensorFlow's own kernel, which reads each number once and writes it in place. Weights and moments live in
 * variables of TensorFlow's; the networks' variables are views of them.
 */
export function nativeAdam(variables: readonly tf.Variable[], constants: AdamConstants): AdamKernel {
  const scalars = tf.tidy(() =>
    // The bias correction is in the rate already: powers of 0 leave it out.
    [0, 0, constants.beta1, constants.beta2, constants.epsilon].map((value) => tf.keep(tf.scalar(value))),
  );
  const [power1, power2, ...rest] = scalars as [tf.Scalar, tf.Scalar, ...tf.Scalar[]];
  const parts = variables.map((variable) => {
    const zeros = tf.zeros(variable.shape);
    const part = {
      variable,
      weights: makeVariable(variable),
      first: makeVariable(zeros),
      second: makeVariable(zeros),
      /** What the weights were when they were last read from TensorFlow. */
      seen: variable.dataId,
    };
    zeros.dispose();
    return part;
  });
  const partAt = (index: number): (typeof parts)[number] => {
    const part = parts[index];
    if (!part) throw new Error(`no variable ${index}`);
    return part;
  };
  return {
    update(index, gradient, rate) {
      const part = partAt(index);
      // Somebody else has set the weights, for example from a checkpoint.
      if (part.variable.dataId !== part.seen) assignVariable(part.weights, part.variable);
      tf.tidy(() => {
        const inputs = [power1, power2, tf.scalar(rate), ...rest, gradient];
        adamUpdate(part.weights, part.first, part.second, inputs);
        part.variable.assign(readVariable(part.weights));
      });
      part.seen = part.variable.dataId;
    },
    moments(index) {
      const { first, second } = partAt(index);
      return { first: readVariable(first), second: readVariable(second) };
    },
    restore(index, first, second) {
      const part = partAt(index);
      assignVariable(part.first, first);
      assignVariable(part.second, second);
    },
    dispose() {
      for (const { weights, first, second } of parts) [weights, first, second].forEach(destroyVariable);
      tf.dispose(scalars);
    },
  };
}
