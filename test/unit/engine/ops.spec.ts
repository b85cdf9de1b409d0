import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../../main/engine/backend/backend';
import { convFilterGradient, depthToSpace2, spaceToDepth2 } from '../../../main/engine/backend/wasm/kernels';
import { disjointness } from '../../../main/engine/network/losses';
import { createRandom } from '../../../shared/random';

let backend: Backend;
const random = createRandom(3);

beforeAll(async () => {
  backend = await openBackend('wasm');
});

function values(shape: number[], low = -1, high = 1): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.uniform(low, high)),
    shape,
  );
}

/**
 * Compares the gradients of Σ (f(inputs) · weights) with central differences at a few places of every input.
 * Differences of float32 sums are only good to about 1e-2 of the largest gradient.
 */
function checkGradients(f: (...inputs: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): void {
  const probe = f(...inputs);
  const weights = values(probe.shape);
  const loss = (...args: tf.Tensor[]): tf.Scalar => tf.sum(tf.mul(f(...args), weights));
  const gradients = tf.grads(loss)(inputs);
  const step = 1e-2;
  inputs.forEach((input, which) => {
    const data = input.dataSync();
    const gradient = (gradients[which] as tf.Tensor).dataSync();
    const largest = Math.max(...gradient.map(Math.abs));
    expect(largest).toBeGreaterThan(0);
    for (let trial = 0; trial < 12; trial++) {
      const at = random.integer(data.length);
      const shifted = (by: number): number => {
        const moved = Float32Array.from(data);
        moved[at] = (moved[at] as number) + by;
        const args = inputs.map((t, i) => (i === which ? tf.tensor(moved, input.shape) : t));
        return loss(...args).dataSync()[0] as number;
      };
      const numeric = (shifted(step) - shifted(-step)) / (2 * step);
      expect(Math.abs(numeric - (gradient[at] as number))).toBeLessThan(0.02 * largest + 2e-2);
    }
  });
}

describe('the building blocks on wasm', () => {
  it('convReluNorm has the gradients of its own values', () => {
    // A bias well above 0 keeps every unit active: at ReLU's corner a finite difference means nothing. Its own gradient
    // is then 0, because the normalisation takes it out again, so it is not among the inputs that are checked.
    const bias = tf.fill([4], 3);
    checkGradients(
      (x, kernel, gamma, beta) =>
        backend.ops.convReluNorm(
          x as tf.Tensor4D,
          { kernel: kernel as tf.Tensor4D, bias, gamma: gamma as tf.Tensor, beta: beta as tf.Tensor },
          true,
          () => undefined,
        ),
      [values([2, 6, 8, 3]), values([3, 3, 3, 4], -0.2, 0.2), values([4], 0.5, 1.5), values([4])],
    );
  });

  it('convReluNormFrozen has the gradient of its own values', () => {
    const weights = {
      kernel: values([3, 3, 3, 4], -0.2, 0.2) as tf.Tensor4D,
      bias: tf.fill([4], 3),
      gamma: values([4], 0.5, 1.5),
      beta: values([4]),
      movingMean: values([4]),
      movingVariance: values([4], 0.5, 1.5),
    };
    checkGradients((x) => backend.ops.convReluNormFrozen(x as tf.Tensor4D, weights), [values([2, 6, 8, 3])]);
  });

  it('convReluNorm normalises each channel of the batch', () => {
    const ones = tf.ones([4]);
    let reported: Float32Array | null = null;
    const y = backend.ops.convReluNorm(
      values([2, 8, 8, 3]) as tf.Tensor4D,
      {
        kernel: values([3, 3, 3, 4]) as tf.Tensor4D,
        bias: tf.fill([4], 0.3),
        gamma: ones,
        beta: tf.zeros([4]),
      },
      true,
      (mean) => {
        reported = mean.dataSync<'float32'>();
      },
    );
    const { mean, variance } = tf.moments(y, [0, 1, 2]);
    expect(Math.max(...mean.dataSync().map(Math.abs))).toBeLessThan(1e-5);
    for (const v of variance.dataSync()) expect(v).toBeGreaterThan(0.98);
    expect(reported).toHaveLength(4);
  });

  it('upsample, pointwise, concat and maxPool have the gradients of their own values', () => {
    const { ops } = backend;
    checkGradients(
      (x, k, b) => ops.upsample(x as tf.Tensor4D, k as tf.Tensor4D, b as tf.Tensor),
      [values([2, 3, 4, 5]), values([2, 2, 3, 5]), values([3])],
    );
    checkGradients(
      (x, k, b) => ops.pointwise(x as tf.Tensor4D, k as tf.Tensor4D, b as tf.Tensor),
      [values([2, 3, 4, 5]), values([1, 1, 5, 2]), values([2])],
    );
    checkGradients(
      (a, b) => ops.concat(a as tf.Tensor4D, b as tf.Tensor4D),
      [values([1, 2, 3, 2]), values([1, 2, 3, 3])],
    );
    checkGradients((x) => ops.maxPool(x as tf.Tensor4D), [values([1, 4, 4, 2], -9, 9)]);
  });

  it('concat joins along channels and nothing else', () => {
    const joined = backend.ops.concat(
      tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]),
      tf.tensor4d([5, 6], [1, 1, 2, 1]),
    );
    expect([...joined.dataSync()]).toEqual([1, 2, 5, 3, 4, 6]);
  });

  it('space to depth and back is the identity, rows before columns', () => {
    const x = tf.reshape(tf.range(0, 16), [1, 4, 4, 1]);
    const deep = spaceToDepth2(x as tf.Tensor4D);
    expect([...deep.dataSync()].slice(0, 4)).toEqual([0, 1, 4, 5]);
    expect([...depthToSpace2(deep).dataSync()]).toEqual([...x.dataSync()]);
  });

  it('max pooling gives the gradient to the first of the largest in each window', () => {
    // Two channels, of which the second has ties: 1 in all places of its window.
    const x = tf.tensor4d([5, 1, 2, 1, 3, 1, 9, 1, 4, 1, 8, 1, 7, 1, 6, 1], [2, 2, 2, 2]);
    const dy = tf.tensor4d([10, 20, 30, 40], [2, 1, 1, 2]);
    const gradient = tf.grad((t: tf.Tensor) => backend.ops.maxPool(t as tf.Tensor4D))(x, dy);
    expect([...gradient.dataSync()]).toEqual([0, 20, 0, 0, 0, 0, 10, 0, 0, 40, 30, 0, 0, 0, 0, 0]);
  });

  it('the filter gradient of a single bright pixel is the window around it', () => {
    // dk[i, j] = Σ x[y + i - 1, x + j - 1] dy[y, x]: with dy a single 1 at (1, 2) it is x's neighbourhood of (1, 2).
    const x = tf.reshape(tf.range(0, 20), [1, 4, 5, 1]) as tf.Tensor4D;
    const dy = tf.buffer([1, 4, 5, 1]);
    dy.set(1, 0, 1, 2, 0);
    const gradient = convFilterGradient(x, dy.toTensor() as tf.Tensor4D, 3);
    expect([...gradient.dataSync()]).toEqual([1, 2, 3, 6, 7, 8, 11, 12, 13]);
  });
});

describe('the disjointness loss', () => {
  it('replaces zeros by one in stage 1 and everything else in stage 2', () => {
    const a = tf.tensor1d([0, 0.5]);
    const b = tf.tensor1d([0.25, 0]);
    // Stage 1: a = [1, 0.5], b = [0.25, 1]: (2 * 0.75 + 1) / (1.5 + 1.25 + 1).
    expect(disjointness(a, b, 1).dataSync()[0]).toBeCloseTo(2.5 / 3.75, 6);
    // Stage 2: a = [0, 1], b = [1, 0]: (0 + 1) / (1 + 1 + 1).
    expect(disjointness(a, b, 2).dataSync()[0]).toBeCloseTo(1 / 3, 6);
  });

  it('gives no gradient to what it replaced', () => {
    const gradient = tf.grad((a: tf.Tensor) => disjointness(a, tf.tensor1d([0.25, 0.5]), 1))(
      tf.tensor1d([0, 0.5]),
    );
    const [replaced, kept] = gradient.dataSync();
    expect(replaced).toBe(0);
    expect(kept).not.toBe(0);
  });
});
