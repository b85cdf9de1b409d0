import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { predictSet } from '../../../main/engine/jobs/predictSet';
import { PUBLISHED_DESIGN } from '../../../main/engine/network/layers';
import type { PredictedSlices } from '../../../main/engine/inference/predict';
import { npyBytes, npyValues, readNpyHeader } from '../../../shared/volume/npy';
import { commandLine } from '../../helpers/commandLine';

const { at, run, printed } = commandLine('predict');

/** A network whose outputs can be told from each other and from their place: value, value + 1, value + 2. */
const asked: number[] = [];
const telling = (images: Float32Array): PredictedSlices => {
  asked.push(images.length / (32 * 48));
  return { ifc: images.slice(), iwc: images.map((v) => v + 1), iro: images.map((v) => v + 2), spread: null };
};
const model = {
  predict: telling,
  shape: { height: 32, width: 48, baseWidth: 1 },
  design: PUBLISHED_DESIGN,
};
const quiet = { emit: () => undefined, shouldStop: () => false, whilePaused: () => Promise.resolve() };

const values = (count: number): Float32Array => Float32Array.from({ length: count }, (_, i) => i / count);
const read = (name: string): { shape: readonly number[]; dtype: string; values: Float32Array } => {
  const bytes = readFileSync(at(name));
  const { shape, dtype } = readNpyHeader(bytes);
  return { shape, dtype, values: npyValues(bytes) };
};

beforeAll(() => {
  writeFileSync(at('flat.npy'), npyBytes([35, 32, 48], values(35 * 32 * 48)));
  writeFileSync(at('deep.npy'), npyBytes([3, 32, 48, 1], values(3 * 32 * 48)));
  writeFileSync(at('odd.npy'), npyBytes([2, 27, 40], values(2 * 27 * 40)));
  writeFileSync(at('other.npy'), npyBytes([2, 16, 16], values(512)));
});

describe('predict', () => {
  it('gives float32 of the shape of its input, some slices at a time, in their order', async () => {
    for (const [name, shape] of [
      ['flat', [35, 32, 48]],
      ['deep', [3, 32, 48, 1]],
    ] as const) {
      asked.length = 0;
      await predictSet(at(`${name}.npy`), model, at(name), false, quiet);
      expect(Math.max(...asked)).toBeLessThanOrEqual(16);
      const source = read(`${name}.npy`).values;
      for (const [output, more] of [
        ['ifc', 0],
        ['iwc', 1],
        ['iro', 2],
      ] as const) {
        const written = read(`${name}/${output}.npy`);
        expect([written.shape, written.dtype]).toEqual([shape, 'float32']);
        expect(written.values).toEqual(source.map((v) => v + more));
      }
    }
  });

  it('takes the margins of padded slices off again', async () => {
    await predictSet(at('odd.npy'), model, at('odd'), true, quiet);
    const { shape, values: written } = read('odd/iro.npy');
    expect(shape).toEqual([2, 27, 40]);
    expect(written).toEqual(read('odd.npy').values.map((v) => v + 2));
  });

  it('leaves nothing when it is stopped or breaks in the middle', async () => {
    let slices = 0;
    const broken = {
      ...model,
      predict: (images: Float32Array) => {
        slices += 1;
        if (slices > 1) throw new Error('no more');
        return telling(images);
      },
    };
    await expect(predictSet(at('flat.npy'), broken, at('gone'), false, quiet)).rejects.toThrow('no more');
    let looks = 0;
    const stopped = { ...quiet, shouldStop: () => (looks += 1) > 2 };
    await expect(predictSet(at('flat.npy'), model, at('gone'), false, stopped)).rejects.toMatchObject({
      kind: 'cancelled',
    });
    for (const name of ['ifc', 'iwc', 'iro']) expect(existsSync(at(`gone/${name}.npy`))).toBe(false);
  });

  it('works with a generator file, and says what does not fit', async () => {
    const size = ['--size', '32', '48', '--width', '1'];
    expect(await run('create', '--out', at('made'), ...size)).toBe(0);
    const predict = (input: string, ...more: string[]): Promise<number> =>
      run(
        ...['predict', '--model', at('made/disjoint_un_sup_mse_generator.h5'), '--input', at(input)],
        ...['--out', at('cuts'), '--backend', 'wasm', ...more],
      );
    expect(await predict('odd.npy')).toBe(1);
    expect(printed.err).toMatch(/27x40.*multiple of 16.*--pad/);
    expect(await predict('other.npy')).toBe(1);
    expect(printed.err).toMatch(/16x16; this model takes 32x48/);
    expect(existsSync(at('cuts'))).toBe(false);
    expect(await predict('odd.npy', '--pad')).toBe(0);
    expect(read('cuts/ifc.npy').shape).toEqual([2, 27, 40]);
  });
});
