import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { numbersOf, rangesOf, readStudyFile } from '../../../../shared/study/migrations';
import { studyVersion } from '../../../../shared/study/studyFile';

const fixture = (version: number): string =>
  readFileSync(path.join(import.meta.dirname, '../../../fixtures', `study-v${version}.json`), 'utf8');

describe('study files', () => {
  it('of every version are read as the newest, nothing of the reader’s work lost', () => {
    const files = Array.from({ length: studyVersion }, (_, i) => readStudyFile(fixture(i + 1)));
    for (const { version, study } of files) {
      expect(version).toBe(studyVersion);
      expect(study.name).toBe('Two scans');
      expect(study.scans.map(({ file }) => file.path)).toEqual([
        '../scans/a_flair.nii.gz',
        'sample/b_flair.nii.gz',
      ]);
      expect(study.scans[0]?.reference).toEqual([
        [3, 5],
        [9, 9],
      ]);
      expect(study.scans[0]?.segmentation?.threshold).toBe(0.62);
      expect(study.run?.run.path).toBe('runs/1/run');
    }
    const newest = files.at(-1)?.study.scans[0];
    expect(newest?.decisions[0]).toMatchObject({ anchor: 1234, verdict: 'accepted', note: 'typical' });
    expect(newest?.masks).toHaveLength(1);
    expect(newest?.slices).toEqual({
      done: [
        [0, 4],
        [7, 7],
      ],
      flagged: [[5, 5]],
    });
    expect(newest).toMatchObject({ declared: 'flagged', lesionMm3: 412.5 });
    expect(files.map(({ study }) => study.scans[0]?.decisions[0]?.by)).toEqual([undefined, '', '', 'Dr. A']);
    expect(newest?.declaredOn?.by).toBe('Dr. A');
    expect(newest?.segmentation).toMatchObject({ minVoxels: 4, connectivity: 18 });
    expect(files.at(-1)?.study.earlier).toHaveLength(1);
    expect(files.map(({ study }) => study.scans[0]?.file.name)).toEqual([
      undefined,
      undefined,
      undefined,
      'patient07_a_flair.nii.gz',
    ]);
  });

  it('of a newer program, or that are none, are refused with a sentence', () => {
    const refused = (text: string): unknown => {
      try {
        return readStudyFile(text);
      } catch (error) {
        return error;
      }
    };
    const newer = JSON.stringify({ ...(JSON.parse(fixture(2)) as object), version: 99 });
    expect(refused(newer)).toMatchObject({
      kind: 'study-damaged',
      message: expect.stringMatching(/newer version/),
    });
    for (const text of ['', '{', '[]', '{"format":"other","version":1}', fixture(2).slice(0, 300)]) {
      expect(refused(text)).toMatchObject({ kind: 'study-damaged' });
    }
    const wrong = JSON.stringify({
      format: 'asc-net-study',
      version: 1,
      savedAt: '',
      study: { scans: [{}] },
    });
    expect(refused(wrong)).toMatchObject({ kind: 'study-damaged' });
  });

  it('of version 2 have the rules for lesions that were in force then', () => {
    const scan = readStudyFile(fixture(2)).study.scans[0];
    expect(scan?.segmentation).toMatchObject({ minVoxels: 10, connectivity: 26 });
    expect(scan).toMatchObject({ declared: null, slices: { done: [], flagged: [] } });
  });

  it('do without a result that cannot be read any more', () => {
    const file = JSON.parse(fixture(2)) as { study: { scans: { segmentation: unknown }[] } };
    (file.study.scans[0] as { segmentation: unknown }).segmentation = { threshold: 'high' };
    expect(readStudyFile(JSON.stringify(file)).study.scans[0]?.segmentation).toBeNull();
  });
});

describe('rangesOf', () => {
  it('joins neighbours', () => {
    expect(rangesOf([])).toEqual([]);
    expect(rangesOf([0, 1, 2, 5, 7, 8])).toEqual([
      [0, 2],
      [5, 5],
      [7, 8],
    ]);
    expect(numbersOf(rangesOf([0, 1, 2, 5, 7, 8]))).toEqual([0, 1, 2, 5, 7, 8]);
  });
});
