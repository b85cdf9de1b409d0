import { describe, expect, it } from 'vitest';
import { derivedStem, parseBidsName } from '../../../../shared/cohort/bidsName';

describe('names of BIDS', () => {
  it('are read into entities, suffix and extension', () => {
    const name = parseBidsName('sub-01_ses-a_acq-3d_run-1_FLAIR.nii.gz');
    expect([...(name?.entities ?? [])]).toEqual([
      ['sub', '01'],
      ['ses', 'a'],
      ['acq', '3d'],
      ['run', '1'],
    ]);
    expect([name?.suffix, name?.extension]).toEqual(['FLAIR', '.nii.gz']);
  });

  it.each([
    'FLAIR.nii.gz',
    'ses-a_sub-01_FLAIR.nii.gz',
    'sub-01_sub-02_FLAIR.nii',
    'sub-01_FL AIR.nii',
    'sub-_FLAIR.nii',
  ])('refuses %s', (name) => expect(parseBidsName(name)).toBeNull());

  it("stand before a derivative's own entities, which replace the source's", () => {
    const name = parseBidsName('sub-01_run-1_space-T1w_desc-preproc_FLAIR.nii.gz');
    if (!name) throw new Error('not read');
    expect(derivedStem(name, { space: 'orig', label: 'lesion' })).toBe(
      'sub-01_run-1_space-orig_label-lesion_',
    );
  });
});
