import { NIFTI1, NIFTI2 } from 'nifti-reader-js';
import { describe, expect, it } from 'vitest';
import { failure } from '../../../helpers/refusal';
import {
  type KeptExtensions,
  expectedFileBytes,
  niftiBytes,
  readNiftiHeader,
  trueValues,
  volumeFromNifti,
} from '../../../../shared/volume/nifti';
import { volumeFromNpy, npyBytes } from '../../../../shared/volume/npy';
import type { NiftiHeader, Volume } from '../../../../shared/volume/volume';
import { fields, makeNifti, viewOf } from './makeNifti';

/** What nifti-reader-js makes of a header: the tests of its faults fail when a new version has mended them. */
function libraryHeader(bytes: Uint8Array, version: 1 | 2): NIFTI1 | NIFTI2 {
  const header = version === 1 ? new NIFTI1() : new NIFTI2();
  header.readHeader(Uint8Array.from(bytes.subarray(0, version === 1 ? 348 : 540)).buffer);
  return header;
}

describe('what nifti-reader-js gets wrong', () => {
  it('affine of a tilted qform, where rounding makes the quaternion longer than 1', () => {
    const bytes = makeNifti(1);
    const view = viewOf(bytes);
    view.setInt16(fields[1].sformCode, 0, true);
    view.setInt16(fields[1].qformCode, 1, true);
    const part = Math.fround(Math.sqrt(0.5)) + 2 ** -24;
    [part, part, 0].forEach((value, i) => view.setFloat32(fields[1].quatern + 4 * i, value, true));
    expect(libraryHeader(bytes, 1).affine[0]?.[0]).toBeNaN();
    // Half a turn about the diagonal of x and y swaps them and turns z round.
    const wanted = [0, 3, 0, 0, 2, 0, 0, 0, 0, 0, -4, 0, 0, 0, 0, 1];
    volumeFromNifti(bytes).affine.forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 5));
  });

  it('affine of a NIfTI-2 file with a qform only', () => {
    const bytes = makeNifti(2);
    const view = viewOf(bytes);
    view.setInt32(fields[2].sformCode, 0, true);
    view.setInt32(fields[2].qformCode, 1, true);
    for (let i = 0; i < 12; i += 1) view.setFloat64(fields[2].srow + 8 * i, 0, true);
    expect(libraryHeader(bytes, 2).affine.flat().slice(0, 12)).toEqual(Array(12).fill(0));
    expect(volumeFromNifti(bytes).affine).toEqual([2, 0, 0, 0, 0, 3, 0, 0, 0, 0, 4, 0, 0, 0, 0, 1]);
  });

  it('sform, which it replaces by a qform with a higher code', () => {
    const bytes = makeNifti(1);
    viewOf(bytes).setInt16(fields[1].qformCode, 2, true);
    expect(libraryHeader(bytes, 1).affine[0]?.[3]).toBe(0);
    expect(volumeFromNifti(bytes).affine[3]).toBe(-3);
    expect(volumeFromNifti(bytes).warnings.join()).toContain('sform and the qform disagree by up to 7.07 mm');
  });

  it('64-bit numbers, whose sign it mixes up', () => {
    const bytes = makeNifti(2);
    const view = viewOf(bytes);
    view.setBigInt64(fields[2].dim + 8, -1n, true);
    expect(libraryHeader(bytes, 2).dims[1]).not.toBe(-1);
    expect(failure(() => readNiftiHeader(bytes)).message).toContain('dimension 1 has -1 voxels');
  });

  it('text, which it reads beyond its end', () => {
    const bytes = makeNifti(1);
    bytes.set([65, 66, 0, 67], fields[1].description);
    expect(libraryHeader(bytes, 1).description.startsWith('ABC')).toBe(true);
    expect(readNiftiHeader(bytes).description).toBe('AB');
  });

  it('malformed extensions, on which it throws a plain error', () => {
    const bytes = new Uint8Array(352 + 48 + 48);
    bytes.set(makeNifti(1).subarray(0, 352));
    bytes.set(makeNifti(1).subarray(352), 400);
    const view = viewOf(bytes);
    view.setFloat32(fields[1].voxOffset, 400, true);
    bytes[348] = 1;
    view.setInt32(352, 16, true);
    view.setInt32(356, 6, true);
    view.setInt32(368, 33, true);
    expect(() => new NIFTI1().readHeader(bytes.buffer as ArrayBuffer)).toThrow('NIFTI extension');
    const volume = volumeFromNifti(bytes);
    expect([...volume.data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
    // The well-formed one before it is kept.
    expect(volume.header?.extensions).toEqual(bytes.subarray(352, 368));
    // One that would reach into the voxels is none.
    view.setInt32(368, 64, true);
    expect(volumeFromNifti(bytes).header?.extensions).toEqual(bytes.subarray(352, 368));
  });
});

describe('reading NIfTI', () => {
  it('takes no copy where alignment and byte order allow', () => {
    const bytes = makeNifti(1);
    expect(volumeFromNifti(bytes).data.buffer).toBe(bytes.buffer);
    const shifted = new Uint8Array(bytes.length + 1).subarray(1);
    shifted.set(bytes);
    const { data } = volumeFromNifti(shifted);
    expect(data.buffer).not.toBe(shifted.buffer);
    expect([...data]).toEqual(Array.from({ length: 24 }, (_, i) => i));
  });

  it('reads a small Buffer of Node’s, which lies in a shared pool', () => {
    const file = makeNifti(1, 'float32');
    for (const shift of [0, 1, 2, 3, 4]) {
      const pool = Buffer.alloc(8192, 0xaa);
      const pooled = pool.subarray(1000 + shift, 1000 + shift + file.length);
      pooled.set(file);
      const { values } = trueValues(volumeFromNifti(pooled));
      expect([...values]).toEqual(Array.from({ length: 24 }, (_, i) => i));
      expect(readNiftiHeader(pooled).srow).toEqual(readNiftiHeader(file).srow);
    }
  });

  it('counts voxels that are not finite, and makes them 0', () => {
    const bytes = makeNifti(1, 'float32');
    [NaN, Infinity, -Infinity].forEach((value, i) =>
      viewOf(bytes).setFloat32(352 + 4 * (i + 5), value, true),
    );
    const { values, nonFinite } = trueValues(volumeFromNifti(bytes));
    expect(nonFinite).toBe(3);
    expect([...values.subarray(4, 9)]).toEqual([4, 0, 0, 0, 8]);
  });

  it('takes an intercept that is not a number for 0, and says so', () => {
    const bytes = makeNifti(1);
    viewOf(bytes).setFloat32(fields[1].slope, 2, true);
    viewOf(bytes).setFloat32(fields[1].intercept, NaN, true);
    const volume = volumeFromNifti(bytes);
    expect(trueValues(volume).values[5]).toBe(10);
    expect(volume.warnings.join()).toContain('intercept');
  });

  it('passes over a form that is damaged or has a code that does not exist', () => {
    const flat = makeNifti(1);
    for (let i = 0; i < 4; i += 1) viewOf(flat).setFloat32(fields[1].srow + 16 + 4 * i, 0, true);
    const broken = makeNifti(1);
    viewOf(broken).setFloat32(fields[1].srow, NaN, true);
    const unknown = makeNifti(1);
    viewOf(unknown).setInt16(fields[1].sformCode, 77, true);
    for (const [bytes, warning] of [
      [flat, 'sform in the header is damaged'],
      [broken, 'sform in the header is damaged'],
      [unknown, 'sform code 77 does not exist'],
    ] as const) {
      const volume = volumeFromNifti(bytes);
      expect(volume.affine).toEqual([-2, 0, 0, 3, 0, 3, 0, -3, 0, 0, 4, -2, 0, 0, 0, 1]);
      expect(volume.warnings.join()).toContain(warning);
    }
  });

  it('warns of lengths in metres', () => {
    const bytes = makeNifti(1);
    bytes[fields[1].units] = 1;
    expect(volumeFromNifti(bytes).warnings.join()).toContain('metres');
  });

  it('says what a file will take before anything is allocated', () => {
    const header = readNiftiHeader(makeNifti(2).subarray(0, 540));
    expect(expectedFileBytes(header)).toBe(544 + 4 * 3 * 2 * 2);
    expect(expectedFileBytes({ ...header, dim: [4, 512, 512, 300, 50, 1, 1, 1], datatype: 64 })).toBe(
      544 + 512 * 512 * 300 * 50 * 8,
    );
  });

  it('reads a pair, and asks for the .img where it is missing', () => {
    const whole = makeNifti(1);
    const header = whole.slice(0, 348);
    header.set([0x6e, 0x69, 0x31, 0], fields[1].magic);
    viewOf(header).setFloat32(fields[1].voxOffset, 0, true);
    const volume = volumeFromNifti(header, { imageBytes: whole.slice(352) });
    expect(volume.data[23]).toBe(23);
    expect(volume.header?.pair).toBe(true);
    expect(failure(() => volumeFromNifti(header, { nameForMessages: 'a.hdr' }))).toEqual({
      kind: 'nifti-unsupported',
      message: 'a.hdr is the header of a pair and holds no voxels: keep its .img file beside it.',
    });
  });
});

describe('a wrong file gets a sentence', () => {
  const broken = (change: (bytes: Uint8Array, view: DataView) => void, version: 1 | 2 = 1): Uint8Array => {
    const bytes = makeNifti(version);
    change(bytes, viewOf(bytes));
    return bytes;
  };
  const text = Uint8Array.from('Dear colleague, please find the scan attached. '.repeat(20), (c) =>
    c.charCodeAt(0),
  );
  const cases: readonly (readonly [string, Uint8Array, string, string])[] = [
    ['a text file', text, 'not-nifti', 'is not a NIfTI file: choose a .nii'],
    ['an empty file', new Uint8Array(0), 'not-nifti', 'is empty'],
    ['three bytes', new Uint8Array(3), 'not-nifti', 'is not a NIfTI file'],
    ['a gzip file', Uint8Array.of(0x1f, 0x8b, 8, 0), 'not-nifti', 'compressed'],
    [
      'half a header',
      makeNifti(1).subarray(0, 200),
      'nifti-damaged',
      'it has 200 bytes, and its header alone takes 348',
    ],
    ['half a NIfTI-2 header', makeNifti(2).subarray(0, 400), 'nifti-damaged', 'header alone takes 540'],
    [
      'missing voxels',
      makeNifti(1).subarray(0, 370),
      'nifti-damaged',
      'promises 400 bytes, and there are 370',
    ],
    [
      'one byte missing',
      makeNifti(1).subarray(0, 399),
      'nifti-damaged',
      'promises 400 bytes, and there are 399',
    ],
    ['Analyze 7.5', broken((b) => b.fill(0, 344, 348)), 'nifti-unsupported', 'Analyze 7.5'],
    ['another magic', broken((b) => b.fill(65, 344, 348)), 'not-nifti', 'is not a NIfTI file'],
    ['RGB', broken((_, v) => v.setInt16(fields[1].datatype, 128, true)), 'nifti-unsupported', 'RGB colours'],
    [
      'RGBA',
      broken((_, v) => v.setInt16(fields[1].datatype, 2304, true)),
      'nifti-unsupported',
      'RGBA colours',
    ],
    [
      'complex',
      broken((_, v) => v.setInt16(fields[1].datatype, 32, true)),
      'nifti-unsupported',
      'complex numbers',
    ],
    ['bits', broken((_, v) => v.setInt16(fields[1].datatype, 1, true)), 'nifti-unsupported', 'single bits'],
    ['no such type', broken((_, v) => v.setInt16(fields[1].datatype, 99, true)), 'nifti-damaged', 'code 99'],
    [
      'no dimensions',
      broken((_, v) => v.setInt16(fields[1].dim, 0, true)),
      'nifti-damaged',
      'has 0 dimensions',
    ],
    [
      'nine dimensions',
      broken((_, v) => v.setInt16(fields[1].dim, 9, true)),
      'nifti-damaged',
      'has 9 dimensions',
    ],
    [
      'a negative size',
      broken((_, v) => v.setInt16(fields[1].dim + 4, -3, true)),
      'nifti-damaged',
      'dimension 2 has -3',
    ],
    [
      'a size of 0',
      broken((_, v) => v.setInt16(fields[1].dim + 6, 0, true)),
      'nifti-damaged',
      'dimension 3 has 0',
    ],
    [
      'an absurd size',
      broken((_, v) => [1, 2, 3].forEach((i) => v.setInt16(fields[1].dim + 2 * i, 32767, true))),
      'too-large',
      '32767 x 32767 x 32767 voxels, more than ASC-Net opens',
    ],
    [
      'an absurd 64-bit size',
      broken((_, v) => v.setBigInt64(fields[2].dim + 8, 2n ** 50n, true), 2),
      'too-large',
      'more than ASC-Net opens',
    ],
    [
      'voxels in the header',
      broken((_, v) => v.setFloat32(fields[1].voxOffset, 100, true)),
      'nifti-damaged',
      'byte 100',
    ],
    [
      'voxels before it',
      broken((_, v) => v.setFloat32(fields[1].voxOffset, -352, true)),
      'nifti-damaged',
      'byte -352',
    ],
    [
      'voxels at half a byte',
      broken((_, v) => v.setFloat32(fields[1].voxOffset, 352.5, true)),
      'nifti-damaged',
      '352.5',
    ],
    [
      'voxels nowhere',
      broken((_, v) => v.setFloat32(fields[1].voxOffset, NaN, true)),
      'nifti-damaged',
      'byte NaN',
    ],
    [
      'voxels behind the end',
      broken((_, v) => v.setFloat32(fields[1].voxOffset, 1e9, true)),
      'nifti-damaged',
      'promises 1000000048 bytes, and there are 400',
    ],
  ];
  it.each(cases)('%s', (_, bytes, kind, words) => {
    const refused = failure(() => volumeFromNifti(bytes, { nameForMessages: 'scan.nii' }));
    expect(refused.kind).toBe(kind);
    expect(refused.message).toContain(words);
    expect(refused.message).toMatch(/^scan\.nii .*[.:]/);
  });

  it('a volume number that is not there', () => {
    expect(failure(() => volumeFromNifti(makeNifti(1), { volumeIndex: 1 })).message).toContain('no volume 1');
    expect(volumeFromNifti(makeNifti(1), { volumeIndex: 0 }).dims).toEqual([4, 3, 2]);
  });
});

describe('writing NIfTI', () => {
  it('gives a stack without a header the code "aligned" and its own affine', () => {
    const stack = volumeFromNpy(npyBytes([2, 3, 4], new Float32Array(24)));
    const mask = volumeFromNifti(
      niftiBytes({ dims: stack.dims, data: new Uint8Array(24), like: stack, description: '' }),
    );
    expect(mask.header).toMatchObject({ sformCode: 2, qformCode: 0, version: 1, xyztUnits: 2 });
    expect(mask.affine).toEqual(stack.affine);
  });

  it('keeps dimensions of length 1, so that readers report the shape of the source, and drops longer ones', () => {
    const write = (bytes: Uint8Array): readonly number[] => {
      const like = volumeFromNifti(bytes, { volumeIndex: 0 });
      const mask = niftiBytes({ dims: like.dims, data: new Uint8Array(24), like, description: '' });
      return readNiftiHeader(mask).dim.slice(0, 6);
    };
    const single = makeNifti(1);
    // dim[0] of NIfTI-1 is an int16 at byte 40, dim[4] one at byte 48.
    new DataView(single.buffer, single.byteOffset).setInt16(40, 4, true);
    expect(write(single)).toEqual([4, 4, 3, 2, 1, 1]);
    const two = new Uint8Array(single.length + 48);
    two.set(single);
    new DataView(two.buffer).setInt16(48, 2, true);
    expect(write(two)).toEqual([3, 4, 3, 2, 1, 1]);
  });

  it('refuses data that are not on the grid', () => {
    const like = volumeFromNifti(makeNifti(1));
    const write = (dims: [number, number, number], length: number) => () =>
      niftiBytes({ dims, data: new Uint8Array(length), like, description: '' });
    expect(write([4, 3, 3], 36)).toThrow('not on the source grid');
    expect(write([4, 3, 2], 23)).toThrow('do not fill');
  });

  it('cuts a description that is too long, and keeps what cannot be written as "?"', () => {
    const like = volumeFromNifti(makeNifti(2));
    const bytes = niftiBytes({
      dims: like.dims,
      data: new Uint8Array(24),
      like,
      description: 'é→' + 'x'.repeat(100),
    });
    expect(readNiftiHeader(bytes).description).toBe('é?' + 'x'.repeat(77));
  });
});

describe('header extensions', () => {
  /** The file with extensions of 32 bytes between header and voxels, of these codes, in the byte order given. */
  function extended(version: 1 | 2, littleEndian: boolean, codes: readonly number[]): Volume {
    const volume = volumeFromNifti(makeNifti(version));
    const extensions = new Uint8Array(32 * codes.length);
    const view = viewOf(extensions);
    codes.forEach((code, i) => {
      view.setInt32(32 * i, 32, littleEndian);
      view.setInt32(32 * i + 4, code, littleEndian);
      extensions.set(Buffer.from(`number ${i}`), 32 * i + 8);
    });
    return { ...volume, header: { ...(volume.header as NiftiHeader), littleEndian, extensions } };
  }
  const write = (like: Volume, extensions?: KeptExtensions): Uint8Array =>
    niftiBytes({ dims: like.dims, data: new Uint8Array(24).fill(3), like, description: '', extensions });

  it('are kept, from either byte order', () => {
    for (const version of [1, 2] as const) {
      const little = extended(version, true, [6, 4]);
      for (const like of [little, extended(version, false, [6, 4])]) {
        const written = volumeFromNifti(write(like));
        expect(written.header?.extensions).toEqual(little.header?.extensions);
        expect([...written.data]).toEqual(Array(24).fill(3));
      }
    }
  });

  it('with DICOM attributes, which can name a patient, are kept where that is asked for', () => {
    const like = extended(1, false, [6, 2, 4]);
    const kept = (which?: KeptExtensions) => volumeFromNifti(write(like, which)).header?.extensions;
    expect(kept('all')).toEqual(extended(1, true, [6, 2, 4]).header?.extensions);
    const texts = Buffer.from(kept() ?? []).toString('latin1');
    expect(texts).toHaveLength(64);
    expect(texts).toMatch(/number 0.*number 2/s);
    expect(write(like, 'none')).toHaveLength(352 + 24);
  });
});
