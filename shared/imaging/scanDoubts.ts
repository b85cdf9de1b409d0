import type { Doubt } from './doubt';
import { coverOf, coverSentence, type HeadExtent } from './headLevels';
import { sumCounts } from './histogram';
import { unlikeTrained, type ScanStatistics } from './scanStatistics';
import type { TrainedCounts } from './trainedThreshold';

/** What a training saw, as far as its run says it: what is not known is empty. */
export interface TrainingFacts {
  /** Counts of I_ro in the brain of the healthy reference and of the inputs, in equal bins over [0, 1]. */
  readonly referenceCounts: readonly number[];
  readonly inputCounts: readonly number[];
  /** The same of lesions that were pasted into held-back reference slices; null where nothing was. */
  readonly pastedCounts: TrainedCounts['pastedCounts'] | null;
  /** The levels of its scans. */
  readonly statistics: readonly ScanStatistics[];
  /** How far each healthy slice lies below the top of its brain. */
  readonly referenceMm: readonly number[];
}

export const nothingKnown: TrainingFacts = {
  referenceCounts: [],
  inputCounts: [],
  pastedCounts: null,
  statistics: [],
  referenceMm: [],
};

/**
 * Most that the I_ro of a scan may lie from that of the training's inputs, as the mean distance that a voxel's level has to
 * be moved by (the earth mover's distance), in I_ro's range of 0 to 1.
 */
const IRO_REACH = 0.1;

/** The earth mover's distance of two histograms over the same range, as a share of it; 0 where one is empty. */
export function histogramDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const [totalA, totalB] = [sumCounts(a), sumCounts(b)];
  if (totalA === 0 || totalB === 0 || a.length !== b.length) return 0;
  let [above, distance] = [0, 0];
  for (let bin = 0; bin < a.length; bin += 1) {
    above += (a[bin] as number) / totalA - (b[bin] as number) / totalB;
    distance += Math.abs(above);
  }
  return distance / a.length;
}

/**
 * Where a scan lies outside what the training saw.
 * @param counts of I_ro in the scan's brain
 */
export function doubtsAbout(
  scan: {
    readonly statistics: ScanStatistics;
    readonly head: HeadExtent;
    readonly counts: ArrayLike<number>;
  },
  known: TrainingFacts,
): Doubt[] {
  const doubts: Doubt[] = unlikeTrained(scan.statistics, known.statistics).map((message) => ({
    kind: 'intensities',
    message,
  }));
  const distance = histogramDistance(scan.counts, known.inputCounts);
  if (distance > IRO_REACH) {
    doubts.push({
      kind: 'iro',
      message: `I_ro of this scan lies outside what the training saw: on average ${distance.toFixed(2)} of its range away (usual: up to ${IRO_REACH}). The threshold found on the training need not hold for it.`,
    });
  }
  const uncovered =
    known.referenceMm.length === 0 ? null : coverSentence(coverOf(scan.head, known.referenceMm), 1);
  if (uncovered !== null) doubts.push({ kind: 'levels', message: uncovered });
  return doubts;
}
