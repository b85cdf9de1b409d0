import * as tf from '@tensorflow/tfjs-core';
import { testBackend } from '../../helpers/backend';
import { beforeAll, expect, it } from 'vitest';
import { openBackend } from '../../../main/engine/backend/backend';
import type { WeightSpec } from '../../../main/engine/network/layers';
import type { NetworkOps } from '../../../main/engine/network/ops';
import { NetworkWeights } from '../../../main/engine/network/weights';
import { Adam } from '../../../main/engine/training/adam';

const specs: WeightSpec[] = [
  { name: 'a/kernel', shape: [2], start: 'ones', trainable: true, decays: true },
  { name: 'b/bias', shape: [1], start: 'zeros', trainable: true, decays: false },
];

let ops: NetworkOps;

beforeAll(async () => {
  ({ ops } = await openBackend(testBackend));
});

it.each([
  ['published', 0.9, 0.999, 1e-7],
  ['other', 0.5, 0.95, 1e-3],
])(
  'takes the steps of the formula with %s constants, with decay and a rate of its own where given',
  (...[, beta1, beta2, epsilon]) => {
    const weights = NetworkWeights.fromArrays(
      specs,
      new Map([
        ['a/kernel', Float32Array.of(1, 2)],
        ['b/bias', Float32Array.of(0.5)],
      ]),
    );
    const rateOf = (name: string): number => (name === 'b/bias' ? 10 : 1);
    const adam = new Adam(weights, 0.1, ops.adam, rateOf, { beta1, beta2, epsilon });
    const [a, b] = adam.variables as [tf.Variable, tf.Variable];
    const given = [
      [0.3, -0.2, 0.4],
      [-0.1, 0.5, 0.2],
    ];
    // The same by hand in float64: Kingma & Ba with Keras's placement of epsilon.
    const w = [1, 2, 0.5];
    const m = [0, 0, 0];
    const v = [0, 0, 0];
    const terms: number[] = [];
    given.forEach((gradient, t) => {
      const value = adam.apply(
        { [a.name]: tf.tensor1d(gradient.slice(0, 2)), [b.name]: tf.tensor1d(gradient.slice(2)) },
        0.01,
      );
      terms.push(value);
      const expectedTerm = 0.1 * ((w[0] as number) ** 2 + (w[1] as number) ** 2);
      expect(value).toBeCloseTo(expectedTerm, 5);
      const rate = (0.01 * Math.sqrt(1 - beta2 ** (t + 1))) / (1 - beta1 ** (t + 1));
      for (let i = 0; i < 3; i++) {
        const g = (gradient[i] as number) + (i < 2 ? 2 * 0.1 * (w[i] as number) : 0);
        m[i] = beta1 * (m[i] as number) + (1 - beta1) * g;
        v[i] = beta2 * (v[i] as number) + (1 - beta2) * g * g;
        w[i] =
          (w[i] as number) -
          (i === 2 ? 10 : 1) * rate * ((m[i] as number) / (Math.sqrt(v[i] as number) + epsilon));
      }
    });
    expect(terms).toHaveLength(2);
    [...a.dataSync(), ...b.dataSync()].forEach((value, i) => expect(value).toBeCloseTo(w[i] as number, 5));
  },
);

it('moves arrays of all sizes and shapes alike, each by its own gradient', () => {
  // Small ones of one decay and rate may go together, a large one alone: see native/adam.ts.
  const shapes: [string, number[], boolean][] = [
    ['a/kernel', [2, 1, 1, 3], true],
    ['b/bias', [3], false],
    ['c/kernel', [4], true],
    ['d/kernel', [20_000], true],
    ['e/bias', [2], false],
  ];
  const many = shapes.map(([name, shape, decays]): WeightSpec => ({
    name,
    shape,
    start: 'zeros',
    trainable: true,
    decays,
  }));
  const sizes = shapes.map(([, shape]) => shape.reduce((product, side) => product * side, 1));
  const start = new Map(
    shapes.map(([name], i) => [
      name,
      Float32Array.from({ length: sizes[i] as number }, (_, k) => Math.sin(k + i)),
    ]),
  );
  const weights = NetworkWeights.fromArrays(many, start);
  const adam = new Adam(weights, 0.1, ops.adam);
  const gradientAt = (i: number, k: number): number => Math.cos(3 * k + i);
  const gradients = Object.fromEntries(
    adam.variables.map((variable, i) => [
      variable.name,
      tf.tensor(
        Float32Array.from({ length: variable.size }, (_, k) => gradientAt(i, k)),
        variable.shape,
      ),
    ]),
  );
  const term = adam.apply(gradients, 0.01);
  // The first step is rate / √(1 - β2) (1 - β1)^-1 √(1 - β2) (1 - β1) g / (|g| + ε'), so of the rate's length along each g.
  let squares = 0;
  const moved = weights.toArrays();
  const { first } = adam.state();
  let at = 0;
  shapes.forEach(([name, , decays], i) => {
    const [before, after] = [start.get(name) as Float32Array, moved.get(name) as Float32Array];
    before.forEach((w, k) => {
      const g = gradientAt(i, k) + (decays ? 0.2 * w : 0);
      if (decays) squares += w * w;
      // Where |g| is not near 0, epsilon does not count.
      if (Math.abs(g) > 0.01)
        expect(Math.abs((after[k] as number) - (w - 0.01 * Math.sign(g)))).toBeLessThan(1e-5);
      expect(Math.abs((first[at + k] as number) - 0.1 * g)).toBeLessThan(1e-6);
    });
    at += before.length;
  });
  expect(term / (0.1 * squares)).toBeCloseTo(1, 4);
  const held = tf.memory().numTensors;
  adam.restore(adam.state());
  adam.apply(gradients, 0.01);
  expect(tf.memory().numTensors).toBe(held);
  adam.dispose();
});

it('goes on from its state and from weights that were set, as if it had never stopped', () => {
  const make = (a: number[], b: number[]): { adam: Adam; weights: NetworkWeights } => {
    const arrays = new Map([
      ['a/kernel', Float32Array.from(a)],
      ['b/bias', Float32Array.from(b)],
    ]);
    const weights = NetworkWeights.fromArrays(specs, arrays);
    return { weights, adam: new Adam(weights, 0.1, ops.adam) };
  };
  const step = (adam: Adam, a: number[], b: number[]): void => {
    const [first, second] = adam.variables as [tf.Variable, tf.Variable];
    adam.apply({ [first.name]: tf.tensor1d(a), [second.name]: tf.tensor1d(b) }, 0.01);
  };
  const whole = make([1, 2], [0.5]);
  step(whole.adam, [0.3, -0.2], [0.4]);
  const stored = { state: whole.adam.state(), arrays: whole.weights.toArrays() };
  expect([...stored.state.second].every((value) => value > 0)).toBe(true);
  step(whole.adam, [-0.1, 0.5], [0.2]);

  const later = make([7, 8], [9]);
  step(later.adam, [5, 5], [5]);
  const before = tf.memory().numTensors;
  later.adam.restore(stored.state);
  later.weights.load(stored.arrays);
  expect(tf.memory().numTensors).toBe(before);
  step(later.adam, [-0.1, 0.5], [0.2]);
  expect(later.adam.state()).toEqual(whole.adam.state());
  expect(later.weights.toArrays()).toEqual(whole.weights.toArrays());
  later.adam.dispose();
});
