import { expect, it } from 'vitest';
import { sourcePlane, volumeToSlices } from '../../../../shared/geometry/sliceGrid';
import { defaultPreparation, prepareVolume } from '../../../../shared/imaging/preparation';
import { preparationPictures } from '../../../../shared/imaging/preparationPictures';
import { niftiBytes, volumeFromNifti } from '../../../../shared/volume/nifti';
import { ballScan } from '../../../helpers/ballScan';

const { like, scan } = ballScan();
const volume = volumeFromNifti(niftiBytes({ dims: like.dims, data: scan, like, description: '' }));

it.each(['axial', 'coronal', 'sagittal'] as const)(
  'a %s plane alone gives the slice of the whole volume',
  (plane) => {
    const { grid, values } = prepareVolume(volume, { preparation: { ...defaultPreparation, plane } });
    const size = grid.height * grid.width;
    const whole = volumeToSlices(grid, values);
    for (const slice of [0, Math.floor(grid.count / 2), grid.count - 1]) {
      const one = sourcePlane(grid, values, slice);
      expect(volumeToSlices(one.grid, one.values)).toEqual(whole.slice(slice * size, (slice + 1) * size));
    }
  },
);

it('shows each step of a slice, and what of the scan it keeps', () => {
  const prepared = prepareVolume(volume);
  const { grid } = prepared;
  const slice = Math.floor(grid.count / 2);
  const pictures = preparationPictures(prepared)(slice);
  // The voxels of 2 x 2.5 mm of the scan, 60 x 50 of them.
  expect(pictures.canonical).toMatchObject({ width: 60, height: 50, pixelAspect: 1.25 });
  expect(pictures.resampled).toMatchObject({
    width: Math.round((60 * 2) / grid.pixelMm),
    height: Math.round((50 * 2.5) / grid.pixelMm),
    pixelAspect: 1,
  });
  for (const picture of [pictures.cropped, pictures.normalised])
    expect(picture).toMatchObject({ width: 160, height: 160, pixelAspect: 1 });
  for (const { width, height, pixels } of [pictures.canonical, pictures.resampled, pictures.cropped])
    expect(pixels.length).toBe(width * height);
  // 160 pixels of the slice's size, in voxels of 2 and of 2.5 mm, around the same middle.
  const { left, right, top, bottom } = pictures.kept;
  expect((right - left) * 2).toBeCloseTo(160 * grid.pixelMm, 6);
  expect((bottom - top) * 2.5).toBeCloseTo(160 * grid.pixelMm, 6);
  expect((left + right - 1) / 2).toBeCloseTo(grid.centreVox[0], 6);
  // The brain is bright in all of them and lies where the mask says.
  const inside = [...pictures.brain].flatMap((set, i) =>
    set ? [pictures.canonical.pixels[i] as number] : [],
  );
  const outside = [...pictures.brain].flatMap((set, i) =>
    set ? [] : [pictures.canonical.pixels[i] as number],
  );
  expect(Math.min(...inside)).toBeGreaterThan(Math.max(...outside));
  const of = prepared.slices.subarray(slice * 160 * 160, (slice + 1) * 160 * 160);
  expect([...pictures.normalised.pixels]).toEqual([...of].map((value) => Math.round(value * 255)));
});
