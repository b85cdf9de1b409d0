import { basename } from 'node:path';
import { slicesToVolume, type SliceGrid } from '../../../shared/geometry/sliceGrid';
import { histogram } from '../../../shared/imaging/histogram';
import { erode } from '../../../shared/imaging/morphology';
import {
  defaultPreparation,
  prepareVolume,
  type Preparation,
  type PrepareOptions,
  type PreparedVolume,
} from '../../../shared/imaging/preparation';
import { smoothInMask } from '../../../shared/imaging/smoothing';
import { robustZ } from '../../../shared/imaging/robustZ';
import { automaticThreshold, defaultBaselineZ } from '../../../shared/imaging/threshold';
import { labelComponents } from '../../../shared/lesions/components';
import { BRAIN_EROSION_VOXELS, lesionMask } from '../../../shared/lesions/lesionMask';
import { lesionTable, type LesionRow } from '../../../shared/lesions/table';
import type { Volume } from '../../../shared/volume/volume';
import { readMaskOf } from '../../files/readMask';
import { readVolumeFile } from '../../files/readVolume';
import { PREDICTION_BATCH, type PredictedSlices } from '../inference/predict';
import { IRO_BINS } from '../training/iroCounts';
import { breathe, ProgressReporter, type JobContext } from './context';
import { preparationWith, type VolumeOptions } from './volumeOptions';
import type { LoadedModel } from './model';

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
  /** What the reader should know about the scan. */
  readonly warnings: readonly string[];
}

export interface SegmentOptions extends VolumeOptions {
  /** The user's own brain mask: a file. */
  readonly brainMask?: string | undefined;
}

async function preparing(
  path: string,
  volume: Volume,
  options: SegmentOptions,
  trainedWith: Preparation | null,
): Promise<PrepareOptions> {
  const preparation = preparationWith(trainedWith ?? defaultPreparation, options);
  if (options.brainMask === undefined) return { preparation };
  const resample = options.resampleMasks === true;
  const brain = await readMaskOf(options.brainMask, volume, basename(path), resample);
  return { preparation, brain };
}

/** What the reader should know where a scan is not prepared as the network's own sets were. */
function preparationDiffers(trained: Preparation, grid: SliceGrid): string[] {
  const warnings = [];
  if (trained.plane !== null && grid.plane !== trained.plane)
    warnings.push(`The network was trained on ${trained.plane} slices, and these are ${grid.plane}.`);
  if (trained.pixelMm !== null && Math.abs(grid.pixelMm - trained.pixelMm) > 0.01 * trained.pixelMm)
    warnings.push(
      `The network was trained on pixels of ${trained.pixelMm} mm, and these are of ${grid.pixelMm.toFixed(2)} mm.`,
    );
  return warnings;
}

/** Takes a volume apart with a model and thresholds I_ro. @param threshold null finds it */
export async function segmentVolume(
  path: string,
  model: LoadedModel,
  threshold: number | null,
  context: JobContext,
  options: SegmentOptions = {},
): Promise<Segmentation> {
  const progress = new ProgressReporter(context);
  progress.report('prepare', 0, `reading ${basename(path)}`);
  const volume = await readVolumeFile(path, options);
  const prepared = prepareVolume(volume, {
    ...model.shape,
    ...(await preparing(path, volume, options, model.preparation)),
  });
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
      ? automaticThreshold({ counts, referenceCounts: model.referenceCounts })
      : { threshold, reason: 'The threshold was given.' };
  const score = slicesToVolume(grid, slices.iro, 'linear');
  const differs = preparationDiffers(model.preparation, grid);
  return finish(volume, prepared, slices, score, [...counts], found.threshold, found.reason, differs);
}

/** Sigma of the baseline's smoothing: the width at which a plain threshold did best on real MS FLAIR. */
const BASELINE_SIGMA_MM = 0.8;

/** The same way with the network left out: a threshold on the smoothed scan, in robust z. @param threshold in z, or null */
export async function segmentByIntensity(
  path: string,
  threshold: number | null,
  options: SegmentOptions = {},
): Promise<Segmentation> {
  const volume = await readVolumeFile(path, options);
  const prepared = prepareVolume(volume, await preparing(path, volume, options, null));
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
  warnings: readonly string[] = [],
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
  const all = [...volume.warnings, ...prepared.warnings, ...warnings];
  return { volume, prepared, slices, score, counts, threshold, reason, mask, lesions, warnings: all };
}
