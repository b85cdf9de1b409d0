import { ExpectedError } from '../../../shared/failure';
import { createRandom } from '../../../shared/random';
import { timedWith, type TimedTraining } from '../../../shared/study/estimate';
import { presets } from '../../../shared/study/trainingSettings';
import { openBackend, type BackendChoice } from '../backend/backend';
import { HISTOGRAM_SLICES } from '../training/iroCounts';
import { train, type TrainingHost } from '../training/loop';
import type { SliceSource } from '../training/sliceSource';
import { breathe, type JobContext } from './context';

/** Side of the slices of the trial: the published one. */
const SIDE = 160;
/** Few: a slow device is to be done in seconds. */
const SLICES = 8;

/**
 * How fast this device trains: a few steps of the preset quick on slices of noise. The first step of each network, which
 * also sets everything up, is not counted.
 * @throws ExpectedError cancelled where the job is stopped
 */
export async function timeTraining(choice: BackendChoice, context: JobContext): Promise<TimedTraining> {
  const { ops, device } = await openBackend(choice);
  const settings = {
    ...presets.quick,
    maxCycles: 1,
    generatorEpochs: 1,
    discriminatorSlices: SLICES,
    generatorSlices: 3 * presets.quick.generatorBatch,
  };
  const set = noise();
  const spent = { discriminator: [] as number[], generator: [] as number[] };
  let last: { phase: 'discriminator' | 'generator'; at: number } | null = null;
  let cycleMs = 0;
  const host: TrainingHost = {
    nowMs: () => performance.now(),
    shouldStop: () => context.shouldStop(),
    breathe,
    onStep: ({ phase }) => {
      const at = performance.now();
      if (last?.phase === phase) spent[phase].push(at - last.at);
      last = { phase, at };
    },
    onEpoch: () => undefined,
    onCycle: () => {
      // The histogram of these inputs was made in between; a training looks at more of them, and at the reference.
      cycleMs = last ? (performance.now() - last.at) * ((2 * HISTOGRAM_SLICES) / SLICES) : 0;
      return Promise.resolve();
    },
    save: () => Promise.resolve(),
  };
  const networks = await train(ops, settings, set, set, host);
  networks.generator.dispose();
  networks.discriminator.dispose();
  if (context.shouldStop()) throw new ExpectedError('cancelled', 'The trial was stopped.');
  const sum = (times: readonly number[]): number => times.reduce((total, ms) => total + ms, 0);
  return {
    device: device.label,
    ...timedWith(settings, SIDE * SIDE),
    generatorSteps: spent.generator.length,
    generatorMs: sum(spent.generator),
    discriminatorSteps: spent.discriminator.length,
    discriminatorMs: sum(spent.discriminator),
    cycleMs,
  };
}

function noise(): SliceSource {
  const random = createRandom(1);
  const slice = Float32Array.from({ length: SIDE * SIDE }, () => random.next());
  return {
    count: SLICES,
    height: SIDE,
    width: SIDE,
    channels: 1,
    read: (indices) => {
      const out = new Float32Array(indices.length * slice.length);
      indices.forEach((_, i) => out.set(slice, i * slice.length));
      return out;
    },
  };
}
