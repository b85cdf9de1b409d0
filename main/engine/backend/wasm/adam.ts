import * as tf from '@tensorflow/tfjs-core';
import type { AdamConstants, AdamKernel, AdamPart } from '../../network/ops';
import { onHeap } from './heap';

/** Adam array by array, each number read once. The moments lie outside of the backend's memory, as nothing else reads them. */
export function wasmAdam(of: readonly AdamPart[], constants: AdamConstants): AdamKernel {
  const { beta1, beta2, epsilon } = constants;
  const parts = of.map((part) => ({
    ...part,
    first: new Float32Array(part.variable.size),
    second: new Float32Array(part.variable.size),
  }));
  /** @returns Σ w² before the step */
  const update = (
    { variable, decay, rate: relative, first, second }: (typeof parts)[number],
    gradient: tf.Tensor,
    stepRate: number,
  ): number => {
    const rate = stepRate * relative;
    let squares = 0;
    const [next] = onHeap([variable, gradient], [variable.shape], ([weights, slope], [to]) => {
      if (!weights || !slope || !to) return;
      for (let i = 0; i < to.length; i++) {
        const w = weights[i] as number;
        const g = (slope[i] as number) + decay * w;
        const m = (first[i] as number) + (1 - beta1) * (g - (first[i] as number));
        const v = (second[i] as number) + (1 - beta2) * (g * g - (second[i] as number));
        squares += w * w;
        first[i] = m;
        second[i] = v;
        to[i] = w - (rate * m) / (Math.sqrt(v) + epsilon);
      }
    }) as [tf.Tensor];
    variable.assign(next);
    next.dispose();
    return squares;
  };
  return {
    apply: (gradients, rate) =>
      parts.reduce(
        (sum, part, i) => sum + 0.5 * part.decay * update(part, gradients[i] as tf.Tensor, rate),
        0,
      ),
    moments: () => ({
      first: parts.map(({ first, variable }) => tf.tensor(first.slice(), variable.shape)),
      second: parts.map(({ second, variable }) => tf.tensor(second.slice(), variable.shape)),
    }),
    restore(moments) {
      parts.forEach(({ first, second }, i) => {
        first.set((moments.first[i] as tf.Tensor).dataSync<'float32'>());
        second.set((moments.second[i] as tf.Tensor).dataSync<'float32'>());
      });
    },
    // Nothing is held in the backend's memory.
    dispose: () => undefined,
  };
}
