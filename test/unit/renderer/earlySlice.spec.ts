import { describe, expect, it } from 'vitest';
import { EarlySlices } from '../../../renderer/workers/earlySlice';
import { niftiBytes } from '../../../shared/volume/nifti';
import type { Dims } from '../../../shared/volume/volume';

const dims: Dims = [4, 3, 5];
/** x runs to the right and y to the front: a radiological picture shows both the other way round. */
const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1];
const like = { dims, affine, zooms: [1, 1, 2] as const, header: null };
const planeBytes = 4 * 3 * 2;
/** The lowest plane is air; in the others voxel (0, 0) is the brightest. */
const data = Int16Array.from({ length: 60 }, (_, i) => (i < 12 ? 0 : 100 - (i % 12)));
const file = niftiBytes({ dims, data, like, description: '' });

describe('slices of a scan that is still being read', () => {
  it('are shown when they are whole and show something, laid out as the viewer does', () => {
    const early = new EarlySlices();
    expect(early.take(file.subarray(0, 352 + planeBytes - 1), 0)).toBeNull();
    expect(early.take(file.subarray(0, 352 + planeBytes), 0)).toBeNull();
    const slice = early.take(file.subarray(0, 352 + 2 * planeBytes), 0);
    expect(slice).toMatchObject({ width: 4, height: 3, number: 2, count: 5, pixelAspect: 1 });
    // The voxel at the back and left of the file's plane is at the lower right of the picture.
    expect(slice?.pixels[11]).toBe(255);
    expect(slice?.pixels[0]).toBe(0);
  });

  it('come no more often than they can be looked at, the newest first', () => {
    const early = new EarlySlices();
    expect(early.take(file.subarray(0, 352 + 2 * planeBytes), 0)?.number).toBe(2);
    expect(early.take(file.subarray(0, 352 + 3 * planeBytes), 100)).toBeNull();
    expect(early.take(file, 200)?.number).toBe(5);
    expect(early.take(file, 900)).toBeNull();
  });
});
