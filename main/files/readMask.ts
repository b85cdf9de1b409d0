import { basename } from 'node:path';
import { ExpectedError } from '../../shared/failure';
import { resampleVolume } from '../../shared/geometry/resampleVolume';
import { sameGrid, showGrids } from '../../shared/geometry/sameGrid';
import { trueValues } from '../../shared/volume/nifti';
import type { Volume } from '../../shared/volume/volume';
import { readVolumeFile } from './readVolume';

/**
 * Somebody's mask of a volume, 1 where its value is above one half: on the volume's own grid, or on another one and taken
 * over to it by the nearest voxel where that is wanted.
 * @param resample whether that is wanted, or what asks for it: it gets the sentence that shows both grids
 * @param volumeName how the volume is called in messages
 * @throws ExpectedError shape-mismatch that shows both grids, and what reading a volume throws
 */
export async function readMaskOf(
  path: string,
  volume: Volume,
  volumeName: string,
  resample: boolean | ((grids: string) => Promise<boolean>),
): Promise<Uint8Array> {
  const mask = await readVolumeFile(path);
  const set = Uint8Array.from(trueValues(mask).values, (value) => (value > 0.5 ? 1 : 0));
  if (sameGrid(mask, volume)) return set;
  const grids = `${basename(path)} lies on another grid than ${volumeName}: ${showGrids(mask, volume)}.`;
  if (mask.header === null || volume.header === null) {
    throw new ExpectedError(
      'shape-mismatch',
      `${grids} An array says nothing about where it lies: make the mask of this very volume.`,
    );
  }
  const wanted = typeof resample === 'function' ? await resample(grids) : resample;
  if (wanted) return Uint8Array.from(resampleVolume(set, mask, volume, 'nearest'));
  throw new ExpectedError(
    'shape-mismatch',
    `${grids} --resample takes it over by the nearest voxel, or make the mask on the grid of the volume.`,
  );
}
