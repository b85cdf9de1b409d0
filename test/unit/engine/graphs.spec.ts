import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { openBackend } from '../../../main/engine/backend/backend';
import { graphsMade } from '../../../main/engine/backend/native/graph/graphs';
import {
  PUBLISHED_DESIGN,
  discriminatorLayers,
  discriminatorWeights,
  generatorLayers,
  generatorWeights,
} from '../../../main/engine/network/layers';
import type { Computation, NetworkOps } from '../../../main/engine/network/ops';
import { NetworkWeights } from '../../../main/engine/network/weights';
import { dropoutMasks } from '../../../main/engine/training/dropout';
import {
  discriminatorGradients,
  generatorGradients,
  labelsOf,
  type BatchExtras,
} from '../../../main/engine/training/steps';
import { createRandom } from '../../../shared/random';
import { presets } from '../../../shared/study/trainingSettings';
import { testBackend } from '../../helpers/backend';

/**
 * The native backend runs what comes again and again as one graph of TensorFlow's. Each test has the same computed kernel
 * by kernel, which gradients.spec.ts checks against the definitions.
 */
const shape = { height: 32, width: 48, baseWidth: 2 };
const design = { ...PUBLISHED_DESIGN, inputChannels: 3, residual: true };

let asGraph: NetworkOps;
let byKernel: NetworkOps;

beforeAll(async () => {
  ({ ops: asGraph } = await openBackend(testBackend));
  byKernel = { ...asGraph, compute: ({ run, dropout }) => run(dropout) };
});

interface Outcome {
  /** Of everything that a step leaves, the numbers by name. */
  readonly values: Map<string, Float32Array>;
  readonly random: unknown;
}

/** Two steps' gradients of both networks from the same start: the second's with the statistics that the first has moved. */
function twoSteps(ops: NetworkOps, from: typeof design, withExtras: boolean, rate = 0.3): Outcome {
  const random = createRandom(5);
  const networks = {
    ops,
    generatorLayers: generatorLayers(2, from),
    generator: NetworkWeights.initialise(generatorWeights(2, from), random),
    discriminatorLayers: discriminatorLayers(shape),
    discriminator: NetworkWeights.initialise(discriminatorWeights(shape), random),
  };
  const settings = {
    ...presets.published,
    frozenDiscriminatorMode: withExtras ? ('training' as const) : ('inference' as const),
    pastedWeight: 0.7,
    cleanWeight: 0.4,
  };
  const dropout = dropoutMasks(rate, random);
  const values = new Map<string, Float32Array>();
  const keep = (step: number, gradients: tf.NamedTensorMap, terms: object): void => {
    Object.values(gradients).forEach((g, i) =>
      values.set(`${step} gradient ${i}`, Float32Array.from(g.dataSync())),
    );
    for (const [name, value] of Object.entries(terms))
      values.set(`${step} ${name}`, Float32Array.of(value as number));
    tf.dispose(gradients);
  };
  const image = (n: number, channels: number): tf.Tensor4D =>
    tf.tensor4d(
      Float32Array.from({ length: n * 32 * 48 * channels }, () => random.next()),
      [n, 32, 48, channels],
    );
  for (const step of [1, 2]) {
    const x = image(3, from.inputChannels);
    const extras: BatchExtras = {
      seen: withExtras ? image(3, from.inputChannels) : null,
      pasted: withExtras ? { from: 1, masks: tf.round(image(2, 1)), clean: image(2, 1) } : null,
    };
    const ofM = generatorGradients(networks, x, 1, settings, dropout, extras);
    keep(step, ofM.gradients, ofM.terms);
    const judged = image(2, 1);
    const labels = labelsOf([true, false]);
    const ofD = discriminatorGradients(networks, judged, labels, settings.normMomentum, dropout);
    keep(step + 10, ofD.gradients, { mae: ofD.mae });
    tf.dispose([x, judged, labels]);
    if (extras.seen) extras.seen.dispose();
    if (extras.pasted) tf.dispose([extras.pasted.masks, extras.pasted.clean]);
  }
  for (const [which, weights] of Object.entries({ M: networks.generator, D: networks.discriminator })) {
    for (const [name, array] of weights.toArrays()) values.set(`${which} ${name}`, array);
    weights.dispose();
  }
  return { values, random: random.state() };
}

/** But for rounding: TensorFlow's threads add up in any order, and a graph's multiplications are put together. */
function expectSame(got: Outcome, expected: Outcome): void {
  expect(got.random).toEqual(expected.random);
  expect([...got.values.keys()]).toEqual([...expected.values.keys()]);
  for (const [name, values] of expected.values) {
    const scale = Math.max(...values.map(Math.abs));
    const off = Math.max(...values.map((value, i) => Math.abs(value - Number(got.values.get(name)?.[i]))));
    expect(off, name).toBeLessThanOrEqual(2e-5 * scale + 1e-7);
  }
}

describe.runIf(testBackend === 'native')('graphs on the native backend', () => {
  it.each([
    ['the published step', PUBLISHED_DESIGN, false, 2],
    // D's is the one from before.
    ['a step with noise, pasted lesions, neighbours, and a frozen D with dropout', design, true, 1],
  ])(
    '%s: the same losses, gradients, statistics and random numbers as kernel by kernel',
    (...[, from, extras, made]) => {
      const before = graphsMade();
      const graph = twoSteps(asGraph, from, extras);
      expect(graphsMade()).toBe(before + made);
      expectSame(graph, twoSteps(byKernel, from, extras));
    },
  );

  it('knows a step without dropout from the same step with it', () => {
    const before = graphsMade();
    const graph = twoSteps(asGraph, PUBLISHED_DESIGN, false, 0);
    expect(graphsMade()).toBe(before + 2);
    expectSame(graph, twoSteps(byKernel, PUBLISHED_DESIGN, false, 0));
  });

  it('gives the same the first time and later, and leaves no tensor behind', () => {
    const first = twoSteps(asGraph, PUBLISHED_DESIGN, false);
    const { numTensors } = tf.memory();
    expectSame(twoSteps(asGraph, PUBLISHED_DESIGN, false), first);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  /** x times two, by way of what `within` does on the way. */
  const doubled = (x: tf.Tensor, key: string, within: () => void): Computation => ({
    key,
    inputs: [x],
    variables: [],
    dropout: null,
    run: () => {
      within();
      return [tf.mul(x, 2)];
    },
  });

  it('computes kernel by kernel what reads a number on the way, or a tensor that it was not given', () => {
    const x = tf.tensor1d([1, 2]);
    const other = tf.tensor1d([3, 4]);
    const before = graphsMade();
    const reading = doubled(x, 'reading', () => void tf.tidy(() => tf.neg(x).dataSync()));
    const using = doubled(x, 'using', () => void tf.tidy(() => tf.neg(other)));
    for (const computation of [reading, using]) {
      const [y] = asGraph.compute(computation) as [tf.Tensor];
      expect([...y.dataSync()]).toEqual([2, 4]);
    }
    expect(graphsMade()).toBe(before);
  });

  it('computes kernel by kernel where there is no memory for a graph', () => {
    const available = vi.spyOn(process, 'availableMemory').mockReturnValue(100_000);
    const before = graphsMade();
    for (const size of [1000, 100_000]) {
      const x = tf.ones([size]);
      const [y] = asGraph.compute(doubled(x, 'memory', () => undefined)) as [tf.Tensor];
      expect(y.dataSync()[size - 1]).toBe(2);
    }
    // Of the small tensor only.
    expect(graphsMade()).toBe(before + 1);
    available.mockRestore();
  });

  it('computes kernel by kernel where the temporary folder cannot be written', () => {
    vi.stubEnv('TMPDIR', '/nowhere/at/all');
    vi.stubEnv('TEMP', 'Z:\\nowhere');
    const before = graphsMade();
    const [y] = asGraph.compute(doubled(tf.tensor1d([1, 2]), 'no folder', () => undefined)) as [tf.Tensor];
    vi.unstubAllEnvs();
    expect([...y.dataSync()]).toEqual([2, 4]);
    expect(graphsMade()).toBe(before);
  });

  it('takes the inputs of each call and not those of the first, and makes a graph anew that it had to give up', () => {
    const before = graphsMade();
    for (const round of [1, 2]) {
      for (let key = 0; key < 12; key += 1) {
        const x = tf.tensor1d([key, round]);
        const [y] = asGraph.compute(doubled(x, `many ${key}`, () => undefined)) as [tf.Tensor];
        expect([...y.dataSync()]).toEqual([2 * key, 2 * round]);
      }
    }
    expect(graphsMade()).toBe(before + 24);
    const x = tf.tensor1d([7, 8]);
    const [y] = asGraph.compute(doubled(x, 'many 11', () => undefined)) as [tf.Tensor];
    expect([...y.dataSync()]).toEqual([14, 16]);
    expect(graphsMade()).toBe(before + 24);
  });
});
