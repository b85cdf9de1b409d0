import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../../main/engine/backend/backend';
import { cropped } from '../../../main/engine/training/crops';
import { train, type TrainingHost } from '../../../main/engine/training/loop';
import { heldBack, loadGeneratorBatch, pastedInto } from '../../../main/engine/training/pretext';
import type { SliceSource } from '../../../main/engine/training/sliceSource';
import type { Checkpoint } from '../../../main/engine/training/state';
import { createRandom } from '../../../shared/random';
import { settingsFrom } from '../../../shared/study/chooseSettings';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import { testBackend } from '../../helpers/backend';

let backend: Backend;
beforeAll(async () => {
  backend = await openBackend(testBackend);
});

const side = 48;
/** Discs of tissue in three like channels; image k is a little brighter than the one before. */
function discs(count: number): SliceSource {
  return {
    count,
    height: side,
    width: side,
    channels: 3,
    read(indices) {
      const out = new Float32Array(indices.length * side * side * 3);
      indices.forEach((index, k) => {
        for (let i = 0; i < side * side; i += 1) {
          const [x, y] = [(i % side) - 23.5, Math.floor(i / side) - 20.5];
          const value = Math.hypot(x, y) > 20 ? 0 : 0.45 + 0.01 * index + 0.02 * Math.sin(i);
          out.fill(value, (k * side * side + i) * 3, (k * side * side + i) * 3 + 3);
        }
      });
      return out;
    },
  };
}

const scale = { pixelMm: 1.36, offsetsMm: [0, -2, 2] };
const settings = (changes: Partial<TrainingSettings> = {}): TrainingSettings =>
  settingsFrom('ms-flair', {
    baseWidth: 1,
    maxCycles: 2,
    cropPixels: 32,
    generatorSlices: 4,
    discriminatorSlices: 4,
    generatorBatch: 2,
    pastedBatch: 3,
    discriminatorBatch: 4,
    ...changes,
  });

describe('pieces of images', () => {
  it('lie around brain, follow the seed, and are mirrored half of the time', () => {
    const read = (seed: number, mirror: boolean): Float32Array =>
      cropped(discs(3), { cropPixels: 16, mirror }, createRandom(seed)).read([0, 1, 2, 0, 1, 2]);
    expect(read(1, true)).toEqual(read(1, true));
    expect(read(2, true)).not.toEqual(read(1, true));
    const pieces = read(1, true);
    for (let k = 0; k < 6; k += 1) {
      const piece = pieces.subarray(k * 16 * 16 * 3, (k + 1) * 16 * 16 * 3);
      expect(piece.some((value) => value > 0)).toBe(true);
    }
  });

  it('are the set itself where nothing is asked for', () => {
    const source = discs(2);
    expect(cropped(source, { cropPixels: null, mirror: false }, createRandom(1))).toBe(source);
  });
});

describe("M's batches", () => {
  it('are inputs first, then healthy images with lesions, their masks and what they were before', () => {
    const plain = settings({ gainJitter: 0, offsetJitter: 0 });
    const source = discs(4);
    const batch = loadGeneratorBatch([0, 1], source, source, [2, 3], scale, plain, createRandom(4));
    expect(batch.count).toBe(5);
    expect(batch.images.slice(0, side * side * 6)).toEqual(source.read([0, 1]));
    const { from, masks, clean } = batch.pasted as NonNullable<typeof batch.pasted>;
    expect(from).toBe(2);
    expect(masks.some((value) => value === 1)).toBe(true);
    const gained = Array.from(masks, (_, at) => {
      const k = Math.floor(at / (side * side));
      return (
        (batch.images[((2 + k) * side * side + (at % (side * side))) * 3] as number) - (clean[at] as number)
      );
    });
    expect(Math.min(...gained)).toBe(0);
    expect(gained.every((gain, at) => masks[at] === 0 || gain > 0.5 / 7)).toBe(true);
  });

  it('change contrast and level of an image and of what it was before alike, and no background', () => {
    const source = discs(4);
    const { images, pasted } = loadGeneratorBatch(
      [],
      source,
      source,
      [1],
      scale,
      settings(),
      createRandom(8),
    );
    const clean = source.read([1]);
    const background = clean.findIndex((value) => value === 0);
    expect(images[background]).toBe(0);
    const at = clean.findIndex((value) => value > 0) / 3;
    expect(pasted?.clean[at]).not.toBe(clean[3 * at]);
    expect(pasted?.clean[at]).toBeCloseTo(images[3 * at] as number, 6);
  });

  it('hold back one reference image in ten', () => {
    expect(pastedInto(20)).not.toContain(9);
    expect(heldBack(20)).toEqual([9, 19]);
    expect([...pastedInto(25), ...heldBack(25)].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 25 }, (_, i) => i),
    );
    expect(heldBack(5)).toEqual([0, 1, 2, 3, 4]);
  });
});

/** A world without files, whose clock moves by one minute a step. */
class TestHost implements TrainingHost {
  steps = 0;
  readonly terms: Readonly<Record<string, number>>[] = [];
  readonly tensors: number[] = [];
  readonly saved: Checkpoint[] = [];
  stopAfter = Infinity;
  nowMs(): number {
    return this.steps * 60_000;
  }
  shouldStop(): boolean {
    return this.steps >= this.stopAfter;
  }
  breathe(): Promise<void> {
    return Promise.resolve();
  }
  onStep({ phase, terms }: Parameters<TrainingHost['onStep']>[0]): void {
    this.steps += 1;
    if (phase === 'generator') this.terms.push({ ...terms });
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

async function run(
  changes: Partial<TrainingSettings>,
  host = new TestHost(),
  from: Checkpoint | null = null,
) {
  const set = discs(12);
  const trained = await train(backend.ops, settings(changes), set, set, host, { from, scale });
  const arrays = trained.generator.toArrays();
  trained.generator.dispose();
  trained.discriminator.dispose();
  return { host, arrays };
}

describe('a training with pasted lesions', () => {
  it('holds as many tensors after each step as after the first, and none at the end', async () => {
    await run({});
    const before = tf.memory().numTensors;
    const { host } = await run({});
    expect(new Set(host.tensors).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('goes on from a checkpoint as if it had never been interrupted', async () => {
    const whole = await run({});
    const host = new TestHost();
    host.stopAfter = 6;
    await run({}, host);
    const resumed = await run({}, new TestHost(), host.saved.at(-1) as Checkpoint);
    const spread = backend.device.backend === 'wasm' ? 0 : 1e-3;
    for (const [name, values] of whole.arrays) {
      const got = resumed.arrays.get(name) as Float32Array;
      const off = values.reduce((most, v, i) => Math.max(most, Math.abs(v - (got[i] as number))), 0);
      expect(off, name).toBeLessThanOrEqual(spread);
    }
  });

  it('learns the pretext: I_wc comes nearer to what was pasted', async () => {
    const { host } = await run({
      baseWidth: 2,
      maxCycles: 1,
      generatorRate: 2e-2,
      generatorSlices: 160,
      dropout: 0,
    });
    const mean = (from: number, to: number): number =>
      host.terms.slice(from, to).reduce((sum, terms) => sum + (terms['pasted'] as number), 0) / (to - from);
    expect(mean(60, 80)).toBeLessThan(0.8 * mean(0, 15));
  });
});
