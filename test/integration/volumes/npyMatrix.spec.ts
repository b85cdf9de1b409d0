import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  npyBytes,
  npyHeaderBytes,
  npyValues,
  readNpyHeader,
  type NpyDtype,
} from '../../../shared/volume/npy';
import { oraclePython, runOracle } from '../../helpers/oracles';

interface Expected {
  readonly files: {
    readonly file: string;
    readonly what: string;
    readonly shape: number[];
    readonly dtype: NpyDtype;
    readonly fortran: boolean;
    readonly bits: number[];
  }[];
  readonly refused: { readonly file: string; readonly word: string }[];
  readonly headers: { readonly dtype: NpyDtype; readonly shape: number[]; readonly bytes: number[] }[];
}

describe.skipIf(oraclePython() === null)('.npy files that numpy wrote', () => {
  let folder: string;
  let expected: Expected;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'asc-net-npy-'));
    runOracle(join(import.meta.dirname, 'npyMatrix.py'), [folder]);
    expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are read bit for bit: versions, types, byte orders, memory orders, shapes', () => {
    expect(expected.files).toHaveLength(3 * 12 * 2 * 2 * 8);
    const faults: string[] = [];
    for (const { file, what, shape, dtype, fortran, bits } of expected.files) {
      const bytes = readFileSync(join(folder, file));
      const header = readNpyHeader(bytes);
      if (header.dtype !== dtype || header.fortranOrder !== fortran) faults.push(`${what}: header`);
      if (JSON.stringify(header.shape) !== JSON.stringify(shape)) faults.push(`${what}: shape`);
      const values = npyValues(bytes, header);
      const ours = new Uint32Array(values.buffer, values.byteOffset, values.length);
      if (ours.length !== bits.length) faults.push(`${what}: number of items`);
      bits.forEach((word, i) => {
        // Which of the many NaN does not matter.
        const bothNaN = Number.isNaN(values[i]) && (word & 0x7fffffff) > 0x7f800000;
        if (ours[i] !== word && !bothNaN) faults.push(`${what}: item ${i}`);
      });
    }
    expect(faults).toEqual([]);
  });

  it('are refused by name where they hold no plain numbers', () => {
    for (const { file, word } of expected.refused) {
      const bytes = readFileSync(join(folder, file));
      expect(() => readNpyHeader(bytes), file).toThrow(word);
      expect(() => readNpyHeader(bytes), file).toThrow(expect.objectContaining({ kind: 'npy-unsupported' }));
    }
  });

  it('have the header that we write too, byte for byte', () => {
    for (const { dtype, shape, bytes } of expected.headers) {
      expect([...npyHeaderBytes(shape, dtype)], `${dtype} ${shape.join()}`).toEqual(bytes);
    }
  });

  it('of ours are what numpy loads', () => {
    const cases = [
      { shape: [2, 3, 4, 1], data: Float32Array.from({ length: 24 }, (_, i) => i / 7) },
      { shape: [3, 5], data: Uint8Array.from({ length: 15 }, (_, i) => i * 17) },
      { shape: [], data: Float32Array.of(1.5) },
      { shape: [0, 16, 16], data: new Float32Array(0) },
    ].map(({ shape, data }, i) => {
      const file = join(folder, `ours-${i}.npy`);
      writeFileSync(file, npyBytes(shape, data));
      return { file, shape, dtype: data instanceof Uint8Array ? 'uint8' : 'float32', values: [...data] };
    });
    const list = join(folder, 'ours.json');
    writeFileSync(list, JSON.stringify(cases));
    expect(JSON.parse(runOracle(join(import.meta.dirname, 'npyCheck.py'), [list]))).toEqual([]);
  });
});
