import { basename } from 'node:path';
import { slicesToVolume, type SliceGrid } from '../../../shared/geometry/sliceGrid';
import { histogram } from '../../../shared/imaging/histogram';
import { erode } from '../../../shared/imaging/morphology';
import {
  defaultPreparation,
  prepareVolume,
  type Preparation,
  type PreparedVolume,
} from '../../../shared/imaging/preparation';
import { robustZ } from '../../../shared/imaging/robustZ';
import { smoothInMask } from '../../../shared/imaging/smoothing';
import { automaticThreshold, defaultBaselineZ } from '../../../shared/imaging/threshold';
import {
  trainedThreshold,
  type ThresholdChoice,
  type TrainedCounts,
} from '../../../shared/imaging/trainedThreshold';
import { labelComponents } from '../../../shared/lesions/components';
import { BRAIN_EROSION_VOXELS, lesionMask } from '../../../shared/lesions/lesionMask';
import { lesionTable, type LesionRow } from '../../../shared/lesions/table';
import type { Dims, Volume } from '../../../shared/volume/volume';
import { readMaskOf } from '../../files/readMask';
import { readVolumeFile } from '../../files/readVolume';
import { IRO_BINS } from '../training/iroCounts';
import { preparationWith, type VolumeOptions } from './volumeOptions';

/*
 * The two ends of a segmentation, before and after the network, without TensorFlow.js: a batch runs them in threads of
 * their own while the network works on another scan.
 */

/** A score on the source grid, its threshold and the mask they make. */
export interface Segmentation {
  readonly volume: Volume;
  readonly prepared: PreparedVolume;
  readonly scoreName: 'I_ro' | 'robust z';
  /** I_ro (or, for the baseline, the robust z-score) on the source grid; 0 outside the part of the brain that is judged. */
  readonly score: Float32Array;
  /** Histogram of I_ro over [0, 1] in the brain; empty for the baseline. */
  readonly counts: readonly number[];
  readonly threshold: number;
  readonly reason: string;
  /** All the ways in which a threshold was found, the one that is used first; empty where there is only that. */
  readonly thresholds: readonly ThresholdChoice[];
  readonly mask: Uint8Array;
  /** The mask's lesions: 0, or a row's `label`. */
  readonly labels: Int32Array;
  readonly lesions: readonly LesionRow[];
  /** What the reader should know about the scan. */
  readonly warnings: readonly string[];
}

export interface SegmentOptions extends VolumeOptions {
  /** The user's own brain mask: a file. */
  readonly brainMask?: string | undefined;
}

/** What is known of a network's I_ro from its training, as far as it is: counts in the brain over [0, 1]. */
export interface KnownCounts {
  readonly referenceCounts: readonly number[];
  readonly inputCounts: readonly number[];
  /** Of lesions that were pasted into held-back reference slices; null where nothing was. */
  readonly pastedCounts: TrainedCounts['pastedCounts'] | null;
}

/** What a network asks of the slices that it is given. */
export interface SlicesWanted {
  readonly shape: { readonly height: number; readonly width: number };
  /** How its training sets were prepared. */
  readonly preparation: Preparation;
}

/** A scan that has been read and cut into slices. */
export interface PreparedScan {
  readonly volume: Volume;
  readonly prepared: PreparedVolume;
}

/** Reads a scan and prepares it. @param network null where there is none (the intensity baseline) */
export async function prepareScan(
  path: string,
  options: SegmentOptions,
  network: SlicesWanted | null,
): Promise<PreparedScan> {
  const volume = await readVolumeFile(path, options);
  const size = network === null ? {} : { height: network.shape.height, width: network.shape.width };
  const preparation = preparationWith(network?.preparation ?? defaultPreparation, options);
  const brain =
    options.brainMask === undefined
      ? {}
      : {
          brain: await readMaskOf(options.brainMask, volume, basename(path), options.resampleMasks === true),
        };
  const prepared = prepareVolume(volume, { ...size, preparation, ...brain });
  const differs = network === null ? [] : preparationDiffers(network.preparation, prepared.grid);
  return { volume, prepared: { ...prepared, warnings: [...prepared.warnings, ...differs] } };
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

/**
 * Thresholds I_ro.
 * @param iro slices [count, height, width] of the scan's grid
 * @param threshold null finds it
 * @param known of the network's training; its counts may be empty
 */
export function judgeIro(
  scan: PreparedScan,
  iro: Float32Array,
  threshold: number | null,
  known: KnownCounts,
): Segmentation {
  const brainPixels = Uint8Array.from(scan.prepared.slices, (value) => (value > 0 ? 1 : 0));
  const counts = histogram(iro, brainPixels, IRO_BINS, 0, 1);
  const found = findThreshold(counts, threshold, known);
  const { brain, grid } = scan.prepared;
  const score = judgedPart(slicesToVolume(grid, iro, 'linear'), brain, scan.volume.dims);
  return finish(scan, 'I_ro', score, [...counts], found);
}

/** A threshold with the other ways that were tried, and what the reader should know. */
interface UsedThreshold {
  readonly threshold: number;
  readonly reason: string;
  readonly thresholds?: readonly ThresholdChoice[];
  readonly warnings?: readonly string[];
}

function findThreshold(counts: Float64Array, given: number | null, known: KnownCounts): UsedThreshold {
  const { referenceCounts, pastedCounts } = known;
  if (given !== null) return { threshold: given, reason: 'The threshold was given.' };
  if (pastedCounts === null) return automaticThreshold({ counts, referenceCounts });
  const { chosen, all, warnings } = trainedThreshold(counts, { ...known, pastedCounts });
  return { threshold: chosen.threshold, reason: chosen.reason, thresholds: all, warnings };
}

/** Sigma of the baseline's smoothing: the width at which a plain threshold did best on real MS FLAIR. */
const BASELINE_SIGMA_MM = 0.8;

/**
 * The scan as a score: robust z in its brain, smoothed before by this sigma; 0 outside the part that is judged.
 * @param sigmaMm 0 leaves it as it is
 */
export function intensityScore(
  { volume, prepared }: PreparedScan,
  sigmaMm = BASELINE_SIGMA_MM,
): Float32Array {
  const { values, brain } = prepared;
  const smooth = sigmaMm === 0 ? values : smoothInMask(values, brain, volume.dims, volume.zooms, sigmaMm);
  return judgedPart(robustZ(smooth, brain).z, brain, volume.dims);
}

/** The same way with the network left out: a threshold on the smoothed scan, in robust z. @param threshold in z, or null */
export function judgeIntensity(scan: PreparedScan, threshold: number | null): Segmentation {
  const used = threshold ?? defaultBaselineZ;
  const reason =
    threshold === null
      ? `The smoothed scan's usual threshold: ${used} robust deviations above its most frequent level.`
      : 'The threshold was given.';
  return finish(scan, 'robust z', intensityScore(scan), [], { threshold: used, reason });
}

/** A score without what lies too near the edge of the brain. Changes it. */
function judgedPart(score: Float32Array, brain: Uint8Array, dims: Dims): Float32Array {
  const judged = erode(brain, dims, BRAIN_EROSION_VOXELS);
  for (let i = 0; i < score.length; i++) if (judged[i] === 0) score[i] = 0;
  return score;
}

function finish(
  { volume, prepared }: PreparedScan,
  scoreName: Segmentation['scoreName'],
  score: Float32Array,
  counts: readonly number[],
  { threshold, reason, thresholds = [], warnings: doubts = [] }: UsedThreshold,
): Segmentation {
  const mask = lesionMask(score, volume.dims, threshold);
  const { labels, count } = labelComponents(mask, volume.dims, 26);
  const lesions = lesionTable({
    labels,
    count,
    volume,
    scan: prepared.values,
    ...(scoreName === 'I_ro' ? { iro: score } : {}),
    sliceAxis: prepared.grid.axes[2] as 0 | 1 | 2,
  });
  const warnings = [...volume.warnings, ...prepared.warnings, ...doubts];
  return {
    volume,
    prepared,
    scoreName,
    score,
    counts,
    threshold,
    reason,
    thresholds,
    mask,
    labels,
    lesions,
    warnings,
  };
}
