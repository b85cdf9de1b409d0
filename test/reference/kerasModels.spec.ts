import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../main/engine/backend/backend';
import { readKerasFile } from '../../main/engine/keras/readKeras';
import { KERAS_FILES } from '../../main/engine/keras/kerasFiles';
import { makeKerasFiles } from '../../main/engine/keras/writeKeras';
import {
  discriminatorLayers,
  discriminatorWeights,
  generatorLayers,
  generatorWeights,
} from '../../main/engine/network/layers';
import { INFERENCE, runDiscriminator, runGenerator } from '../../main/engine/network/networks';
import { NetworkWeights, type WeightArrays } from '../../main/engine/network/weights';
import { createRandom } from '../../shared/random';
import { npyBytes, npyValues } from '../../shared/volume/npy';
import { testBackend } from '../helpers/backend';
import { digests, freshNetworks } from '../helpers/kerasNetworks';
import { oraclePython, runOracle } from '../helpers/oracles';

let work = '';

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'asc-net-h5-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

interface KerasFacts {
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly dropout: number[];
}

describe.skipIf(oraclePython() === null)(`files that a live Keras opens, and we on ${testBackend}`, () => {
  const cases = [
    { height: 160, width: 160, baseWidth: 32, count: 1, halved: false },
    { height: 48, width: 80, baseWidth: 4, count: 2, halved: false },
    { height: 16, width: 112, baseWidth: 5, count: 3, halved: true },
  ].map((one) => ({ ...one, networks: freshNetworks(one.height, one.width, one.baseWidth, one.halved) }));
  const images = ({ count, height, width }: (typeof cases)[number]): Float32Array => {
    const random = createRandom(5);
    return Float32Array.from({ length: count * height * width }, () => random.next());
  };
  const folderOf = (one: (typeof cases)[number]): string => join(work, `${one.height}x${one.width}`);
  let facts: Record<string, KerasFacts>[] = [];

  beforeAll(async () => {
    for (const one of cases) {
      const folder = folderOf(one);
      mkdirSync(folder);
      const files = await makeKerasFiles(one.networks);
      for (const kind of ['generator', 'discriminator', 'complete'] as const) {
        writeFileSync(join(folder, KERAS_FILES[kind]), files[kind]);
      }
      writeFileSync(join(folder, 'x.npy'), npyBytes([one.count, one.height, one.width, 1], images(one)));
    }
    facts = JSON.parse(runOracle('kerasPredict.py', cases.map(folderOf))) as typeof facts;
  }, 300_000);

  it.each(cases)('predict the same there: $height x $width, width $baseWidth', async (one) => {
    const { networks, baseWidth, count, height, width } = one;
    const { ops } = await openBackend(testBackend);
    const ours = tf.tidy(() => {
      const generator = NetworkWeights.fromArrays(generatorWeights(baseWidth), networks.generator);
      const specs = discriminatorWeights(networks.shape, networks.lastWidth);
      const discriminator = NetworkWeights.fromArrays(specs, networks.discriminator);
      const layers = discriminatorLayers(networks.shape, networks.lastWidth);
      const judge = (x: tf.Tensor4D): Float32Array =>
        runDiscriminator(ops, layers, discriminator, x, INFERENCE).dataSync<'float32'>();
      const x = tf.tensor4d(images(one), [count, height, width, 1]);
      const cuts = runGenerator(ops, generatorLayers(baseWidth), generator, x, INFERENCE);
      const [ifc, iwc, iro] = [cuts.ifc, cuts.iwc, cuts.iro].map((cut) => cut.dataSync<'float32'>());
      const both = tf.concat([cuts.ifc, cuts.iwc], 3).dataSync<'float32'>();
      const result = {
        discriminator_0: judge(x),
        complete_0: judge(cuts.ifc),
        generator_0: ifc,
        ...{ generator_1: iwc, complete_1: iwc, generator_2: iro, complete_2: iro },
        ...{ generator_3: both, complete_3: both },
      };
      generator.dispose();
      discriminator.dispose();
      return result;
    });
    for (const [name, values = new Float32Array()] of Object.entries(ours)) {
      const theirs = npyValues(readFileSync(join(folderOf(one), `${name}.npy`)));
      expect(theirs.length, name).toBe(values.length);
      const off = theirs.reduce((most, v, i) => Math.max(most, Math.abs(v - (values[i] as number))), 0);
      expect(off, name).toBeLessThan(1e-5);
    }
  });

  it.each(cases.map((one, i) => ({ ...one, i })))(
    'carry the published weight decay, dropout and rate: $height x $width',
    ({ networks, i }) => {
      const { generator, discriminator, complete } = facts[i] ?? {};
      // The kernels of 3x3 convolutions are the ones whose number of values nine divides.
      const squares = (arrays: WeightArrays): number =>
        [...arrays]
          .filter(([name, { length }]) => /conc\d+\/kernel$/.test(name) && length % 9 === 0)
          .reduce((sum, [, values]) => sum + values.reduce((s, v) => s + v * v, 0), 0);
      expect((generator?.weightDecay ?? NaN) / (2e-4 * squares(networks.generator))).toBeCloseTo(1, 4);
      expect((discriminator?.weightDecay ?? NaN) / (2e-4 * squares(networks.discriminator))).toBeCloseTo(
        1,
        4,
      );
      expect(generator?.dropout).toEqual(new Array(11).fill(0.3));
      expect(discriminator?.dropout).toEqual(new Array(4).fill(0.3));
      expect(complete?.learningRate).toBeCloseTo(5e-5, 8);
    },
  );

  it.each(cases)('are read back as they were: $height x $width', async ({ networks }) => {
    const { complete } = await makeKerasFiles(networks);
    const again = await readKerasFile(complete, 'complete.h5');
    expect(again.shape).toEqual(networks.shape);
    expect(again.discriminator?.lastWidth).toBe(networks.lastWidth);
    expect(digests(again.generator)).toEqual(digests(networks.generator));
    expect(digests(again.discriminator?.arrays)).toEqual(digests(networks.discriminator));
  });
});
