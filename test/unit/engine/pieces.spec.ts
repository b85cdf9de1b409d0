import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../../../main/engine/backend/backend';
import { BatchPieces, type StepPart } from '../../../main/engine/training/pieces';
import { testBackend } from '../../helpers/backend';

beforeAll(async () => {
  await openBackend(testBackend);
});

/** A device that holds `most` images: the mean of the images' values, and the gradient of a weight that scales them. */
function device(most: number, calls: number[]): (from: number, count: number) => StepPart<{ loss: number }> {
  const images = [1, 2, 4, 8, 16];
  return (from, count) => {
    calls.push(count);
    if (count > most) throw new Error('OOM when allocating tensor with shape[4,160,160,32]');
    const mean = images.slice(from, from + count).reduce((sum, value) => sum + value, 0) / count;
    return { gradients: { w: tf.scalar(mean) }, terms: { loss: 2 * mean } };
  };
}

it('halves what does not fit until it fits, and gives the mean of the whole batch', () => {
  const said: string[] = [];
  const pieces = new BatchPieces((message) => said.push(message));
  const calls: number[] = [];
  const before = tf.memory().numTensors;
  const { gradients, terms } = pieces.run(5, device(2, calls));
  expect((gradients['w'] as tf.Tensor).dataSync()[0]).toBeCloseTo(31 / 5, 5);
  expect(terms.loss).toBeCloseTo(62 / 5, 6);
  expect(calls).toEqual([5, 3, 2, 2, 1]);
  expect(said).toHaveLength(2);
  expect(said[1]).toContain('batch of 5: it is computed in pieces of 2');
  tf.dispose(gradients);
  expect(tf.memory().numTensors).toBe(before);
  // The next step knows.
  calls.length = 0;
  tf.dispose(pieces.run(5, device(2, calls)).gradients);
  expect(calls).toEqual([2, 2, 1]);
});

it('says so where not even one image fits, and leaves other errors alone', () => {
  const pieces = new BatchPieces(() => undefined);
  expect(() => pieces.run(2, device(0, []))).toThrow(/too little memory for a single image/);
  expect(() =>
    pieces.run(2, () => {
      throw new Error('another');
    }),
  ).toThrow('another');
});
