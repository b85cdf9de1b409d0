import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../../main/cli/program';
import { convertModel, createModel } from '../../../main/engine/jobs/kerasModels';
import { loadModel } from '../../../main/engine/jobs/model';
import { readKerasFile, type KerasFile } from '../../../main/engine/keras/readKeras';
import { KERAS_FILES } from '../../../main/engine/keras/kerasFiles';
import { createRandom } from '../../../shared/random';
import { npyBytes } from '../../../shared/volume/npy';
import { digests } from '../../helpers/kerasNetworks';

const SHAPE = { height: 32, width: 48, baseWidth: 2 };
let work = '';
let made = '';

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'asc-net-convert-'));
  made = join(work, 'made');
  await createModel(made, SHAPE, 7, false);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

const read = (folder: string, kind: keyof typeof KERAS_FILES = 'complete'): Promise<KerasFile> =>
  readKerasFile(readFileSync(join(folder, KERAS_FILES[kind])), KERAS_FILES[kind]);
const weights = async (folder: string): Promise<unknown> => {
  const { generator, discriminator } = await read(folder);
  return [digests(generator), digests(discriminator?.arrays)];
};
const cli = (...args: string[]): Promise<number> => runCli(['node', 'asc-net', ...args]);

describe('create', () => {
  it('writes the three published files and nothing else', () => {
    expect(readdirSync(made).sort()).toEqual(Object.values(KERAS_FILES).sort());
  });

  it('draws the same weights from the same seed, others from another', async () => {
    const [again, other] = [join(work, 'again'), join(work, 'other')];
    const size = ['--size', '32', '48', '--width', '2'];
    expect(await cli('create', '--out', again, ...size, '--seed', '7')).toBe(0);
    expect(await cli('create', '--out', other, ...size, '--seed', '8')).toBe(0);
    expect(await weights(again)).toEqual(await weights(made));
    expect(await weights(other)).not.toEqual(await weights(made));
  });

  it('starts as Keras does: Glorot uniform kernels, variances and gains 1, the rest 0', async () => {
    const { generator } = await read(made, 'generator');
    for (const [name, values] of generator ?? []) {
      const largest = values.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
      if (/(gamma|moving_variance)$/.test(name)) expect(values.every((v) => v === 1)).toBe(true);
      else if (!name.endsWith('kernel')) expect(largest, name).toBe(0);
    }
    // 3x3 from 16 to 32 channels: sqrt(6 / (9 * 16 + 9 * 32)).
    const kernel = generator?.get('l2_conc23/kernel') ?? new Float32Array();
    const limit = Math.sqrt(6 / (9 * 48));
    const largest = kernel.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
    expect(largest).toBeLessThanOrEqual(limit);
    expect(largest).toBeGreaterThan(0.99 * limit);
    const spread = Math.sqrt(kernel.reduce((sum, v) => sum + v * v, 0) / kernel.length);
    expect(spread / (limit / Math.sqrt(3))).toBeCloseTo(1, 1);
  });

  it('leaves what is there alone unless told', async () => {
    await expect(createModel(made, SHAPE, 7, false)).rejects.toMatchObject({ kind: 'file-exists' });
    const there = join(work, 'there');
    mkdirSync(there);
    writeFileSync(join(there, KERAS_FILES.complete), 'something');
    await expect(createModel(there, SHAPE, 7, false)).rejects.toMatchObject({ kind: 'file-exists' });
    expect(readdirSync(there)).toEqual([KERAS_FILES.complete]);
    await createModel(there, SHAPE, 7, true);
    expect(await weights(there)).toEqual(await weights(made));
  });

  it.each([
    [{ ...SHAPE, height: 150 }, 'the nearest is 144x48'],
    [{ ...SHAPE, width: 0 }, 'the nearest is 32x16'],
    [{ ...SHAPE, baseWidth: 0 }, 'choose 1 to 64'],
    [{ ...SHAPE, baseWidth: 65 }, 'choose 1 to 64'],
  ])('refuses %j with what would fit', async (shape, sentence) => {
    await expect(createModel(join(work, 'no'), shape, 1, false)).rejects.toThrow(sentence);
  });
});

describe('convert', () => {
  it('turns Keras files into a run and back without a changed bit', async () => {
    const [run, back] = [join(work, 'run'), join(work, 'back')];
    expect(await cli('convert', '--model', made, '--out', run)).toBe(0);
    expect(await cli('convert', '--model', run, '--out', back)).toBe(0);
    expect(await weights(back)).toEqual(await weights(made));
    expect((await read(back)).shape).toEqual(SHAPE);
    // From the complete model alone it is the same run.
    const other = join(work, 'run-of-complete');
    await convertModel(join(made, KERAS_FILES.complete), other, false);
    for (const file of ['generator.weights', 'discriminator.weights']) {
      expect(readFileSync(join(other, file)).equals(readFileSync(join(run, file)))).toBe(true);
    }
  });

  it('says which file is missing or does not belong', async () => {
    const alone = join(work, 'alone');
    mkdirSync(alone);
    copyFileSync(join(made, KERAS_FILES.generator), join(alone, KERAS_FILES.generator));
    const out = join(work, 'nowhere');
    await expect(convertModel(alone, out, false)).rejects.toThrow(`put ${KERAS_FILES.discriminator} beside`);
    const large = join(work, 'large');
    await createModel(large, { ...SHAPE, height: 64 }, 1, false);
    copyFileSync(join(large, KERAS_FILES.discriminator), join(alone, KERAS_FILES.discriminator));
    await expect(convertModel(alone, out, false)).rejects.toThrow('it is made for 64x48 at width 2');
    const discriminator = join(made, KERAS_FILES.discriminator);
    await expect(convertModel(discriminator, out, false)).rejects.toThrow('a discriminator alone');
    await expect(convertModel(work, out, false)).rejects.toThrow('neither a finished run nor');
  });
});

describe('a generator file as --model', () => {
  it('predicts what its run predicts', async () => {
    const run = join(work, 'run-to-predict');
    await convertModel(made, run, false);
    const random = createRandom(3);
    const slices = Float32Array.from({ length: 2 * 32 * 48 }, () => random.next());
    const input = join(work, 'input.npy');
    writeFileSync(input, npyBytes([2, 32, 48, 1], slices));
    const model = join(made, KERAS_FILES.generator);
    for (const [from, out] of [
      [model, 'by-h5'],
      [run, 'by-run'],
    ] as const) {
      const where = ['--out', join(work, out), '--backend', 'wasm'];
      expect(await cli('predict', '--model', from, '--input', input, ...where)).toBe(0);
    }
    for (const name of ['ifc.npy', 'iwc.npy', 'iro.npy']) {
      const [a, b] = [readFileSync(join(work, 'by-h5', name)), readFileSync(join(work, 'by-run', name))];
      expect(a.equals(b), name).toBe(true);
    }
  });

  it('has no known reference histogram, and a discriminator is refused', async () => {
    const model = await loadModel(join(made, KERAS_FILES.complete), 'wasm');
    expect(model.known.referenceCounts).toEqual([]);
    expect(model.shape).toEqual(SHAPE);
    model.dispose();
    await expect(loadModel(join(made, KERAS_FILES.discriminator), 'wasm')).rejects.toThrow(
      'choose the file of the generator',
    );
    await expect(loadModel(join(work, 'no.h5'), 'wasm')).rejects.toMatchObject({ kind: 'file-unreadable' });
  });
});
