import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  changesSentence,
  checkSameSides,
  checkTruth,
  openSet,
  type SliceSet,
} from '../../../main/files/sliceSets';
import { npyHeaderBytes, type NpyDtype } from '../../../shared/volume/npy';

let folder: string;
const open: SliceSet[] = [];
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ascnet-sets-'));
});
afterAll(() => {
  for (const set of open) set.close();
  rmSync(folder, { recursive: true, force: true });
});

type Values = Float32Array | Float64Array | Uint8Array | Uint16Array;

function write(name: string, shape: readonly number[], dtype: NpyDtype, values: Values): string {
  const path = join(folder, name);
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  writeFileSync(path, Buffer.concat([npyHeaderBytes(shape, dtype), bytes]));
  return path;
}

async function read(path: string, pad = false): Promise<SliceSet> {
  const set = await openSet(path, { pad });
  open.push(set);
  return set;
}

/** 3 slices of 16x32 that count up from 0 to 1. */
const count = 3 * 16 * 32;
const ramp = Float64Array.from({ length: count }, (_, i) => i / (count - 1));

describe('a set of slices', () => {
  it.each<[NpyDtype, Values, number]>([
    ['float32', Float32Array.from(ramp), 1],
    ['float64', ramp, 1],
    ['uint8', Uint8Array.from(ramp, (value) => Math.round(value * 250)), 250],
    ['uint16', Uint16Array.from(ramp, (value) => Math.round(value * 4000)), 4000],
  ])('of %s is read by slice, in [0, 1]', async (dtype, values, highest) => {
    for (const shape of [
      [3, 16, 32],
      [3, 16, 32, 1],
    ]) {
      const path = write(`${dtype}.npy`, shape, dtype, values);
      const set = await read(path);
      expect([set.count, set.height, set.width]).toEqual([3, 16, 32]);
      const slices = set.read([2, 0]);
      expect(slices).toHaveLength(2 * 16 * 32);
      expect(slices[0]).toBeCloseTo((values[2 * 16 * 32] as number) / highest, 6);
      expect(slices[16 * 32 + 5]).toBeCloseTo((values[5] as number) / highest, 6);
      expect(set.facts).toMatchObject({ dtype, lowest: 0, highest, count: 3, paddedFrom: null });
      expect(set.facts.sha256).toBe(createHash('sha256').update(readFileSync(path)).digest('hex'));
    }
  });

  it('outside [0, 1] is scaled, says so, and keeps 0 where nothing lies below it', async () => {
    const set = await read(
      write(
        'high.npy',
        [3, 16, 32],
        'float32',
        Float32Array.from(ramp, (v) => v * 40),
      ),
    );
    expect(set.facts.scale).toEqual({ low: 0, high: 40 });
    expect(set.read([0])[0]).toBe(0);
    expect(changesSentence(set.facts)).toBe(
      'high.npy: its values 0 to 40 are scaled to [0, 1] from 0 to 40.',
    );
    const negative = await read(
      write(
        'z.npy',
        [3, 16, 32],
        'float32',
        Float32Array.from(ramp, (v) => v * 8 - 2),
      ),
    );
    expect(negative.facts.scale).toEqual({ low: -2, high: 6 });
    expect([...negative.read([0, 1, 2])].every((value) => value >= 0 && value <= 1)).toBe(true);
    const inside = await read(write('inside.npy', [3, 16, 32], 'float32', Float32Array.from(ramp)));
    expect([inside.facts.scale, changesSentence(inside.facts)]).toEqual([null, null]);
  });

  it('is padded with zeros in the middle where that is asked for, and offered where not', async () => {
    const path = write('odd.npy', [1, 14, 33], 'float32', new Float32Array(14 * 33).fill(0.5));
    await expect(read(path)).rejects.toMatchObject({
      kind: 'shape-mismatch',
      message: expect.stringMatching(/14x33.*multiple of 16.*--pad.*16x48/),
    });
    const set = await read(path, true);
    expect([set.height, set.width, set.facts.paddedFrom]).toEqual([16, 48, [14, 33]]);
    const slice = set.read([0]);
    const at = (row: number, column: number): number => slice[row * 48 + column] as number;
    expect([at(0, 7), at(1, 6), at(1, 7), at(14, 39), at(14, 40), at(15, 39)]).toEqual([
      0, 0, 0.5, 0.5, 0, 0,
    ]);
    expect(slice.reduce((sum, value) => sum + value, 0)).toBeCloseTo(14 * 33 * 0.5, 3);
    expect(changesSentence(set.facts)).toContain('14x33 are padded with zeros to 16x48');
  });

  it.each([
    [NaN, /not a number \(NaN\) in slice 1, row 3, column 7/],
    [Infinity, /infinite value in slice 1, row 3, column 7/],
    [-Infinity, /infinite value in slice 1/],
  ])('with %s is refused, saying where', async (value, sentence) => {
    const values = Float32Array.from(ramp);
    values[16 * 32 + 3 * 32 + 7] = value;
    await expect(read(write('bad.npy', [3, 16, 32], 'float32', values))).rejects.toMatchObject({
      kind: 'not-finite',
      message: expect.stringMatching(sentence),
    });
  });

  it('of objects, of a wrong shape, empty or cut short is refused with a sentence', async () => {
    const objects = join(folder, 'objects.npy');
    const header = "{'descr': '|O', 'fortran_order': False, 'shape': (3,), }".padEnd(117) + '\n';
    writeFileSync(
      objects,
      Buffer.concat([Buffer.from('\x93NUMPY\x01\x00\x76\x00', 'latin1'), Buffer.from(header)]),
    );
    await expect(read(objects)).rejects.toMatchObject({ message: expect.stringContaining('Python objects') });
    const flat = write('flat.npy', [16, 32], 'float32', new Float32Array(512));
    await expect(read(flat)).rejects.toMatchObject({ kind: 'shape-mismatch' });
    const channels = write('rgb.npy', [1, 16, 16, 3], 'float32', new Float32Array(768));
    await expect(read(channels)).rejects.toMatchObject({ kind: 'shape-mismatch' });
    const empty = write('empty.npy', [0, 16, 16], 'float32', new Float32Array(0));
    await expect(read(empty)).rejects.toMatchObject({ kind: 'empty-set' });
    const cut = write('cut.npy', [4, 16, 32], 'float32', Float32Array.from(ramp));
    await expect(read(cut)).rejects.toMatchObject({ kind: 'npy-damaged' });
  });

  it('must match the other set and its masks', async () => {
    const set = await read(write('input.npy', [3, 16, 32], 'float32', Float32Array.from(ramp)));
    const other = await read(write('ref.npy', [2, 32, 32], 'float32', new Float32Array(2048)));
    expect(() => checkSameSides(other, set)).toThrowError(/32x32 and the input slices 16x32/);
    const masks = write('masks.npy', [2, 16, 32], 'uint8', new Uint8Array(1024));
    expect(() => checkTruth(masks, set.facts)).toThrowError(/2 masks of 16x32 for 3 slices/);
    expect(() =>
      checkTruth(write('ok.npy', [3, 16, 32], 'uint8', new Uint8Array(1536)), set.facts),
    ).not.toThrow();
  });
});
