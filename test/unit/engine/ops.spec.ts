import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { testBackend } from '../../helpers/backend';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../../main/engine/backend/backend';
import {
  channelSums,
  convFilterGradient,
  depthToSpace2,
  spaceToDepth2,
} from '../../../main/engine/backend/wasm/kernels';
import { differentiable } from '../../../main/engine/network/differentiable';
import { disjointness } from '../../../main/engine/network/losses';
import { createRandom } from '../../../shared/random';

let backend: Backend;
let variable: tf.Variable;
const random = createRandom(3);

beforeAll(async () => {
  backend = await openBackend(testBackend);
  variable = tf.variable(values([4]));
});

function values(shape: number[], low = -1, high = 1): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => random.uniform(low, high)),
    shape,
  );
}

describe('the building blocks', () => {
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

  it('concat joins along channels and nothing else', () => {
    const joined = backend.ops.concat(
      tf.tensor4d([1, 2, 3, 4], [1, 1, 2, 2]),
      tf.tensor4d([5, 6], [1, 1, 2, 1]),
    );
    expect([...joined.dataSync()]).toEqual([1, 2, 5, 3, 4, 6]);
  });

  it('max pooling gives the gradient to the first of the largest in each window', () => {
    // Two channels, of which the second has ties: 1 in all places of its window.
    const x = tf.tensor4d([5, 1, 2, 1, 3, 1, 9, 1, 4, 1, 8, 1, 7, 1, 6, 1], [2, 2, 2, 2]);
    const dy = tf.tensor4d([10, 20, 30, 40], [2, 1, 1, 2]);
    const gradient = tf.grad((t: tf.Tensor) => backend.ops.maxPool(t as tf.Tensor4D))(x, dy);
    expect([...gradient.dataSync()]).toEqual([0, 20, 0, 0, 0, 0, 10, 0, 0, 40, 30, 0, 0, 0, 0, 0]);
  });
});

describe('an operation with its gradient written out', () => {
  it('keeps nothing but the gradients when it has been differentiated', () => {
    const x = values([4]);
    const before = tf.memory().numTensors;
    const { value, grads } = tf.variableGrads(() => {
      const square = differentiable(
        [variable],
        (save) => {
          save([variable]);
          return tf.square(variable);
        },
        (dy, [kept]) => [tf.mul(tf.mul(dy, 2), kept as tf.Tensor)],
      );
      return tf.sum(tf.mul(square, x)) as tf.Scalar;
    }, [variable]);
    // d/dw Σ x w² = 2 x w.
    const expected = tf.mul(tf.mul(x, variable), 2).dataSync();
    [...(grads[variable.name] as tf.Tensor).dataSync()].forEach((g, i) =>
      expect(g).toBeCloseTo(expected[i] as number, 5),
    );
    tf.dispose([value, grads]);
    // The expected numbers took two.
    expect(tf.memory().numTensors).toBe(before + 2);
  });
});

// They work in the wasm backend's memory, so on no other.
const onWasm = testBackend === 'wasm' ? describe : undefined;
onWasm?.('the kernels of the wasm backend', () => {
  it('space to depth and back is the identity, rows before columns', () => {
    const x = tf.reshape(tf.range(0, 16), [1, 4, 4, 1]);
    const deep = spaceToDepth2(x as tf.Tensor4D);
    expect([...deep.dataSync()].slice(0, 4)).toEqual([0, 1, 4, 5]);
    expect([...depthToSpace2(deep, tf.zeros([1])).dataSync()]).toEqual([...x.dataSync()]);
  });

  it.each([
    [2, 96, 96, 8],
    [3, 7, 5, 9],
  ])('channel sums of %i x %i x %i rows of %i channels keep their digits', (...shape) => {
    // As squared deviations are where few pixels stand out: added one by one to a large sum, the small ones are lost.
    const x = values(shape, 4e-10, 5e-10).dataSync<'float32'>();
    const channels = shape[3] as number;
    for (let c = 0; c < channels; c++) x[c] = 4e-3;
    const exact = new Float64Array(channels);
    x.forEach((value, i) => (exact[i % channels] = (exact[i % channels] as number) + value));
    channelSums(tf.tensor(x, shape))
      .dataSync()
      .forEach((sum, c) => expect(Math.abs(sum / (exact[c] as number) - 1)).toBeLessThan(2e-6));
  });

  it('the filter gradient of a single bright pixel is the window around it', () => {
    // dk[i, j] = Σ x[y + i - 1, x + j - 1] dy[y, x]: with dy a single 1 at (1, 2) it is x's neighbourhood of (1, 2).
    const x = tf.reshape(tf.range(0, 20), [1, 4, 5, 1]) as tf.Tensor4D;
    const dy = tf.buffer([1, 4, 5, 1]);
    dy.set(1, 0, 1, 2, 0);
    const gradient = convFilterGradient(x, dy.toTensor() as tf.Tensor4D);
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

  it('has the floor and the smoothing that its settings say', () => {
    const [a, b] = [tf.tensor1d([0, 0.5]), tf.tensor1d([0.25, 0])];
    const value = (disjointnessFloor: number, disjointnessSmooth: number): number =>
      disjointness(a, b, 1, { disjointnessFloor, disjointnessSmooth }).dataSync()[0] as number;
    // A floor of 0 replaces nothing in stage 1: 2 / (0.5 + 0.25 + 2).
    expect(value(0, 2)).toBeCloseTo(2 / 2.75, 6);
    // One of 0.3 replaces both zeros and the quarter: a = [1, 0.5], b = [1, 1].
    expect(value(0.3, 1)).toBeCloseTo((2 * 1.5 + 1) / (1.5 + 2 + 1), 6);
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

describe.skipIf(testBackend !== 'wasm')('the memory of WebAssembly', () => {
  it('is refused where there is none left, and whoever held some keeps it as it was', () => {
    const wasm = tf.backend() as BackendWasm;
    const kept = tf.tensor1d([1, 2, 3]);
    const held: tf.TensorInfo[] = [];
    // 1 GB each, never touched, of the 4 GB that there can be.
    const hold = (): number => held.push(wasm.makeOutput([2 ** 28], 'float32'));
    expect(() => [hold(), hold(), hold(), hold()]).toThrowError(
      expect.objectContaining({ kind: 'out-of-memory', message: expect.stringContaining('4 GB') }),
    );
    expect(held).toHaveLength(3);
    for (const { dataId } of held) wasm.disposeData(dataId, true);
    expect([...kept.dataSync()]).toEqual([1, 2, 3]);
    expect([...kept.square().dataSync()]).toEqual([1, 4, 9]);
  });
});
