import { describe, expect, it } from 'vitest';
import { ExpectedError } from '../../../../shared/failure';
import { createRandom, type Random } from '../../../../shared/random';
import {
  expectedFileBytes,
  readNiftiHeader,
  trueValues,
  volumeFromNifti,
} from '../../../../shared/volume/nifti';
import {
  npyBytes,
  npyHeaderBytes,
  npyItemBytes,
  npyValues,
  readNpyHeader,
  volumeFromNpy,
} from '../../../../shared/volume/npy';
import { voxelCount } from '../../../../shared/volume/volume';
import { makeNifti } from './makeNifti';

/** 1000 in the usual run; ASCNET_MUTATIONS sets another number for a long one. */
const runs = Number(process.env['ASCNET_MUTATIONS'] ?? 1000);

/** Numbers that break parsers: ends of ranges, signs, not finite. */
const nasty32 = [0, 1, -1, 0x7fffffff, -0x80000000, 0x7fff, 0x8000, 0x7f800000, 0x7fc00000, 0x4b800000];

function mutate(original: Uint8Array, headerBytes: number, random: Random): Uint8Array {
  let bytes = original.slice();
  const view = new DataView(bytes.buffer);
  for (let edits = 1 + random.integer(4); edits > 0; edits -= 1) {
    // Most edits hit the header, where the meaning is.
    const reach = random.next() < 0.9 ? Math.min(headerBytes, bytes.length) : bytes.length;
    const at = random.integer(Math.max(1, reach));
    switch (random.integer(5)) {
      case 0:
        bytes[at] = random.integer(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
        break;
      case 2:
        if (at + 4 <= bytes.length)
          view.setInt32(at, nasty32[random.integer(nasty32.length)] ?? 0, random.next() < 0.5);
        break;
      case 3:
        bytes.copyWithin(at, random.integer(reach), random.integer(reach) + 8);
        break;
      default:
        bytes.fill(random.integer(2) * 255, at, at + random.integer(16));
    }
  }
  if (random.next() < 0.25) bytes = bytes.slice(0, random.integer(bytes.length + 1));
  return bytes;
}

/** Runs it; gives the failure's sentence, or null where the mutant was still a readable file. */
function attempt(run: () => void): string | null {
  const before = performance.now();
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return error.message;
  } finally {
    expect(performance.now() - before).toBeLessThan(2000);
  }
}

describe(`${runs} mutants of small files`, () => {
  it('of NIfTI-1 and NIfTI-2 are read or refused in a sentence, without a large allocation', () => {
    const random = createRandom(2024);
    const originals = [makeNifti(1), makeNifti(2), makeNifti(1, 'float32'), makeNifti(2, 'uint8')];
    let readable = 0;
    const sentences = new Set<string>();
    for (let i = 0; i < runs; i += 1) {
      const original = originals[i % originals.length] as Uint8Array;
      const bytes = mutate(original, original.length - 30, random);
      const message = attempt(() => {
        const header = readNiftiHeader(bytes, 'mutant.nii');
        expect(expectedFileBytes(header)).toBeGreaterThan(0);
        const volume = volumeFromNifti(bytes, { nameForMessages: 'mutant.nii', imageBytes: bytes });
        const { values } = trueValues(volume);
        // What was read fits into what was there: nothing was made up to fill a promise.
        expect(volume.data.byteLength).toBeLessThanOrEqual(2 * bytes.length);
        expect(values).toHaveLength(voxelCount(volume.dims));
        expect(volume.affine.every((value) => Number.isFinite(value))).toBe(true);
        expect(volume.zooms.every((value) => value > 0)).toBe(true);
      });
      if (message === null) readable += 1;
      else sentences.add(message.replace(/-?\d[\d.e+ x-]*|NaN|Infinity/g, 'N'));
    }
    for (const sentence of sentences) expect(sentence).toMatch(/^mutant\.nii [^\n]{10,250}[.]$/);
    // The mutants do reach both sides.
    expect(readable).toBeGreaterThan(runs / 20);
    expect(sentences.size).toBeGreaterThan(6);
  });

  it('of .npy are read or refused in a sentence, without a large allocation', () => {
    const random = createRandom(77);
    const originals = [
      npyBytes([2, 3, 4, 1], new Float32Array(24)),
      npyBytes([5, 16, 16], new Uint8Array(1280)),
    ];
    let readable = 0;
    const sentences = new Set<string>();
    for (let i = 0; i < runs; i += 1) {
      const bytes = mutate(originals[i % 2] as Uint8Array, npyHeaderBytes([2, 3], 'float32').length, random);
      const message = attempt(() => {
        const header = readNpyHeader(bytes, 'mutant.npy');
        const values = npyValues(bytes, header, 'mutant.npy');
        expect(values.length * npyItemBytes(header.dtype)).toBeLessThanOrEqual(bytes.length);
        volumeFromNpy(bytes, 'mutant.npy');
      });
      if (message === null) readable += 1;
      else sentences.add(message.replace(/\d+/g, 'N').replace(/\(.*\)|".*"/, '()'));
    }
    for (const sentence of sentences) expect(sentence).toMatch(/^mutant\.npy [^\n]{10,250}[.]$/);
    expect(readable).toBeGreaterThan(runs / 20);
    expect(sentences.size).toBeGreaterThan(4);
  });
});
