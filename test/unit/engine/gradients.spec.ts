import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../../main/engine/backend/backend';
import {
  binaryCrossEntropy,
  disjointness,
  meanAbsoluteDifference,
} from '../../../main/engine/network/losses';
import type { NetworkOps } from '../../../main/engine/network/ops';
import { createRandom } from '../../../shared/random';
import { testBackend } from '../../helpers/backend';
import * as definitions from '../../helpers/definitions';
import type { Array64 } from '../../helpers/definitions';

/**
 * Every building block of our own: its values against its definition, and its gradients against central differences of
 * the definition. In float64 a step of 1e-6 is small enough to pass no corner of ReLU or maximum, and exact to 1e-8.
 */
let backend: Backend;
const random = createRandom(3);
const STEP = 1e-6;
const PLACES = 24;

beforeAll(async () => {
  backend = await openBackend(testBackend);
});

/** Random values that float32 holds exactly. */
function values(shape: readonly number[], low = -1, high = 1): Array64 {
  const size = shape.reduce((a, b) => a * b, 1);
  return { shape, data: Float64Array.from({ length: size }, () => Math.fround(random.uniform(low, high))) };
}

function largest(data: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i] as number));
  return most;
}

function check(
  ours: (ops: NetworkOps, ...inputs: tf.Tensor4D[]) => tf.Tensor,
  definition: (...inputs: Array64[]) => Array64,
  inputs: readonly Array64[],
): void {
  const tensors = inputs.map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape]));
  const run = (...args: tf.Tensor[]): tf.Tensor => ours(backend.ops, ...(args as tf.Tensor4D[]));
  const expected = definition(...inputs);
  const got = run(...tensors);
  expect(got.shape.reduce((a, b) => a * b, 1)).toBe(expected.data.length);
  const off = [...got.dataSync()].map((v, i) => v - (expected.data[i] as number));
  expect(largest(off), 'values').toBeLessThan(1e-5 * largest(expected.data));

  // The gradient of Σ weights · output, so that every output counts differently.
  const weights = values(expected.shape);
  const weighted = (output: Array64): number =>
    output.data.reduce((sum, v, i) => sum + v * (weights.data[i] as number), 0);
  const dy = tf.tensor(Float32Array.from(weights.data), got.shape);
  const gradients = tf.grads((...args: tf.Tensor[]) => tf.sum(tf.mul(run(...args), dy)))(tensors);
  inputs.forEach((input, which) => {
    const gradient = (gradients[which] as tf.Tensor).dataSync();
    const scale = largest(gradient);
    expect(scale, `gradient of input ${which}`).toBeGreaterThan(0);
    for (let trial = 0; trial < PLACES; trial++) {
      const place = random.integer(input.data.length);
      const shifted = (by: number): number => {
        const data = input.data.map((v, i) => (i === place ? v + by : v));
        return weighted(definition(...inputs.map((a, i) => (i === which ? { shape: a.shape, data } : a))));
      };
      const numeric = (shifted(STEP) - shifted(-STEP)) / (2 * STEP);
      const difference = Math.abs(numeric - (gradient[place] as number));
      expect(difference, `input ${which}, place ${place}`).toBeLessThan(1e-4 * scale);
    }
  });
}

/** x, kernel, bias, gamma, beta of a block. */
const blockInputs = (n: number, h: number, w: number, ci: number, co: number): Array64[] => [
  values([n, h, w, ci]),
  values([3, 3, ci, co], -0.5, 0.5),
  values([co], -0.3, 0.3),
  values([co], 0.5, 1.5),
  values([co]),
];

describe('the building blocks against their definitions', () => {
  // Below, at and above the number of channels from which sums go in lanes; sides and batches that no power of two divides.
  it.each([
    [2, 6, 8, 3, 4],
    [1, 4, 4, 1, 8],
    [3, 5, 7, 2, 9],
  ])('convReluNorm on %i x %i x %i x %i to %i channels', (...[n, h, w, ci, co]) => {
    check(
      (ops, x, kernel, bias, gamma, beta) =>
        ops.convReluNorm(x, { kernel, bias, gamma, beta } as never, true, () => undefined),
      definitions.convReluNorm,
      blockInputs(n, h, w, ci, co),
    );
  });

  it('convReluNorm tells the mean and the unbiased variance of what it normalises', () => {
    const inputs = blockInputs(2, 6, 8, 3, 9);
    const [x, kernel, bias, gamma, beta] = inputs.map((a) =>
      tf.tensor(Float32Array.from(a.data), [...a.shape]),
    ) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor, tf.Tensor, tf.Tensor];
    const told: number[][] = [];
    backend.ops.convReluNorm(x, { kernel, bias, gamma, beta }, true, (mean, variance) => {
      told.push([...mean.dataSync()], [...variance.dataSync()]);
    });
    const active = definitions.convRelu(inputs[0] as Array64, inputs[1] as Array64, inputs[2] as Array64);
    const { mean, variance } = definitions.moments(active);
    const close = (got: number[], want: Float64Array): void =>
      want.forEach((v, i) => expect(Math.abs((got[i] as number) - v)).toBeLessThan(1e-6));
    close(told[0] as number[], mean.data);
    const samples = 2 * 6 * 8;
    close(
      told[1] as number[],
      variance.data.map((value) => (value * samples) / (samples - 1)),
    );
  });

  it('convReluNorm leaves the gradient of an image out where it is not wanted', () => {
    const [x, kernel, bias, gamma, beta] = blockInputs(1, 4, 4, 1, 2).map((a) =>
      tf.tensor(Float32Array.from(a.data), [...a.shape]),
    ) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor, tf.Tensor, tf.Tensor];
    const loss = (wanted: boolean) => (image: tf.Tensor, window: tf.Tensor) =>
      tf.sum(
        tf.square(
          backend.ops.convReluNorm(
            image as tf.Tensor4D,
            { kernel: window as tf.Tensor4D, bias, gamma, beta },
            wanted,
            () => undefined,
          ),
        ),
      );
    const [none, same] = tf.grads(loss(false))([x, kernel]) as [tf.Tensor, tf.Tensor];
    const [some, full] = tf.grads(loss(true))([x, kernel]) as [tf.Tensor, tf.Tensor];
    expect(largest(none.dataSync())).toBe(0);
    expect(largest(some.dataSync())).toBeGreaterThan(0);
    expect([...same.dataSync()]).toEqual([...full.dataSync()]);
  });

  it.each([
    [2, 6, 8, 3, 4],
    [3, 5, 7, 2, 9],
  ])('convReluNormFrozen on %i x %i x %i x %i to %i channels', (...[n, h, w, ci, co]) => {
    const [x, kernel, bias, gamma, beta] = blockInputs(n, h, w, ci, co) as [
      Array64,
      Array64,
      Array64,
      Array64,
      Array64,
    ];
    const [mean, variance] = [values([co]), values([co], 0.5, 1.5)];
    const tensor = (a: Array64): tf.Tensor => tf.tensor(Float32Array.from(a.data), [...a.shape]);
    const weights = {
      kernel: tensor(kernel) as tf.Tensor4D,
      bias: tensor(bias),
      gamma: tensor(gamma),
      beta: tensor(beta),
      movingMean: tensor(mean),
      movingVariance: tensor(variance),
    };
    check(
      (ops, image) => ops.convReluNormFrozen(image, weights),
      (image) => definitions.convReluNormFrozen(image, kernel, bias, gamma, beta, mean, variance),
      [x],
    );
  });

  it('upsample', () => {
    check((ops, x, kernel, bias) => ops.upsample(x, kernel, bias), definitions.upsample, [
      values([2, 3, 5, 4]),
      values([2, 2, 3, 4]),
      values([3]),
    ]);
  });

  it('pointwise', () => {
    check((ops, x, kernel, bias) => ops.pointwise(x, kernel, bias), definitions.pointwise, [
      values([2, 3, 5, 4]),
      values([1, 1, 4, 2]),
      values([2]),
    ]);
  });

  it('concat', () => {
    check((ops, a, b) => ops.concat(a, b), definitions.concat, [values([2, 3, 5, 2]), values([2, 3, 5, 3])]);
  });

  it.each([
    [2, 4, 4, 2],
    [1, 6, 10, 3],
  ])('maxPool of %i x %i x %i x %i', (...shape) => {
    check((ops, x) => ops.maxPool(x), definitions.maxPool, [values(shape)]);
  });

  it('matMul', () => {
    check((ops, a, b) => ops.matMul(a as never, b as never), definitions.matMul, [
      values([3, 7]),
      values([7, 2]),
    ]);
  });

  it('the cross-entropy of logits, for which an own gradient is written, also far from 0', () => {
    const mask = [1, 0, 1, 0, 1, 0];
    check(
      (_, logits) => binaryCrossEntropy(logits, tf.tensor4d(mask, [1, 2, 3, 1])),
      (logits) => definitions.crossEntropy(logits, mask),
      [values([1, 2, 3, 1], -3, 3)],
    );
    const sure = binaryCrossEntropy(tf.tensor1d([200, -200]), tf.tensor1d([1, 0])).dataSync()[0];
    const wrong = binaryCrossEntropy(tf.tensor1d([200, -200]), tf.tensor1d([0, 1])).dataSync()[0];
    expect([sure, wrong]).toEqual([0, 200]);
  });

  it('the mean absolute difference', () => {
    check((_, a, b) => meanAbsoluteDifference(a, b), definitions.absoluteDifference, [
      values([1, 2, 3, 1], 0.6, 1),
      values([1, 2, 3, 1], 0, 0.4),
    ]);
  });

  it('disjointness of stage 1, with zeros among the values', () => {
    const cuts = [values([2, 3, 4, 1], 0.1, 1), values([2, 3, 4, 1], 0.1, 1)];
    check(
      (_, a, b) => disjointness(a, b, 1),
      (a, b) => definitions.disjointness(a, b, 1),
      cuts,
    );
    // A place that is 0 counts as 1 and has no gradient: differences there would jump, so it is looked at alone.
    for (const { data } of cuts) data[5] = 0;
    const [a, b] = cuts as [Array64, Array64];
    const tensors = cuts.map(({ data, shape }) => tf.tensor(Float32Array.from(data), [...shape]));
    const value = disjointness(tensors[0] as tf.Tensor, tensors[1] as tf.Tensor, 1).dataSync()[0] as number;
    expect(Math.abs(value - (definitions.disjointness(a, b, 1).data[0] as number))).toBeLessThan(1e-6);
    const gradients = tf.grads((p: tf.Tensor, q: tf.Tensor) => disjointness(p, q, 1))(tensors);
    for (const gradient of gradients) expect(gradient.dataSync()[5]).toBe(0);
  });
});
