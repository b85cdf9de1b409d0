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
  const patterns = { scans: '*flair*', truths: '*lesion*', brains: '*brain*', t1s: 't1*', t2s: '*t2*' };

  it('takes the scans with the masks of their folders', () => {
    const files = ['p07/FLAIR.nii.gz', 'p07/T1.nii.gz', 'p07/lesions.nii.gz', 'p19/FLAIR.nii.gz'];
    expect(planImport(files, patterns)).toEqual({
      scans: [
        { scan: 0, truth: 2, brain: null, T1: 1, T2: null },
        { scan: 3, truth: null, brain: null, T1: null, T2: null },
      ],
      unmatched: [],
    });
  });

  it('goes by names where a folder holds several scans', () => {
    const files = ['a_flair.nii', 'b_flair.nii', 'b_flair_lesions.nii', 'b_flair_brain.nii', 'x_lesions.nii'];
    expect(planImport(files, patterns)).toEqual({
      scans: [
        { scan: 0, truth: null, brain: null, T1: null, T2: null },
        { scan: 1, truth: 2, brain: 3, T1: null, T2: null },
      ],
      unmatched: [4],
    });
  });

  it('takes no scan for another contrast, and no mask', () => {
    const files = ['p/T2_FLAIR.nii', 'p/T2.nii', 'p/T2_lesions.nii', 'q/T2.nii'];
    expect(planImport(files, patterns)).toEqual({
      scans: [{ scan: 0, truth: 2, brain: null, T1: null, T2: 1 }],
      unmatched: [3],
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
  it('looks for FLAIR, its masks and its other contrasts', () => {
    const files = ['p/FLAIR.nii', 'p/T1.nii.gz', 's_T2w.nii', 'p/lesions.nii', 'p/brain_mask.nii'];
    expect(likelyPatterns(files)).toEqual({
      scans: '*flair*',
      truths: '*lesion*',
      brains: '*brain*mask*',
      t1s: 't1.nii*',
      t2s: '*t2w*',
    });
    expect(likelyPatterns(['a.nii'])).toEqual({ scans: '*', truths: '', brains: '', t1s: '', t2s: '' });
  });
});
