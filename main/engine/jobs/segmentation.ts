import { basename } from 'node:path';
import { slicesToVolume, type SliceGrid } from '../../../shared/geometry/sliceGrid';
import { baselineScore } from '../../../shared/imaging/baseline';
import { openContrasts, type OfContrasts } from '../../../shared/imaging/contrasts';
import { adaptationAdvice, adaptationHelps, type Doubt } from '../../../shared/imaging/doubt';
import { coverOf, type HeadExtent, type LevelCover } from '../../../shared/imaging/headLevels';
import { histogram } from '../../../shared/imaging/histogram';
import { countSet, depths } from '../../../shared/imaging/morphology';
import {
  defaultPreparation,
  headOf,
  prepareVolume,
  type Preparation,
  type PreparedVolume,
} from '../../../shared/imaging/preparation';
import { doubtsAbout, type TrainingFacts } from '../../../shared/imaging/scanDoubts';
import { scanThreshold, type WantedThreshold } from '../../../shared/imaging/scanThreshold';
import { defaultBaselineZ } from '../../../shared/imaging/threshold';
import type { ThresholdMethod } from '../../../shared/imaging/thresholdMethods';
import type { ThresholdChoice } from '../../../shared/imaging/trainedThreshold';
import { labelComponents } from '../../../shared/lesions/components';
import { baselineDifference, type BaselineDifference } from '../../../shared/lesions/difference';
import {
  BRAIN_EROSION_VOXELS,
  defaultRules,
  lesionMask,
  MOST_EROSION_VOXELS,
  type LesionRules,
} from '../../../shared/lesions/lesionMask';
import { lesionTable, type LesionRow } from '../../../shared/lesions/table';
import { voxelVolumeMm3, type Volume } from '../../../shared/volume/volume';
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
  /** The same in the whole brain, and how deep in it each voxel lies (see depths): for rules that are changed later. */
  readonly whole: { readonly score: Float32Array; readonly depth: Uint8Array };
  /** Standard deviation of I_ro over several predictions, on the source grid; null where there was one alone. */
  readonly spread: Float32Array | null;
  /** Histogram of I_ro over [0, 1] in the brain; empty for the baseline. */
  readonly counts: readonly number[];
  readonly threshold: number;
  readonly reason: string;
  /** Which way to the threshold was taken; null where it was given, and for the baseline. */
  readonly method: ThresholdMethod | null;
  /** All the ways in which a threshold was found, the automatic one first; empty for the baseline. */
  readonly thresholds: readonly ThresholdChoice[];
  readonly rules: LesionRules;
  readonly mask: Uint8Array;
  /** The mask's lesions: 0, or a row's `label`. */
  readonly labels: Int32Array;
  readonly lesions: readonly LesionRow[];
  /** The plain threshold beside it; null for the baseline itself. */
  readonly baseline: {
    readonly score: Float32Array;
    readonly mask: Uint8Array;
    readonly difference: BaselineDifference;
  } | null;
  readonly head: HeadExtent;
  /** Levels of the head that the training's healthy slices leave uncovered; null where they are not known. */
  readonly cover: LevelCover | null;
  /** What may be wrong with the mask, by kind. */
  readonly doubts: readonly Doubt[];
  /** All that the reader should know about the scan and its mask, in sentences. */
  readonly warnings: readonly string[];
}

export interface SegmentOptions extends VolumeOptions {
  /** The user's own brain mask: a file. */
  readonly brainMask?: string | undefined;
  /** What counts as a lesion; the usual rules unless given. */
  readonly rules?: Partial<LesionRules> | undefined;
  /** Files of the scan's other contrasts. */
  readonly contrasts?: OfContrasts<string> | undefined;
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
  const contrasts = await openContrasts(options.contrasts ?? {}, preparation.contrasts, (file) =>
    readVolumeFile(file, options),
  );
  const prepared = prepareVolume(volume, { ...size, preparation, ...brain, contrasts });
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

/** What a network made of a scan's slices, [count, height, width] of its grid. */
export interface JudgedSlices {
  readonly iro: Float32Array;
  readonly spread: Float32Array | null;
}

/**
 * Thresholds I_ro.
 * @param wanted a level, a way to find it, or null
 * @param known of the network's training
 * @throws ExpectedError settings-invalid for a way that leads nowhere here
 */
export function judgeIro(
  scan: PreparedScan,
  { iro, spread }: JudgedSlices,
  wanted: WantedThreshold,
  known: TrainingFacts,
  rules: Partial<LesionRules> = {},
): Segmentation {
  const { prepared, volume } = scan;
  const brainPixels = new Uint8Array(prepared.slices.length);
  for (let i = 0; i < brainPixels.length; i += 1) brainPixels[i] = (prepared.slices[i] as number) > 0 ? 1 : 0;
  const counts = histogram(iro, brainPixels, IRO_BINS, 0, 1);
  const head = headOf(prepared);
  const cover = known.referenceMm.length === 0 ? null : coverOf(head, known.referenceMm);
  const { doubts: thresholdDoubts, ...found } = scanThreshold(
    counts,
    known,
    wanted,
    countSet(prepared.brain) * voxelVolumeMm3(volume.zooms),
    cover?.share,
  );
  const doubts = [
    ...doubtsAbout({ statistics: prepared.statistics, head, counts }, known),
    ...thresholdDoubts,
  ];
  const judged = finish(scan, 'I_ro', slicesToVolume(prepared.grid, iro, 'linear'), found.threshold, rules, {
    spread: spread && slicesToVolume(prepared.grid, spread, 'linear'),
  });
  const plain = baselineScore(prepared.values, prepared.brain, volume.dims, volume.zooms);
  const mask = lesionMask(plain, volume.dims, defaultBaselineZ, judged.rules, judged.whole.depth);
  return {
    ...judged,
    ...found,
    thresholds: found.all,
    counts: [...counts],
    baseline: {
      score: plain,
      mask,
      difference: baselineDifference(judged.mask, mask, defaultBaselineZ, volume, judged.rules.connectivity),
    },
    head,
    cover,
    doubts,
    warnings: [
      ...judged.warnings,
      ...doubts.map(({ message }) => message),
      ...(known.pastedCounts !== null && adaptationHelps(doubts) ? [adaptationAdvice] : []),
    ],
  };
}

/** The same way with the network left out: a threshold on the smoothed scan, in robust z. @param threshold in z, or null */
export function judgeIntensity(
  scan: PreparedScan,
  threshold: number | null,
  rules: Partial<LesionRules> = {},
): Segmentation {
  const { volume, prepared } = scan;
  const score = baselineScore(prepared.values, prepared.brain, volume.dims, volume.zooms);
  const used = threshold ?? defaultBaselineZ;
  return {
    ...finish(scan, 'robust z', score, used, rules, { spread: null }),
    counts: [],
    threshold: used,
    reason:
      threshold === null
        ? `The smoothed scan's usual threshold: ${used} robust deviations above its most frequent level.`
        : 'The threshold was given.',
    method: null,
    thresholds: [],
    baseline: null,
    head: headOf(prepared),
    cover: null,
    doubts: [],
  };
}

/**
 * The scan as a score: robust z in its brain, smoothed before by this sigma; 0 outside the part that is usually judged.
 * @param sigmaMm 0 leaves it as it is
 */
export function intensityScore({ volume, prepared }: PreparedScan, sigmaMm?: number): Float32Array {
  const { dims, zooms } = volume;
  const depth = depths(prepared.brain, dims, BRAIN_EROSION_VOXELS);
  const score = baselineScore(prepared.values, prepared.brain, dims, zooms, sigmaMm);
  return within(score, depth, BRAIN_EROSION_VOXELS);
}

/** The values deeper in the brain than this (see depths), 0 elsewhere. A new array. */
function within(values: Float32Array, depth: Uint8Array, least: number): Float32Array {
  const out = new Float32Array(values.length);
  for (let i = 0; i < out.length; i += 1) if ((depth[i] as number) > least) out[i] = values[i] as number;
  return out;
}

/** The mask of a score at a threshold, and its lesions. */
function finish(
  { volume, prepared }: PreparedScan,
  scoreName: Segmentation['scoreName'],
  whole: Float32Array,
  threshold: number,
  wanted: Partial<LesionRules>,
  { spread }: Pick<Segmentation, 'spread'>,
): Pick<
  Segmentation,
  | 'volume'
  | 'prepared'
  | 'scoreName'
  | 'score'
  | 'whole'
  | 'spread'
  | 'rules'
  | 'mask'
  | 'labels'
  | 'lesions'
  | 'warnings'
> {
  const rules = { ...defaultRules, ...wanted };
  const depth = depths(prepared.brain, volume.dims, MOST_EROSION_VOXELS);
  const score = within(whole, depth, rules.erosionVoxels);
  const mask = lesionMask(score, volume.dims, threshold, rules);
  const { labels, count } = labelComponents(mask, volume.dims, rules.connectivity);
  const lesions = lesionTable({
    labels,
    count,
    volume,
    scan: prepared.values,
    ...(scoreName === 'I_ro' ? { iro: score } : {}),
    ...(spread ? { spread } : {}),
    sliceAxis: prepared.grid.axes[2] as 0 | 1 | 2,
  });
  return {
    volume,
    prepared,
    scoreName,
    score,
    whole: { score: within(whole, depth, 0), depth },
    spread: spread && within(spread, depth, 0),
    rules,
    mask,
    labels,
    lesions,
    warnings: [...volume.warnings, ...prepared.warnings],
  };
}
