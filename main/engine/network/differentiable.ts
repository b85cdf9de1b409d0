import * as tf from '@tensorflow/tfjs-core';

/**
 * One operation with its gradient written out, which keeps no more than it must: TensorFlow.js holds every tensor of a step
 * until the step ends; here what went into the gradient is gone as soon as the gradient is there. That halves the memory
 * of a training step, and memory that is used again is in the processor's cache.
 *
 * @param inputs what the result is differentiable in
 * @param forward computes the result; `save` keeps tensors for the gradient
 * @param gradient one tensor for each input, of the result's gradient and what was saved; both are gone afterwards
 */
export function differentiable<Output extends tf.Tensor>(
  inputs: readonly tf.Tensor[],
  forward: (save: (tensors: readonly tf.Tensor[]) => void) => Output,
  gradient: (dy: Output, saved: readonly tf.Tensor[]) => tf.Tensor[],
): Output {
  const operation = tf.customGrad((...args) => {
    const save = args.at(-1) as unknown as tf.GradSaveFunc;
    return {
      value: forward((tensors) => save([...tensors])),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const gradients = tf.tidy(() => gradient(dy as Output, saved));
        tf.dispose([dy, ...saved]);
        return gradients;
      },
    };
  });
  return operation(...inputs) as Output;
}
