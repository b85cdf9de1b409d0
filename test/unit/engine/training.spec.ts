import * as tf from '@tensorflow/tfjs-core';
import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../../main/engine/backend/backend';
import type { Computation } from '../../../main/engine/network/ops';
import { discriminatorOrder, loadBatch } from '../../../main/engine/training/epochs';
import { OUTPUT_NAMES } from '../../../main/engine/network/layers';
import { train, type StepReport, type TrainingHost } from '../../../main/engine/training/loop';
import type { SliceSource } from '../../../main/engine/training/sliceSource';
import type { Checkpoint } from '../../../main/engine/training/state';
import { createRandom } from '../../../shared/random';
import { settingsFrom } from '../../../shared/study/chooseSettings';
import { ExpectedError } from '../../../shared/failure';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import { testBackend } from '../../helpers/backend';
import { discSlices } from '../../helpers/trainingSets';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend(testBackend);
});

const side = 16;
function source(slices: Float32Array): SliceSource & { asked: number[] } {
  const size = side * side;
  const asked: number[] = [];
  return {
    count: slices.length / size,
    height: side,
    width: side,
    channels: 1,
    asked,
    read(indices) {
      asked.push(...indices);
      const out = new Float32Array(indices.length * size);
      indices.forEach((index, i) => out.set(slices.subarray(index * size, (index + 1) * size), i * size));
      return out;
    },
  };
}
const reference = source(discSlices(5, side, false, 1));
const input = source(discSlices(4, side, true, 2));
const tiny = (overrides: Partial<TrainingSettings>): TrainingSettings =>
  settingsFrom('quick', {
    baseWidth: 1,
    discriminatorBatch: 4,
    generatorBatch: 2,
    generatorEpochs: 1,
    ...overrides,
  });

/** A world without files, whose clock moves by one minute a step. */
class TestHost implements TrainingHost {
  readonly steps: StepReport[] = [];
  readonly tensors: number[] = [];
  readonly saved: Checkpoint[] = [];
  stopAfter = Infinity;
  nowMs(): number {
    return this.steps.length * 60_000;
  }
  shouldStop(): boolean {
    return this.steps.length >= this.stopAfter;
  }
  breathe(): Promise<void> {
    return Promise.resolve();
  }
  onStep(report: StepReport): void {
    this.steps.push(report);
    this.tensors.push(tf.memory().numTensors);
  }
  onEpoch(): void {}
  onCycle(): Promise<void> {
    return Promise.resolve();
  }
  save(checkpoint: Checkpoint): Promise<void> {
    this.saved.push(structuredClone(checkpoint));
    return Promise.resolve();
  }
}

interface Outcome {
  readonly host: TestHost;
  readonly weights: Float32Array;
  readonly stages: number[];
  readonly ended: string;
}

async function run(
  settings: TrainingSettings,
  host = new TestHost(),
  from: Checkpoint | null = null,
  ops = backend.ops,
): Promise<Outcome> {
  const trained = await train(ops, settings, reference, input, host, { from });
  const arrays = [...trained.generator.toArrays().values(), ...trained.discriminator.toArrays().values()];
  const weights = Float32Array.from(arrays.flatMap((values) => [...values]));
  trained.generator.dispose();
  trained.discriminator.dispose();
  return { host, weights, stages: trained.history.map((record) => record.stage), ended: trained.ended };
}

const distance = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

describe('the training loop', () => {
  it('holds as many tensors after each step and cycle as after the first, and none at the end', async () => {
    const settings = tiny({ maxCycles: 3, stage: 'auto', discriminatorEpochs: 2 });
    // The native backend keeps small tensors for each shape that it has met.
    await run(settings);
    const before = tf.memory().numTensors;
    const { host } = await run(settings);
    expect(host.steps.length).toBeGreaterThan(20);
    expect(new Set(host.tensors).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes from stage 1 to stage 2 and takes the steps of the schedule', async () => {
    const { host, stages, ended } = await run(tiny({ maxCycles: 2, stage: 'auto' }));
    expect([stages, ended]).toEqual([[1, 2], 'cycles']);
    const steps = (cycle: number, phase: string): number =>
      host.steps.filter((step) => step.cycle === cycle && step.phase === phase).length;
    // 9 images, then twice as many, in batches of 4; 4 inputs in batches of 2.
    expect([1, 2].map((cycle) => [steps(cycle, 'discriminator'), steps(cycle, 'generator')])).toEqual([
      [3, 2],
      [5, 2],
    ]);
    const fractions = host.steps.map((step) => step.fraction);
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBeCloseTo(1, 6);
  });

  it('goes on from a checkpoint inside an epoch as if it had never been interrupted', async () => {
    const settings = tiny({ maxCycles: 3, stage: 'auto', checkpointMinutes: 1e6 });
    const whole = await run(settings);
    for (const stopAfter of [1, 4, 5, 11]) {
      const host = new TestHost();
      host.stopAfter = stopAfter;
      const first = await run(settings, host);
      expect(first.ended).toBe('stopped');
      const resumed = await run(settings, new TestHost(), host.saved.at(-1) as Checkpoint);
      expect(resumed.stages).toEqual(whole.stages);
      if (backend.device.backend === 'wasm') expect(resumed.weights).toEqual(whole.weights);
      else {
        // TensorFlow's threads add up in any order: what two uninterrupted runs differ by is allowed.
        const spread = distance((await run(settings)).weights, whole.weights);
        expect(distance(resumed.weights, whole.weights)).toBeLessThanOrEqual(Math.max(1e-5, 2 * spread));
      }
    }
  });

  it.each([
    ['TensorFlow', new Error('OOM when allocating tensor')],
    ['WebAssembly', new ExpectedError('out-of-memory', 'WebAssembly has no more memory than 4 GB.')],
  ])(
    'goes on in the pieces into which a small memory (%s) has made it cut the batches',
    async (_of, full) => {
      let refused = 0;
      const small: Backend['ops'] = Object.assign(Object.create(backend.ops) as Backend['ops'], {
        convReluNorm: (...args: Parameters<Backend['ops']['convReluNorm']>) => {
          if (args[0].shape[0] <= 2) return backend.ops.convReluNorm(...args);
          refused += 1;
          throw full;
        },
        // A graph from an earlier test would not come by here.
        compute: ({ run: compute, dropout }: Computation) => compute(dropout),
      });
      const settings = tiny({ maxCycles: 2, checkpointMinutes: 1e6 });
      const whole = await run(settings, new TestHost(), null, small);
      expect(refused).toBe(1);
      const host = new TestHost();
      host.stopAfter = 2;
      await run(settings, host, null, small);
      const from = host.saved.at(-1) as Checkpoint;
      expect(from.state.batchPieces).toBe(2);
      refused = 0;
      const resumed = await run(settings, new TestHost(), from, small);
      expect(refused).toBe(0);
      expect(distance(resumed.weights, whole.weights)).toBeLessThanOrEqual(
        backend.device.backend === 'wasm' ? 0 : 1e-5,
      );
    },
  );

  it.skipIf(testBackend !== 'wasm')(
    'cuts its batches where the memory of WebAssembly really is full',
    async () => {
      const wasm = tf.backend() as BackendWasm;
      const held: tf.TensorInfo[] = [];
      // Never touched, and so no memory of the machine's.
      const holdAll = (bytes: number): void => {
        const hold = (): void => {
          for (;;) held.push(wasm.makeOutput([bytes / 4], 'float32'));
        };
        expect(hold).toThrowError(expect.objectContaining({ kind: 'out-of-memory' }));
      };
      holdAll(2 ** 30);
      holdAll(2 ** 23);
      // Room for a part of what 64 images leave behind.
      const room = held.splice(-3);
      for (const { dataId } of room) wasm.disposeData(dataId, true);
      const warnings: string[] = [];
      const host = Object.assign(new TestHost(), { onWarning: (text: string) => warnings.push(text) });
      const before = tf.memory().numTensors;
      const settings = tiny({ baseWidth: 4, generatorBatch: 64, maxCycles: 1 });
      const many = source(discSlices(64, side, true, 2));
      try {
        const trained = await train(backend.ops, settings, reference, many, host, { from: null });
        expect(warnings[0]).toContain('too little memory for a batch of 64: it is computed in pieces of 32');
        expect(trained.history[0]?.generator?.total).toBeGreaterThan(0);
        trained.generator.dispose();
        trained.discriminator.dispose();
        // All that the batch which did not fit had kept is given back, but for the tensors of the kernel that failed.
        expect(tf.memory().numTensors - before).toBeLessThan(5 * warnings.length);
      } finally {
        for (const { dataId } of held) wasm.disposeData(dataId, true);
      }
    },
  );

  it('saves at the end of each cycle, and inside one every so many minutes', async () => {
    const { host } = await run(tiny({ maxCycles: 2, checkpointMinutes: 2 }));
    // A step takes a minute of this clock: cycles of 5 steps, saved after 2, 4, and at their end.
    expect(host.saved.map(({ state }) => [state.cycle, state.phase, state.step])).toEqual([
      [1, 'discriminator', 2],
      [1, 'generator', 1],
      [2, 'discriminator', 0],
      [2, 'discriminator', 2],
      [2, 'generator', 1],
      [3, 'discriminator', 0],
    ]);
  });

  it('ends when its time is up, keeping what it learned', async () => {
    const { host, ended, stages } = await run(tiny({ maxCycles: 50, maxMinutes: 7 }));
    // The clock of this test moves after a step was booked: the eighth step books the seventh minute.
    expect([ended, host.steps.length, stages]).toEqual(['time', 8, [1, 1]]);
    expect(host.saved.at(-1)?.state.workedMs).toBe(7 * 60_000);
  });

  it('keeps one D where that is asked for, and else begins each cycle with a new one', async () => {
    const adamSteps = async (newDiscriminatorEachCycle: boolean): Promise<number[]> => {
      const { host } = await run(tiny({ maxCycles: 2, newDiscriminatorEachCycle, checkpointMinutes: 1e6 }));
      return host.saved.map(({ state }) => state.discriminatorAdamStep);
    };
    expect(await adamSteps(true)).toEqual([3, 3]);
    expect(await adamSteps(false)).toEqual([3, 6]);
  });

  it('says in words that I_ro has lost its contrast, and saves nothing from there', async () => {
    const settings = tiny({ maxCycles: 3, checkpointMinutes: 1e6 });
    const first = new TestHost();
    await run({ ...settings, maxCycles: 1 }, first);
    const { state, arrays } = first.saved.at(-1) as Checkpoint;
    // A layer that mixes nothing of the cuts in, frozen as in the preset quick: I_ro is the same everywhere.
    const broken = new Map(arrays).set(`generator/${OUTPUT_NAMES.iro}/kernel`, new Float32Array(2));
    const from = { state: { ...state, hadContrast: true }, arrays: broken, healthy: true };
    const host = new TestHost();
    const before = tf.memory().numTensors;
    await expect(run(settings, host, from)).rejects.toMatchObject({
      kind: 'training-collapsed',
      message: expect.stringMatching(/cycle 2: I_ro has lost its contrast.*last good checkpoint.*Rate/),
    });
    expect(host.saved).toEqual([]);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says in words that a loss is no longer a number, and saves nothing from there', async () => {
    const host = new TestHost();
    const before = tf.memory().numTensors;
    const broken = run(tiny({ maxCycles: 20, generatorRate: 1e30, checkpointMinutes: 0 }), host);
    await expect(broken).rejects.toMatchObject({
      kind: 'training-collapsed',
      message: expect.stringMatching(/no longer a number.*last good checkpoint.*generatorRate/),
    });
    expect(host.saved.length).toBeGreaterThan(0);
    for (const { arrays } of host.saved) {
      for (const values of arrays.values()) expect(values.every(Number.isFinite)).toBe(true);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe("D's epoch", () => {
  const counts = { reference: 5, input: 4 };
  /** A network whose first cut is the negative, so that cuts can be told from slices. */
  const negative = (slices: Float32Array) => ({
    ifc: slices.map((value) => -value),
    iwc: slices,
    iro: slices,
    spread: null,
  });
  const all = (stage: 1 | 2): Map<string, number> => {
    const numbered = (first: number, count: number): SliceSource =>
      source(Float32Array.from({ length: count * side * side }, (_, i) => first + Math.floor(i / side ** 2)));
    const items = discriminatorOrder(counts, counts, stage, createRandom(3));
    const { images, real } = loadBatch(items, numbered(100, 5), numbered(200, 4), negative);
    const seen = new Map<string, number>();
    real.forEach((isReal, i) => {
      const key = `${isReal ? 'real' : 'fake'} ${images[i * side * side]}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    });
    return seen;
  };

  it('of stage 1 is the reference against the first cuts of the inputs', () => {
    expect(all(1)).toEqual(
      new Map([
        ...[100, 101, 102, 103, 104].map((value) => [`real ${value}`, 1] as const),
        ...[200, 201, 202, 203].map((value) => [`fake ${-value}`, 1] as const),
      ]),
    );
  });

  it('of stage 2 adds the first cuts of the reference to the real ones and doubles the inputs', () => {
    expect(all(2)).toEqual(
      new Map([
        ...[100, 101, 102, 103, 104].flatMap((v) => [[`real ${v}`, 1] as const, [`real ${-v}`, 1] as const]),
        ...[200, 201, 202, 203].map((value) => [`fake ${-value}`, 2] as const),
      ]),
    );
  });
});
