import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';

/** Loops over float32 arrays that lie in the backend's memory; the outputs hold whatever was there before. */
export type HeapWork = (inputs: readonly Float32Array[], outputs: readonly Float32Array[]) => void;

const KERNEL = 'AscNetHeapWork';
let registered = false;

/**
 * Runs loops of our own on tensors of the wasm backend, without a copy: one pass over the memory where the backend's
 * kernels would take one each for every sum and product.
 * @param inputs float32 tensors
 * @param shapes of the outputs, which are float32 too
 */
export function onHeap(
  inputs: readonly tf.Tensor[],
  shapes: readonly (readonly number[])[],
  work: HeapWork,
): tf.Tensor[] {
  if (!registered) {
    tf.registerKernel({ kernelName: KERNEL, backendName: 'wasm', kernelFunc: runWork });
    registered = true;
  }
  return tf
    .engine()
    .runKernel(
      KERNEL,
      Object.fromEntries(inputs.entries()) as unknown as tf.NamedTensorMap,
      { shapes, work } as unknown as tf.NamedAttrMap,
    ) as tf.Tensor[];
}

const runWork: tf.KernelFunc = ({ inputs, attrs, backend }) => {
  const wasm = backend as BackendWasm;
  const { shapes, work } = attrs as unknown as { shapes: readonly number[][]; work: HeapWork };
  const given = Object.values(inputs) as tf.TensorInfo[];
  const made = shapes.map((shape) => wasm.makeOutput(shape, 'float32'));
  // Views only once everything has its place: memory that grows leaves older views behind.
  const view = (info: tf.TensorInfo): Float32Array => wasm.typedArrayFromHeap(info) as Float32Array;
  work(given.map(view), made.map(view));
  return made;
};
