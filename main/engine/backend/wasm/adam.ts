import * as tf from '@tensorflow/tfjs-core';
import type { AdamConstants, AdamKernel } from '../../network/ops';
import { onHeap } from './heap';

/** Adam array by array, each number read once. The moments lie outside of the backend's memory, as nothing else reads them. */
export function wasmAdam(variables: readonly tf.Variable[], constants: AdamConstants): AdamKernel {
  const { beta1, beta2, epsilon } = constants;
  const parts = variables.map((variable) => ({
    variable,
    first: new Float32Array(variable.size),
    second: new Float32Array(variable.size),
  }));
  const partAt = (index: number): (typeof parts)[number] => {
    const part = parts[index];
    if (!part) throw new Error(`no variable ${index}`);
    return part;
  };
  return {
    update(index, gradient, rate) {
      const { variable, first, second } = partAt(index);
      const [next] = onHeap([variable, gradient], [variable.shape], ([weights, slope], [to]) => {
        if (!weights || !slope || !to) return;
        for (let i = 0; i < to.length; i++) {
          const g = slope[i] as number;
          const m = (first[i] as number) + (1 - beta1) * (g - (first[i] as number));
          const v = (second[i] as number) + (1 - beta2) * (g * g - (second[i] as number));
          first[i] = m;
          second[i] = v;
          to[i] = (weights[i] as number) - (rate * m) / (Math.sqrt(v) + epsilon);
        }
      }) as [tf.Tensor];
      variable.assign(next);
      next.dispose();
    },
    moments(index) {
      const { variable, first, second } = partAt(index);
      return {
        first: tf.tensor(first.slice(), variable.shape),
        second: tf.tensor(second.slice(), variable.shape),
      };
    },
    restore(index, first, second) {
      const part = partAt(index);
      part.first.set(first.dataSync<'float32'>());
      part.second.set(second.dataSync<'float32'>());
    },
    // Nothing is held in the backend's memory.
    dispose: () => undefined,
  };
}
