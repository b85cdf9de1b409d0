import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs-core';
import { openBackend, type BackendChoice } from '../../main/engine/backend/backend';
import { slicePredictor } from '../../main/engine/inference/predict';
import {
  discriminatorLayers,
  discriminatorWeights,
  generatorLayers,
  generatorWeights,
} from '../../main/engine/network/layers';
import { NetworkWeights } from '../../main/engine/network/weights';
import { Adam } from '../../main/engine/training/adam';
import { dropoutMasks } from '../../main/engine/training/dropout';
import { labelsOf, trainDiscriminatorStep, trainGeneratorStep } from '../../main/engine/training/steps';
import { createRandom } from '../../shared/random';
import { presets } from '../../shared/study/trainingSettings';
import { segmentJob } from './segment';

/*
 * One job of the bench on one backend, in a process of its own: `step BACKEND WHAT WIDTH BATCH [VOLUME OUT] [--side N]`. Says
 * "ready", then does the job once for each line it reads and prints the milliseconds, and those of all
 * its threads on the processor.
 */

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { side: { type: 'string', default: '160' } },
});
const [choice, what, width, batch, volume = '', out = ''] = positionals;
const side = Number(values.side);
const baseWidth = Number(width);
const images = Number(batch);
const random = createRandom(1);
const pixels = Float32Array.from({ length: images * side * side }, () => random.next());

async function prepare(): Promise<() => void | Promise<void>> {
  const backend = await openBackend(choice as BackendChoice);
  const { ops } = backend;
  const shape = { height: side, width: side, baseWidth };
  const generator = NetworkWeights.initialise(generatorWeights(baseWidth), random);
  if (what === 'predict') {
    const predict = slicePredictor(ops, generator, baseWidth, side, side);
    return () => void predict(pixels);
  }
  if (what === 'segmentVolume') return segmentJob(backend, generator, baseWidth, side, volume, out);
  const settings = presets.published;
  const dropout = dropoutMasks(settings.dropout, random);
  const networks = {
    ops,
    generatorLayers: generatorLayers(baseWidth),
    generator,
    discriminatorLayers: discriminatorLayers(shape),
    discriminator: NetworkWeights.initialise(discriminatorWeights(shape), random),
  };
  if (what === 'trainGenerator') {
    const adam = new Adam(generator, settings.weightDecay, ops.adam);
    return () => {
      const x = tf.tensor4d(pixels, [images, side, side, 1]);
      trainGeneratorStep(networks, adam, x, 1, settings, settings.generatorRate, dropout);
      x.dispose();
    };
  }
  const adam = new Adam(networks.discriminator, settings.weightDecay, ops.adam);
  const isReference = Array.from({ length: images }, (_, i) => i % 2 === 0);
  return () => {
    const x = tf.tensor4d(pixels, [images, side, side, 1]);
    const labels = labelsOf(isReference);
    trainDiscriminatorStep(networks, adam, x, labels, settings, dropout);
    tf.dispose([x, labels]);
  };
}

const job = await prepare();
// The first runs pay for what is made once.
await job();
await job();
console.log('ready');
for await (const _ of createInterface(process.stdin)) {
  const startMs = performance.now();
  const before = process.cpuUsage();
  await job();
  const { user, system } = process.cpuUsage(before);
  console.log(`${performance.now() - startMs} ${(user + system) / 1000}`);
}
