import { describe, expect, it } from 'vitest';
import { watchedRows } from '../../../main/engine/jobs/watchedRows';

describe('watchedRows', () => {
  const index = {
    input: [
      { volume: 1, slice: 40 },
      { volume: 1, slice: 41 },
      { volume: 2, slice: 40 },
    ],
  };
  // As the sets are prepared: the reference scans first, a scan that is both once.
  const paths = ['/a/ref.nii', '/a/FLAIR.nii', '/a/FLAIR.nii', '/b/FLAIR.nii'];

  it('are the rows of the wanted scan, not of another with such a slice', () => {
    const wanted = [
      { path: '/b/FLAIR.nii', slice: 40, label: 'b' },
      { path: '/a/FLAIR.nii', slice: 41, label: 'a' },
    ];
    expect(watchedRows(index, paths, wanted)).toEqual([
      { row: 2, label: 'b' },
      { row: 1, label: 'a' },
    ]);
  });

  it('pass over what is not in the set', () => {
    const wanted = [
      { path: '/b/FLAIR.nii', slice: 3, label: '' },
      { path: '/c/FLAIR.nii', slice: 40, label: '' },
    ];
    expect(watchedRows(index, paths, wanted)).toEqual([]);
  });
});
