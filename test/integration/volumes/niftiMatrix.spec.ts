import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orientationCodes } from '../../../shared/geometry/affine';
import { niftiBytes, readNiftiHeader, trueValues, volumeFromNifti } from '../../../shared/volume/nifti';
import { oneVolume } from '../../../shared/volume/oneVolume';
import { voxelCount, type Volume } from '../../../shared/volume/volume';
import { absent } from '../../helpers/absent';
import { oraclePython, runOracle } from '../../helpers/oracles';

/** One file that nibabel wrote, and what it reads from it. */
interface Expected {
  readonly name: string;
  readonly file: string;
  readonly image: string | null;
  readonly what: string;
  readonly version: 1 | 2;
  /** nibabel's class for it. */
  readonly kind: string;
  readonly shape: number[];
  readonly affine: number[];
  readonly axcodes: string;
  readonly zooms: number[];
  readonly sformCode: number;
  readonly qformCode: number;
  readonly agree: boolean;
  readonly values: (number | null)[];
}

/** Relative where numbers are large: float32 headers and products carry seven digits. */
function close(actual: number, wanted: number): boolean {
  return Math.abs(actual - wanted) <= 1e-6 * Math.max(1, Math.abs(wanted));
}

describe.skipIf(oraclePython() === null)('a matrix of files that nibabel wrote', () => {
  let folder: string;
  let matrix: Expected[];

  const read = (entry: Expected, volumeIndex?: number): Volume =>
    volumeFromNifti(readFileSync(join(folder, entry.file)), {
      ...(entry.image === null ? {} : { imageBytes: readFileSync(join(folder, entry.image)) }),
      ...(volumeIndex === undefined ? {} : { volumeIndex }),
      nameForMessages: entry.file,
    });
  const volumesOf = (entry: Expected): number => entry.shape.slice(3).reduce((a, b) => a * b, 1);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'asc-net-matrix-'));
    runOracle(join(import.meta.dirname, 'niftiMatrix.py'), [folder]);
    matrix = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected[];
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is as large as it is meant to be', () => {
    // 4 formats x 2 byte orders x 10 types x 7 form cases, 51 orientations x 7 form cases, 7 shapes x 2 versions.
    expect(matrix).toHaveLength(560 + 357 + 14);
    expect(new Set(matrix.slice(560, 917).map((entry) => entry.axcodes)).size).toBe(48);
  });

  it('is read as nibabel reads it: each voxel, each digit of the affine, dims and orientation', () => {
    const faults: string[] = [];
    for (const entry of matrix) {
      for (let index = 0; index < volumesOf(entry); index += 1) {
        const volume = read(entry, index);
        const count = voxelCount(volume.dims);
        const { values, nonFinite } = trueValues(volume);
        const wanted = entry.values.slice(index * count, (index + 1) * count);
        const padded = [...entry.shape, 1, 1].slice(0, 3);
        if (volume.dims.some((size, axis) => size !== padded[axis])) faults.push(`${entry.what}: dims`);
        if (values.length !== wanted.length) faults.push(`${entry.what}: number of voxels`);
        wanted.forEach((value, i) => {
          if (value === null ? values[i] !== 0 : !close(values[i] as number, Math.fround(value))) {
            faults.push(`${entry.what}: voxel ${i} is ${values[i]} and not ${value}`);
          }
        });
        if (nonFinite !== wanted.filter((value) => value === null).length)
          faults.push(`${entry.what}: not finite`);
        entry.affine.forEach((value, i) => {
          if (!close(volume.affine[i] as number, value)) {
            faults.push(`${entry.what}: affine[${i}] is ${volume.affine[i]} and not ${value}`);
          }
        });
        entry.zooms.forEach((value, axis) => {
          if (!close(volume.zooms[axis] as number, value)) faults.push(`${entry.what}: zooms`);
        });
        if (orientationCodes(volume.affine) !== entry.axcodes) faults.push(`${entry.what}: orientation`);
        if (volume.header?.version !== entry.version) faults.push(`${entry.what}: version`);
      }
    }
    expect(faults).toEqual([]);
  });

  it('gets a warning where sform and qform disagree, and where nothing says where the head is', () => {
    for (const entry of matrix) {
      const warnings = read(entry, 0).warnings.join(' ');
      expect(warnings.includes('disagree by up to 4.47 mm'), entry.what).toBe(!entry.agree);
      const unknown = entry.sformCode === 0 && entry.qformCode === 0;
      expect(warnings.includes('does not say where the head lies'), entry.what).toBe(unknown);
    }
  });

  it('asks which volume where there are several, and only there', () => {
    for (const entry of matrix.filter((candidate) => candidate.shape.length > 3)) {
      const volumes = volumesOf(entry);
      if (volumes === 1) expect(read(entry).dims, entry.what).toEqual(entry.shape.slice(0, 3));
      else {
        expect(() => read(entry), entry.what).toThrow(`holds ${volumes} volumes`);
        expect(read(entry, 1).warnings.join(), entry.what).toContain(`Volume 1 is used, of ${volumes}`);
      }
    }
  });

  it('gives up one of several volumes as a file of its own, byte for byte', () => {
    for (const entry of matrix.filter((candidate) => volumesOf(candidate) > 1)) {
      const bytes = readFileSync(join(folder, entry.file));
      const header = readNiftiHeader(bytes);
      for (let index = 0; index < volumesOf(entry); index += 1) {
        const single = oneVolume(bytes, header, index, entry.file);
        const volume = volumeFromNifti(single);
        const wanted = read(entry, index);
        expect(volume.warnings, entry.what).toEqual(wanted.warnings.slice(0, -1));
        expect(volume.affine, entry.what).toEqual(wanted.affine);
        expect([...volume.data], entry.what).toEqual([...wanted.data]);
        expect([volume.slope, volume.intercept], entry.what).toEqual([wanted.slope, wanted.intercept]);
      }
      expect(() => oneVolume(bytes, header, volumesOf(entry), 'it')).toThrow('there is no volume');
    }
  });

  it('has masks and maps of ours that nibabel, SimpleITK and nifti_tool accept on the same grid', () => {
    const cases = matrix
      .filter((entry) => entry.shape.length === 3)
      .map((entry, index) => {
        const volume = read(entry);
        const count = voxelCount(volume.dims);
        const values = Array.from({ length: count }, (_, i) => (i * 7 + index) % 5);
        const data = [Uint8Array, Int16Array, Float32Array][index % 3]?.from(values) ?? new Uint8Array(0);
        const path = join(folder, `ours-${entry.name}.nii`);
        const description = `ASC-Net test ${index} é`;
        writeFileSync(path, niftiBytes({ dims: volume.dims, data, like: volume, description }));
        return {
          what: entry.what,
          kind: entry.kind,
          version: entry.version,
          source: join(folder, entry.image ?? entry.file),
          ours: path,
          dtype: ['uint8', 'int16', 'float32'][index % 3],
          values,
          description,
          // ITK 5.4 opens no NIfTI-2 file, nibabel's neither. It prefers the qform where the two disagree, and has a rule of
          // its own where neither is set.
          itk: entry.version === 1 && entry.agree && entry.sformCode + entry.qformCode > 0,
        };
      });
    const list = join(folder, 'ours.json');
    writeFileSync(list, JSON.stringify(cases));
    expect(JSON.parse(runOracle(join(import.meta.dirname, 'niftiCheck.py'), [list]))).toEqual([]);

    for (const version of [1, 2]) {
      const files = cases.filter((one) => one.version === version).map((one) => one.ours);
      // nifti_tool 2.09 checks NIfTI-1 headers alone, and calls nibabel's NIfTI-2 headers bad too: those it has to show.
      const action = version === 1 ? '-check_hdr' : '-disp_hdr';
      const tool = spawnSync('nifti_tool', [action, '-infiles', ...files], {
        encoding: 'utf8',
        maxBuffer: 2 ** 26,
      });
      if (tool.error) {
        absent('nifti_tool', 'Install Debian’s package nifti-bin.');
        return;
      }
      const report = tool.stdout + tool.stderr;
      expect(report.match(version === 1 ? /header IS GOOD/g : /N-2 header file/g)).toHaveLength(files.length);
      expect(report).not.toMatch(/error|failure|bad/i);
    }
  }, 120_000);
});
