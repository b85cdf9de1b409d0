import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { deflateRawSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { readVolumeFile, type ReadVolumeOptions } from '../../../main/files/readVolume';
import { ExpectedError, type FailureKind } from '../../../shared/failure';
import { npyBytes, npyHeaderBytes } from '../../../shared/volume/npy';
import { fields, makeNifti, viewOf } from '../shared/volume/makeNifti';

const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-volumes-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, bytes: Uint8Array): string {
  const target = path.join(folder, name);
  writeFileSync(target, bytes);
  return target;
}

/** A file with another value in one of its header's fields. */
function patched(version: 1 | 2, change: (view: DataView, at: (typeof fields)[1 | 2]) => void): Uint8Array {
  const bytes = makeNifti(version);
  change(viewOf(bytes), fields[version]);
  return bytes;
}

/** A header of so many float64 voxels along x, y, z and t, without any voxels. */
function promise(dims: readonly [number, number, number, number]): Uint8Array {
  return patched(1, (view, at) => {
    [4, ...dims].forEach((size, i) => view.setInt16(at.dim + 2 * i, size, true));
    view.setInt16(at.datatype, 64, true);
  }).subarray(0, 352);
}

async function refusal(target: string, options?: ReadVolumeOptions): Promise<ExpectedError> {
  const error: unknown = await readVolumeFile(target, options).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof ExpectedError) return error;
  throw error instanceof Error ? error : new Error(`${target} was read`);
}

/** So many bytes of zeros, gzipped by hand: what a bomb is made of. Members of 64 MB, each 64 kB packed. */
function bomb(head: Uint8Array, megabytes: number): Uint8Array {
  const member = gzipSync(Buffer.alloc(64 * 2 ** 20), { level: 9 });
  return Buffer.concat([gzipSync(head), ...Array<Buffer>(megabytes / 64).fill(member)]);
}

describe('reading volumes from files', () => {
  const voxels = Array.from({ length: 24 }, (_, i) => i);

  it('takes .nii, .nii.gz of several members, and whatever its name says about compression', async () => {
    for (const version of [1, 2] as const) {
      const bytes = makeNifti(version);
      const members = Buffer.concat(
        [bytes.subarray(0, 100), bytes.subarray(100)].map((part) => gzipSync(part)),
      );
      for (const [name, content] of [
        ['plain.nii', bytes],
        ['misnamed.nii.gz', bytes],
        ['packed.nii.gz', gzipSync(bytes)],
        ['members.nii.gz', members],
        ['padded.nii', Buffer.concat([bytes, new Uint8Array(5000)])],
        ['trailing.nii.gz', Buffer.concat([gzipSync(bytes), new Uint8Array(700)])],
      ] as const) {
        const volume = await readVolumeFile(file(name, content));
        expect([name, [...volume.data]]).toEqual([name, voxels]);
      }
    }
  });

  it('takes a pair by either of its names, plain and gzipped, and keeps its own case', async () => {
    const whole = makeNifti(1);
    const header = whole.slice(0, 348);
    header.set(Buffer.from('ni1\0'), fields[1].magic);
    viewOf(header).setFloat32(fields[1].voxOffset, 0, true);
    const image = whole.subarray(352);
    file('pair.hdr', header);
    file('pair.img', image);
    file('ZIPPED.HDR.GZ', gzipSync(header));
    file('ZIPPED.IMG.GZ', gzipSync(image));
    for (const name of ['pair.hdr', 'pair.img', 'ZIPPED.HDR.GZ', 'ZIPPED.IMG.GZ']) {
      expect([...(await readVolumeFile(path.join(folder, name))).data]).toEqual(voxels);
    }
    // Voxels that look like the start of a gzip are voxels.
    const tricky = image.slice();
    tricky.set([0x1f, 0x8b]);
    file('tricky.hdr', header);
    expect((await readVolumeFile(file('tricky.img', tricky))).data[0]).toBe(-29_921);
    expect((await refusal(file('alone.hdr', header))).message).toContain('There is no file alone.img');
    file('short.hdr', header);
    expect((await refusal(file('short.img', image.subarray(0, 47)))).message).toMatch(
      /short\.img is cut short: its header promises 48 bytes, and it holds 47/,
    );
  });

  it('takes an array as a stack of slices or as one volume', async () => {
    const array = file('array.npy', npyBytes([4, 3, 2], Float32Array.from(voxels)));
    const stack = await readVolumeFile(array);
    expect([stack.dims, stack.layout, [...stack.data]]).toEqual([[2, 3, 4], 'stack', voxels]);
    const volume = await readVolumeFile(array, { npyLayout: 'volume' });
    expect([volume.dims, volume.layout]).toEqual([[4, 3, 2], 'volume']);
    // numpy.arange(24).reshape(4, 3, 2)[3, 1, 0] is 20.
    expect(volume.data[3 + 4 * (1 + 3 * 0)]).toBe(20);
    expect(volume.affine).toEqual([-1, 0, 0, 1.5, 0, 1, 0, -1, 0, 0, 1, -0.5, 0, 0, 0, 1]);
    expect(volume.warnings.join()).toContain('does not say where the head lies');
    expect(
      (await refusal(file('flat.npy', npyBytes([3, 4], new Float32Array(12))), { npyLayout: 'volume' })).kind,
    ).toBe('shape-mismatch');
  });

  it('reads a file whose header alone is longer than other files: thousands of spaces', async () => {
    const header = Buffer.from(
      `{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 2), }`.padEnd(60_000) + '\n',
    );
    const prefix = Buffer.from([
      0x93,
      ...Buffer.from('NUMPY'),
      1,
      0,
      header.length & 255,
      header.length >> 8,
    ]);
    const long = Buffer.concat([prefix, header, new Uint8Array(16)]);
    expect((await readVolumeFile(file('long.npy', long))).dims).toEqual([2, 2, 1]);
    expect((await readVolumeFile(file('long.npy.gz', gzipSync(long)))).dims).toEqual([2, 2, 1]);
  });

  it('asks which volume of several before it reads them', async () => {
    const several = patched(1, (view, at) => {
      view.setInt16(at.dim, 4, true);
      view.setInt16(at.dim + 2 * 3, 1, true);
      view.setInt16(at.dim + 2 * 4, 2, true);
    });
    const target = file('several.nii', several);
    expect((await refusal(target)).message).toContain('--volume N chooses it, with N from 0 to 1');
    const second = await readVolumeFile(target, { volumeIndex: 1 });
    expect([second.dims, [...second.data]]).toEqual([[4, 3, 1], voxels.slice(12)]);
    expect(second.warnings.join()).toContain('Volume 1 is used, of 2');
  });
});

describe('refusals: a sentence within a second, with memory flat', () => {
  const cases: readonly (readonly [string, FailureKind, RegExp, () => string])[] = [
    [
      'a header alone that promises 8.6 GB',
      'nifti-damaged',
      /cut short/,
      () => file('lie.nii', promise([1024, 1024, 1024, 1])),
    ],
    [
      'the same, gzipped',
      'nifti-damaged',
      /cut short/,
      () => file('lie.nii.gz', gzipSync(promise([1024, 1024, 1024, 1]))),
    ],
    [
      '103 GB, all there (a file with holes)',
      'too-large',
      /declares 96\.0 GB of data, more than/,
      () => {
        const target = file('holes.nii', promise([1024, 1024, 1024, 12]));
        truncateSync(target, 352 + 12 * 8 * 2 ** 30);
        return target;
      },
    ],
    [
      'a gzip that breaks off',
      'nifti-damaged',
      /decompressed/,
      () => file('broken.nii.gz', gzipSync(makeNifti(1)).subarray(0, 60)),
    ],
    [
      'a gzip bomb that is no NIfTI',
      'not-nifti',
      /not a NIfTI/,
      () => file('zeros.nii.gz', bomb(new Uint8Array(1), 4096)),
    ],
    [
      'negative dimensions',
      'nifti-damaged',
      /dimension 1 has -4 voxels/,
      () =>
        file(
          'negative.nii',
          patched(1, (view, at) => view.setInt16(at.dim + 2, -4, true)),
        ),
    ],
    [
      'absurd dimensions',
      'nifti-damaged',
      /dimension 1 has 4611686018427388000 voxels/,
      () =>
        file(
          'absurd.nii',
          patched(2, (view, at) => view.setBigInt64(at.dim + 8, 2n ** 62n, true)),
        ),
    ],
    [
      'voxels that begin past the end',
      'nifti-damaged',
      /cut short/,
      () =>
        file(
          'offset.nii',
          patched(1, (view, at) => view.setFloat32(at.voxOffset, 1e9, true)),
        ),
    ],
    [
      'voxels that begin past the end, gzipped',
      'nifti-damaged',
      /cut short/,
      () =>
        file('offset.nii.gz', gzipSync(patched(1, (view, at) => view.setFloat32(at.voxOffset, 1e9, true)))),
    ],
    [
      'a .npy that promises 8 GB',
      'npy-damaged',
      /cut short/,
      () => file('lie.npy', npyHeaderBytes([1000, 1000, 1000], 'float64')),
    ],
    [
      'a .npy that promises 8 GB, gzipped',
      'npy-damaged',
      /cut short/,
      () => file('lie.npy.gz', gzipSync(npyHeaderBytes([1000, 1000, 1000], 'float64'))),
    ],
    [
      'an empty folder',
      'file-unreadable',
      /holds no DICOM images/,
      () => {
        mkdirSync(path.join(folder, 'nothing-here'));
        return path.join(folder, 'nothing-here');
      },
    ],
    ['nothing', 'file-unreadable', /is empty/, () => file('empty.nii', new Uint8Array(0))],
    [
      'a compressed file of another kind',
      'nifti-damaged',
      /cannot be decompressed/,
      () => file('raw.nii.gz', Buffer.concat([Buffer.from([0x1f, 0x8b, 8]), deflateRawSync(makeNifti(1))])),
    ],
    [
      'a wrong checksum',
      'nifti-damaged',
      /cannot be decompressed/,
      () => {
        const packed = gzipSync(makeNifti(1));
        packed[packed.length - 6] = (packed[packed.length - 6] as number) ^ 255;
        return file('checksum.nii.gz', packed);
      },
    ],
  ];

  it.each(cases)('%s', async (_what, kind, sentence, make) => {
    const target = make();
    const peakBefore = process.resourceUsage().maxRSS;
    const startMs = performance.now();
    const error = await refusal(target, { volumeIndex: 0 });
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(error.message).toMatch(sentence);
    expect(error.kind).toBe(kind);
    // Kilobytes; a refusal takes some buffers of a quarter of a megabyte.
    expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(64 * 1024);
  });

  it('a gzip that goes on behind a good volume is read no further', async () => {
    const target = file('goes-on.nii.gz', bomb(makeNifti(1), 4096));
    const peakBefore = process.resourceUsage().maxRSS;
    const startMs = performance.now();
    expect((await readVolumeFile(target)).dims).toEqual([4, 3, 2]);
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(process.resourceUsage().maxRSS - peakBefore).toBeLessThan(64 * 1024);
  });
});
