import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { readVolumeFile } from '../../../../main/files/readVolume';
import { ExpectedError } from '../../../../shared/failure';
import { createRandom } from '../../../../shared/random';
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
import { mutate } from './mutate';

/** 1000 in the usual run; `npm run mutations` tries 10,000. */
const runs = Number(process.env['ASCNET_MUTATIONS'] ?? 1000);

/** Runs it; gives the failure's sentence, or null where the mutant was still a readable file. */
function attempt(run: () => void): string | null {
  const before = process.cpuUsage();
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof ExpectedError)) throw error;
    return error.message;
  } finally {
    expect(workedMs(before)).toBeLessThan(2000);
  }
}

/** Time that this process has worked since: a wall clock would count the machine's other work, too. */
function workedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
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

  it('of .nii.gz files are read or refused in a sentence, without a large allocation', async () => {
    const random = createRandom(4096);
    const folder = mkdtempSync(join(tmpdir(), 'asc-net-mutants-'));
    const path = join(folder, 'mutant.nii.gz');
    const plain = makeNifti(1);
    const packed = [
      gzipSync(plain),
      Buffer.concat([gzipSync(plain.subarray(0, 200)), gzipSync(plain.subarray(200))]),
    ];
    const peakBefore = process.resourceUsage().maxRSS;
    let readable = 0;
    const sentences = new Set<string>();
    try {
      for (let i = 0; i < runs; i += 1) {
        // Half of them have their compressed bytes changed, half what is inside a sound gzip.
        const bytes =
          i % 2 === 0
            ? mutate(packed[(i / 2) % 2] as Uint8Array, 60, random)
            : gzipSync(mutate(plain, 360, random), { level: 1 });
        writeFileSync(path, bytes);
        const before = process.cpuUsage();
        try {
          const volume = await readVolumeFile(path);
          expect(volume.data.byteLength).toBeLessThanOrEqual(2 * 1032 * bytes.length);
          readable += 1;
        } catch (error) {
          if (!(error instanceof ExpectedError)) throw error;
          sentences.add(error.message.replace(/-?\d[\d.e+ x-]*|NaN|Infinity/g, 'N'));
        }
        expect(workedMs(before)).toBeLessThan(2000);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
    for (const sentence of sentences) expect(sentence).toMatch(/^mutant\.nii\.gz [^\n]{8,250}[.]$/);
    expect(readable).toBeGreaterThan(runs / 20);
    expect(sentences.size).toBeGreaterThan(6);
    // Kilobytes: garbage of a thousand reads, but nothing of the size that mutants declare.
    expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(300 * 1024);
  }, 300_000);
});
