import { basename } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { lesionCsvRows } from '../../../shared/lesions/table';
import { maskSidecar } from '../../../shared/volume/maskSidecar';
import { niftiBytes, type KeptExtensions } from '../../../shared/volume/nifti';
import { voxelVolumeMm3 } from '../../../shared/volume/volume';
import { hashFile } from '../../files/hashFile';
import { writeOutputs, type OutputNames } from '../../files/outputs';
import { SOFTWARE, VERSION } from '../../version';
import type { Segmentation } from './segmentation';

export interface WriteOptions {
  /** Replace files of these names. */
  readonly overwrite: boolean;
  /** Which of the scan's header extensions mask and map keep. */
  readonly extensions?: KeptExtensions | undefined;
}

/**
 * Writes mask, its sidecar, score map, lesion table and report, all or none.
 * @param source the file that was segmented
 * @param modelSha256 of the generator's weights; null for the intensity baseline
 * @param facts what the report says beyond the segmentation itself
 * @throws ExpectedError file-exists, file-unwritable
 */
export async function writeSegmentation(
  result: Segmentation,
  source: string,
  modelSha256: string | null,
  outDir: string,
  names: OutputNames,
  facts: Readonly<Record<string, unknown>>,
  options: WriteOptions,
): Promise<void> {
  const { volume, prepared, mask, score, scoreName, lesions, threshold } = result;
  const image = {
    dims: volume.dims,
    like: volume,
    extensions: options.extensions,
  };
  const sources = [{ name: basename(source), sha256: await hashFile(source) }];
  const voxels = lesions.reduce((sum, lesion) => sum + lesion.voxels, 0);
  const report = {
    software: SOFTWARE,
    notAMedicalDevice: 'For research. Not a medical device.',
    sources,
    modelSha256,
    threshold,
    thresholdReason: result.reason,
    thresholdMethod: result.method,
    thresholds: result.thresholds,
    lesions: lesions.length,
    lesionVolumeMm3: voxels * voxelVolumeMm3(volume.zooms),
    minLesionVoxels: result.rules.minVoxels,
    connectivity: result.rules.connectivity,
    brainErosionVoxels: result.rules.erosionVoxels,
    baseline: result.baseline?.difference ?? null,
    levels: result.cover,
    brainMask: prepared.maskMethod,
    preparation: prepared.preparation,
    normalisation: prepared.normalisation,
    grid: prepared.grid,
    nonFiniteVoxels: prepared.nonFinite,
    doubts: result.doubts,
    warnings: result.warnings,
    ...facts,
  };
  const sidecar = maskSidecar({
    software: { name: 'ASC-Net', version: VERSION },
    sources,
    threshold,
    score: scoreName,
    modelSha256,
    grid: prepared.grid,
  });
  await writeOutputs(
    outDir,
    [
      [names.mask, niftiBytes({ ...image, data: mask, description: `${SOFTWARE} lesion mask` })],
      [names.sidecar, sidecar],
      [names.iro, niftiBytes({ ...image, data: score, description: `${SOFTWARE} ${scoreName}` })],
      ...(result.spread === null
        ? []
        : [
            [
              names.spread,
              niftiBytes({ ...image, data: result.spread, description: `${SOFTWARE} spread of I_ro` }),
            ] as const,
          ]),
      ...(result.baseline === null
        ? []
        : [
            [
              names.baseline,
              niftiBytes({ ...image, data: result.baseline.mask, description: `${SOFTWARE} baseline mask` }),
            ] as const,
          ]),
      [names.lesions, stringify(lesionCsvRows(lesions))],
      [names.lesionsJson, JSON.stringify(lesions, null, 1)],
      [names.report, JSON.stringify(report, null, 1)],
    ],
    options.overwrite,
  );
}
