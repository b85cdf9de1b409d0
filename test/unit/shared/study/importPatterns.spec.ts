import { describe, expect, it } from 'vitest';
import { likelyPatterns, matches, planImport } from '../../../../shared/study/importPatterns';

describe('matches', () => {
  it.each([
    ['*flair*', 'p07/FLAIR.nii.gz', true],
    ['flair*', 'p07/T1_FLAIR.nii', false],
    ['p0?/*', 'p07/T1.nii', true],
    ['*/flair.nii.gz', 'a/p07/FLAIR.nii.gz', false],
    ['**/flair.nii.gz', 'a/p07/FLAIR.nii.gz', true],
    ['*.nii', 'a.nii.gz', false],
    ['a(1)+.nii', 'x/A(1)+.nii', true],
    ['t1* *flair*', 'FLAIR.nii', true],
    ['', 'FLAIR.nii', false],
  ])('%s, %s: %s', (pattern, file, wanted) => expect(matches(pattern, file)).toBe(wanted));
});

describe('planImport', () => {
  const patterns = { scans: '*flair*', truths: '*lesion*', brains: '*brain*' };

  it('takes the scans with the masks of their folders', () => {
    const files = ['p07/FLAIR.nii.gz', 'p07/T1.nii.gz', 'p07/lesions.nii.gz', 'p19/FLAIR.nii.gz'];
    expect(planImport(files, patterns)).toEqual({
      scans: [
        { scan: 0, truth: 2, brain: null },
        { scan: 3, truth: null, brain: null },
      ],
      unmatched: [],
    });
  });

  it('goes by names where a folder holds several scans', () => {
    const files = ['a_flair.nii', 'b_flair.nii', 'b_flair_lesions.nii', 'b_flair_brain.nii', 'x_lesions.nii'];
    expect(planImport(files, patterns)).toEqual({
      scans: [
        { scan: 0, truth: null, brain: null },
        { scan: 1, truth: 2, brain: 3 },
      ],
      unmatched: [4],
    });
  });

  it('gives no mask to one of many scans of one name', () => {
    const files = ['p07/flair.nii', 'p19/flair.nii', 'masks/flair_lesions.nii'];
    expect(planImport(files, patterns)).toMatchObject({
      scans: [{ truth: null }, { truth: null }],
      unmatched: [2],
    });
  });
});

describe('likelyPatterns', () => {
  it('looks for FLAIR, lesion masks and brain masks', () => {
    expect(likelyPatterns(['p/FLAIR.nii', 'p/lesions.nii', 'p/brain_mask.nii'])).toEqual({
      scans: '*flair*',
      truths: '*lesion*',
      brains: '*brain*mask*',
    });
    expect(likelyPatterns(['a.nii'])).toEqual({ scans: '*', truths: '', brains: '' });
  });
});
