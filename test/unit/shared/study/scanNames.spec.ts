import { describe, expect, it } from 'vitest';
import { distinctNames, sameFile, type FoundFile } from '../../../../shared/study/scanNames';

const parts = (path: string): string[] => path.split('/');

describe('distinctNames', () => {
  it('are the files’ own where those differ', () => {
    expect(distinctNames(['d/a.nii', 'e/b.nii'].map(parts))).toEqual(['a.nii', 'b.nii']);
  });

  it('have as many folders before them as tell them apart', () => {
    const paths = ['d/p07/s1/FLAIR.nii.gz', 'd/p19/s1/FLAIR.nii.gz', 'd/p19/T1.nii.gz'];
    expect(distinctNames(paths.map(parts))).toEqual([
      'p07_s1_FLAIR.nii.gz',
      'p19_s1_FLAIR.nii.gz',
      'T1.nii.gz',
    ]);
  });

  it('are none that is taken, by a number at the last', () => {
    expect(distinctNames([parts('p19/F.nii')], new Set(['F.nii']))).toEqual(['p19_F.nii']);
    expect(distinctNames([parts('F.nii')], new Set(['F.nii']))).toEqual(['2_F.nii']);
  });
});

describe('sameFile', () => {
  const file = (path: string, sizeBytes = 7): FoundFile => ({ parts: parts(path), sizeBytes });

  it('is the one under the same folder, not the first of its name', () => {
    const found = [file('new/patient07/FLAIR.nii.gz'), file('new/patient19/FLAIR.nii.gz')];
    expect(sameFile(file('old/patient19/FLAIR.nii.gz'), found)).toBe(1);
  });

  it('is the one of the same size, where folders were renamed', () => {
    const found = [file('new/a/FLAIR.nii.gz', 6), file('new/b/FLAIR.nii.gz', 7)];
    expect(sameFile(file('old/x/FLAIR.nii.gz', 7), found)).toBe(1);
  });

  it('is none where two are as likely', () => {
    const found = [file('new/a/FLAIR.nii.gz'), file('new/b/FLAIR.nii.gz')];
    expect(sameFile(file('old/x/FLAIR.nii.gz'), found)).toBeNull();
    expect(sameFile(file('old/x/T1.nii.gz'), found)).toBeNull();
  });
});
