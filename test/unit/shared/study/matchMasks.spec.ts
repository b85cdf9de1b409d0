import { expect, it } from 'vitest';
import { scanOfMask } from '../../../../shared/study/matchMasks';

it('a mask belongs to the scan whose name stands in its own, the longest of several', () => {
  const scans = ['p1.nii.gz', 'p1_flair.nii', 'P2_FLAIR.nii.gz'];
  expect(scanOfMask('p1_flair_mask.nii.gz', scans)).toBe(1);
  expect(scanOfMask('p1_mask.nii.gz', scans)).toBe(0);
  expect(scanOfMask('Monday p2_flair_mask.nii', scans)).toBe(2);
  expect(scanOfMask('p3_mask.nii.gz', scans)).toBeNull();
});
