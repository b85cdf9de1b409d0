import { expect, it } from 'vitest';
import { chooseSliceGrid } from '../../../../shared/geometry/sliceGrid';
import { healthySlices } from '../../../../shared/lesions/healthySlices';

it('knows the slices of a grid without lesion, whichever way the source runs', () => {
  const dims = [4, 4, 6] as const;
  const mask = new Uint8Array(96);
  // Two voxels of 2 x 2 mm in source plane 1.
  mask.fill(1, 17, 19);
  const brain = new Uint8Array(96).fill(1);
  const grid = (up: 1 | -1) =>
    chooseSliceGrid(
      {
        dims,
        zooms: [2, 2, 3],
        // prettier-ignore
        affine: [-2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 3 * up, 0, 0, 0, 0, 1],
      },
      brain,
      { plane: 'axial', height: 16, width: 16 },
    );
  expect(healthySlices(mask, grid(1), 0)).toEqual([0, 2, 3, 4, 5]);
  expect(healthySlices(mask, grid(-1), 0)).toEqual([0, 1, 2, 3, 5]);
  expect(healthySlices(mask, grid(1), 7.9)).toEqual([0, 2, 3, 4, 5]);
  expect(healthySlices(mask, grid(1), 8)).toEqual([0, 1, 2, 3, 4, 5]);
});
