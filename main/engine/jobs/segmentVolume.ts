import { basename, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { slicesToVolume } from '../../../shared/geometry/sliceGrid';
import { histogram } from '../../../shared/imaging/histogram';
import { erode } from '../../../shared/imaging/morphology';
import { prepareVolume, type PreparedVolume } from '../../../shared/imaging/preparation';
import { smoothInMask } from '../../../shared/imaging/smoothing';
import { automaticThreshold, defaultBaselineZ, robustZ } from '../../../shared/imaging/threshold';
import { labelComponents } from '../../../shared/lesions/components';
import { BRAIN_EROSION_VOXELS, lesionMask, MIN_LESION_VOXELS } from '../../../shared/lesions/lesionMask';
import { lesionCsvRows, lesionTable, type LesionRow } from '../../../shared/lesions/table';
import { niftiBytes } from '../../../shared/volume/nifti';
import { voxelVolumeMm3, type Volume } from '../../../shared/volume/volume';
import { writeFileAtomic, writeNiftiFile } from '../../files/atomicWrite';
import { readVolumeFile } from '../../files/readVolume';
import { SOFTWARE } from '../../version';
import { openBackend, type Backend, type BackendChoice } from '../backend/backend';
import { PREDICTION_BATCH, slicePredictor, type PredictedSlices } from '../inference/predict';
import { generatorWeights } from '../network/layers';
import { NetworkWeights } from '../network/weights';
import { readRun, type Run } from '../training/runFile';
import { breathe, ProgressReporter, type JobContext } from './context';
import { IRO_BINS } from './trainRun';

/** A trained generator that is ready to segment. The owner disposes it. */
export interface LoadedModel {
  readonly backend: Backend;
  readonly run: Run;
  readonly predict: (slices: Float32Array) => PredictedSlices;
  dispose(): void;
}

/** Loads the generator of a run's folder onto a backend. */
export async function loadModel(folder: string, choice: BackendChoice): Promise<LoadedModel> {
  const { run, generator } = await readRun(folder);
  const backend = await openBackend(choice);
  const weights = NetworkWeights.fromArrays(generatorWeights(run.settings.baseWidth), generator);
  return {
    backend,
    run,
    predict: slicePredictor(backend.ops, weights, run.settings.baseWidth, run.height, run.width),
    dispose: () => weights.dispose(),
  };
}

/** A score on the source grid, its threshold and the mask they make. */
export interface Segmentation {
  readonly volume: Volume;
  readonly prepared: PreparedVolume;
  /** The network's slices; null for the intensity baseline. */
  readonly slices: PredictedSlices | null;
  /** I_ro (or, for the baseline, the robust z-score) on the source grid; 0 outside the part of the brain that is judged. */
  readonly score: Float32Array;
  readonly counts: readonly number[];
  readonly threshold: number;
  readonly reason: string;
  readonly mask: Uint8Array;
  readonly lesions: readonly LesionRow[];
}

/** Takes a volume apart with a model and thresholds I_ro. @param threshold null finds it */
export async function segmentVolume(
  path: string,
  model: LoadedModel,
  threshold: number | null,
  context: JobContext,
  volumeIndex?: number,
): Promise<Segmentation> {
  const progress = new ProgressReporter(context);
  progress.report('prepare', 0, `reading ${basename(path)}`);
  const volume = await readVolumeFile(path, volumeIndex);
  const prepared = prepareVolume(volume, { height: model.run.height, width: model.run.width });
  const { grid } = prepared;
  const size = grid.height * grid.width;
  const slices: PredictedSlices = {
    ifc: new Float32Array(prepared.slices.length),
    iwc: new Float32Array(prepared.slices.length),
    iro: new Float32Array(prepared.slices.length),
  };
  for (let k = 0; k < grid.count; k += PREDICTION_BATCH) {
    const part = model.predict(
      prepared.slices.subarray(k * size, Math.min(grid.count, k + PREDICTION_BATCH) * size),
    );
    slices.ifc.set(part.ifc, k * size);
    slices.iwc.set(part.iwc, k * size);
    slices.iro.set(part.iro, k * size);
    progress.report('segment', (k / grid.count) * 0.95, `slice ${k + 1} of ${grid.count}`);
    await breathe();
  }
  const brainPixels = Uint8Array.from(prepared.slices, (value) => (value > 0 ? 1 : 0));
  const counts = histogram(slices.iro, brainPixels, IRO_BINS, 0, 1);
  const found =
    threshold === null
      ? automaticThreshold({ counts, referenceCounts: model.run.referenceCounts })
      : { threshold, reason: 'The threshold was given.' };
  const score = slicesToVolume(grid, slices.iro, 'linear');
  return finish(volume, prepared, slices, score, [...counts], found.threshold, found.reason);
}

/** Sigma of the baseline's smoothing: the width at which a plain threshold did best on real MS FLAIR. */
const BASELINE_SIGMA_MM = 0.8;

/** The same way with the network left out: a threshold on the smoothed scan, in robust z. @param threshold in z, or null */
export async function segmentByIntensity(
  path: string,
  threshold: number | null,
  volumeIndex?: number,
): Promise<Segmentation> {
  const volume = await readVolumeFile(path, volumeIndex);
  const prepared = prepareVolume(volume);
  const smooth = smoothInMask(prepared.values, prepared.brain, volume.dims, volume.zooms, BASELINE_SIGMA_MM);
  const { z } = robustZ(smooth, prepared.brain);
  const used = threshold ?? defaultBaselineZ;
  const reason =
    threshold === null
      ? `The smoothed scan's usual threshold: ${used} robust deviations above its most frequent level.`
      : 'The threshold was given.';
  return finish(volume, prepared, null, z, [], used, reason);
}

function finish(
  volume: Volume,
  prepared: PreparedVolume,
  slices: PredictedSlices | null,
  score: Float32Array,
  counts: readonly number[],
  threshold: number,
  reason: string,
): Segmentation {
  const judged = erode(prepared.brain, volume.dims, BRAIN_EROSION_VOXELS);
  for (let i = 0; i < score.length; i++) if (judged[i] === 0) score[i] = 0;
  const mask = lesionMask(score, volume.dims, threshold);
  const { labels, count } = labelComponents(mask, volume.dims, 26);
  const lesions = lesionTable({
    labels,
    count,
    volume,
    scan: prepared.values,
    ...(slices === null ? {} : { iro: score }),
    sliceAxis: prepared.grid.axes[2] as 0 | 1 | 2,
  });
  return { volume, prepared, slices, score, counts, threshold, reason, mask, lesions };
}

/** Names of a segmentation's files. */
export interface SegmentationNames {
  readonly mask: string;
  readonly iro: string;
  readonly lesions: string;
  readonly report: string;
}

/** x.nii.gz -> x_mask.nii.gz, x_iro.nii.gz, x_lesions.csv, x_report.json. */
export function namesFor(path: string): SegmentationNames {
  const stem = basename(path).replace(/\.(nii(\.gz)?|hdr(\.gz)?|npy)$/i, '');
  return {
    mask: `${stem}_mask.nii.gz`,
    iro: `${stem}_iro.nii.gz`,
    lesions: `${stem}_lesions.csv`,
    report: `${stem}_report.json`,
  };
}

/**
 * Writes mask, score map, lesion table and report, each whole or not at all; the report comes last.
 * @param facts what the report says beyond the segmentation itself
 */
export async function writeSegmentation(
  result: Segmentation,
  outDir: string,
  names: SegmentationNames,
  facts: Readonly<Record<string, unknown>>,
): Promise<void> {
  const { volume, prepared, mask, score, lesions } = result;
  const image = { dims: volume.dims, like: volume };
  await writeNiftiFile(
    join(outDir, names.mask),
    niftiBytes({ ...image, data: mask, description: `${SOFTWARE} lesion mask` }),
  );
  const scoreName = result.slices ? 'I_ro' : 'robust z';
  await writeNiftiFile(
    join(outDir, names.iro),
    niftiBytes({ ...image, data: score, description: `${SOFTWARE} ${scoreName}` }),
  );
  await writeFileAtomic(join(outDir, names.lesions), stringify(lesionCsvRows(lesions)));
  const voxels = lesions.reduce((sum, lesion) => sum + lesion.voxels, 0);
  const report = {
    software: SOFTWARE,
    notAMedicalDevice: 'For research. Not a medical device.',
    threshold: result.threshold,
    thresholdReason: result.reason,
    lesions: lesions.length,
    lesionVolumeMm3: voxels * voxelVolumeMm3(volume.zooms),
    minLesionVoxels: MIN_LESION_VOXELS,
    brainErosionVoxels: BRAIN_EROSION_VOXELS,
    brainMask: prepared.maskMethod,
    normalisation: prepared.normalisation,
    grid: prepared.grid,
    nonFiniteVoxels: prepared.nonFinite,
    warnings: volume.warnings,
    ...facts,
  };
  await writeFileAtomic(join(outDir, names.report), JSON.stringify(report, null, 1));
}
