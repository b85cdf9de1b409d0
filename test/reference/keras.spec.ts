import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../main/engine/backend/backend';
import {
  discriminatorLayers,
  discriminatorWeights,
  generatorLayers,
  generatorWeights,
} from '../../main/engine/network/layers';
import { disjointness } from '../../main/engine/network/losses';
import { INFERENCE, runDiscriminator, runGenerator } from '../../main/engine/network/networks';
import { NetworkWeights } from '../../main/engine/network/weights';
import { Adam } from '../../main/engine/training/adam';
import {
  discriminatorGradients,
  generatorGradients,
  labelsOf,
  type Networks,
} from '../../main/engine/training/steps';
import { presets } from '../../shared/study/trainingSettings';
import { npyValues } from '../../shared/volume/npy';
import { testBackend } from '../helpers/backend';
import { oraclePython, runOracle } from '../helpers/oracles';
import { kerasReference } from '../helpers/realData';

/** What the Keras statement of the published networks computed on fixed inputs (base width 4, 32x48, batch 3). */
const reference = oraclePython() === null ? null : kerasReference();
const SHAPE = { height: 32, width: 48, baseWidth: 4 };
const BATCH = 3;
const RATE = presets.published.generatorRate;
/** What is compared is what a training by the published preset computes. */
const PLAIN = presets.published;

interface Recorded {
  readonly losses: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

describe.skipIf(reference === null)(`the networks on ${testBackend} against Keras`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'asc-net-keras-'));
  let backend: Backend;
  let recorded: Recorded;

  const array = (name: string): Float32Array => npyValues(readFileSync(join(folder, `${name}.npy`)));
  const arrays = (name: string): Map<string, Float32Array> =>
    new Map(
      readdirSync(join(folder, name)).map((file) => [
        file.replace(/\.npy$/, '').replace('__', '/'),
        npyValues(readFileSync(join(folder, name, file))),
      ]),
    );
  const images = (name: string): tf.Tensor4D =>
    tf.tensor4d(array(name), [BATCH, SHAPE.height, SHAPE.width, 1]);
  const largestDifference = (a: Float32Array, b: Float32Array): number =>
    a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

  function networks(): Networks {
    return {
      ops: backend.ops,
      generatorLayers: generatorLayers(SHAPE.baseWidth),
      generator: NetworkWeights.fromArrays(generatorWeights(SHAPE.baseWidth), arrays('generator')),
      discriminatorLayers: discriminatorLayers(SHAPE),
      discriminator: NetworkWeights.fromArrays(discriminatorWeights(SHAPE), arrays('discriminator')),
    };
  }

  /**
   * Every gradient within 1e-3 of its own largest magnitude. Where that is itself rounding noise (a bias that a
   * normalisation takes out again), 1e-7 is allowed.
   */
  function compareGradients(
    weights: NetworkWeights,
    gradients: tf.NamedTensorMap,
    expected: Map<string, Float32Array>,
    weightDecay: number,
  ): void {
    for (const { spec, variable } of weights.trainable()) {
      const want = expected.get(spec.name) as Float32Array;
      const values = weights.get(spec.name).dataSync();
      const got = (gradients[variable.name] as tf.Tensor)
        .dataSync<'float32'>()
        .map((value, i) => value + (spec.decays ? 2 * weightDecay * (values[i] as number) : 0));
      const largest = want.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      expect(largestDifference(got, want), spec.name).toBeLessThan(1e-3 * largest + 1e-7);
    }
  }

  /**
   * Weights after the step: 1e-6 where the gradient is not small, else one learning rate (Adam's first step is a sign).
   * Moving statistics, which have no gradient: 1e-6.
   */
  function compareStep(
    weights: NetworkWeights,
    expected: Map<string, Float32Array>,
    gradients: Map<string, Float32Array>,
  ): void {
    for (const spec of weights.specs) {
      const got = weights.get(spec.name).dataSync();
      const want = expected.get(spec.name) as Float32Array;
      const gradient = gradients.get(spec.name);
      got.forEach((value, i) => {
        const strict = gradient === undefined || Math.abs(gradient[i] as number) > 1e-4;
        const off = Math.abs(value - (want[i] as number));
        if (off > (strict ? 1e-6 : RATE)) {
          expect.fail(`${spec.name}[${i}] is ${value}, Keras has ${want[i]}`);
        }
      });
    }
  }

  beforeAll(async () => {
    backend = await openBackend(testBackend);
    const source = join(reference as string, 'w4_32x48');
    runOracle('exportReference.py', [source, folder]);
    recorded = JSON.parse(readFileSync(join(source, 'record.json'), 'utf8')) as Recorded;
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('predicts the same', () => {
    const all = networks();
    const cuts = runGenerator(all.ops, all.generatorLayers, all.generator, images('input'), INFERENCE);
    for (const name of ['ifc', 'iwc', 'iro'] as const) {
      expect(
        largestDifference(cuts[name].dataSync<'float32'>(), array(`predict_${name}`)),
        name,
      ).toBeLessThan(1e-5);
    }
    const scores = runDiscriminator(
      all.ops,
      all.discriminatorLayers,
      all.discriminator,
      images('input'),
      INFERENCE,
    );
    expect(largestDifference(scores.dataSync<'float32'>(), array('predict_score'))).toBeLessThan(1e-5);
  });

  it.each([1, 2] as const)('stage %i: losses, gradients and one step of the main module', (stage) => {
    const all = networks();
    const adam = new Adam(all.generator, 2e-4, backend.ops.adam);
    const { gradients, terms } = generatorGradients(all, images('input'), stage, PLAIN, null);
    const expected = recorded.losses[`generator_stage_${stage}`] as Readonly<Record<string, number>>;
    expect(Math.abs(terms.adversarial - (expected['adversarial'] as number))).toBeLessThan(1e-5);
    expect(Math.abs(terms.reconstruction - (expected['reconstruction'] as number))).toBeLessThan(1e-5);
    expect(Math.abs(terms.disjointness - (expected['disjoint'] as number))).toBeLessThan(1e-5);
    const kerasGradients = arrays(`generator_stage_${stage}_gradients`);
    compareGradients(all.generator, gradients, kerasGradients, 2e-4);
    const weightDecay = adam.apply(gradients, RATE);
    expect(Math.abs(weightDecay - (expected['l2'] as number))).toBeLessThan(1e-5);
    compareStep(all.generator, arrays(`generator_stage_${stage}_after_step`), kerasGradients);
  });

  it('losses, gradients and one step of the discriminator', () => {
    const all = networks();
    const adam = new Adam(all.discriminator, 2e-4, backend.ops.adam);
    const x = tf.concat([images('reference'), images('predict_ifc')]) as tf.Tensor4D;
    const labels = labelsOf([true, true, true, false, false, false]);
    const { gradients, mae } = discriminatorGradients(all, x, labels, PLAIN.normMomentum, null);
    const expected = recorded.losses['discriminator'] as Readonly<Record<string, number>>;
    expect(Math.abs(mae - (expected['mae'] as number))).toBeLessThan(1e-5);
    const kerasGradients = arrays('discriminator_gradients');
    compareGradients(all.discriminator, gradients, kerasGradients, 2e-4);
    const weightDecay = adam.apply(gradients, RATE);
    const { mae: kerasMae = NaN, total = NaN } = expected;
    expect(Math.abs(weightDecay - (total - kerasMae))).toBeLessThan(1e-5);
    compareStep(all.discriminator, arrays('discriminator_after_step'), kerasGradients);
  });

  it('the disjointness of both stages on exact zeros', () => {
    const cuts = tf.tensor(array('disjoint_cuts'), [2, 4, 5, 2]);
    const [a, b] = tf.split(cuts, 2, 3) as [tf.Tensor, tf.Tensor];
    const expected = recorded.losses['disjoint_only'] as Readonly<Record<string, number>>;
    for (const stage of [1, 2] as const) {
      const value = disjointness(a, b, stage).dataSync()[0] as number;
      expect(Math.abs(value - (expected[`stage_${stage}`] as number))).toBeLessThan(1e-6);
    }
  });
});
