import { highestBin, levelPassedBy, smoothCounts, sumCounts, type Peak } from './histogram';
import { findSplit } from './split';

export interface ThresholdInput {
  /** Counts of I_ro inside the brain in equal bins over [0, 1]. */
  readonly counts: ArrayLike<number>;
  /** The same for the healthy reference slices, with as many bins. */
  readonly referenceCounts?: ArrayLike<number>;
}

export interface FoundThreshold {
  /** Voxels of I_ro above it are lesion. */
  readonly threshold: number;
  /** One plain sentence: how it was found. */
  readonly reason: string;
  readonly method: 'valley' | 'reference-excess' | 'reference-quantile' | 'robust-spread' | 'empty';
  /** Whether the histogram has split into tissue and a distinct brightest peak. */
  readonly split: boolean;
  /** From dark to bright. */
  readonly peaks: readonly Peak[];
}

/** Share of the reference brain's voxels that may pass: the middle, by ratio, of 0.05 % and 0.2 %. */
export const referenceShare = 0.001;

/** Robust deviations above the mode where nothing else is known; 3.5 is the usual mark of an outlier. */
const fallbackDeviations = 3.5;

/**
 * The threshold of I_ro, found without any lesion mask.
 *
 * 1. valley: where the brightest peak stands apart from the tissue's (see findSplit), the lowest point of the smoothed
 *    log histogram between the two. This is what the published method waits for.
 *    A peak that the healthy reference shows as well is tissue, and is passed over.
 * 2. reference-excess: else, where the scan clearly holds more bright voxels than the reference, the level at which a mask
 *    would agree best with the lesions: see {@link bestExcess}.
 * 3. reference-quantile: else the level that {@link referenceShare} of the healthy reference's brain voxels pass.
 * 4. robust-spread: else the mode plus 3.5 robust deviations of the brighter side, as for the intensity baseline.
 */
export function automaticThreshold(input: ThresholdInput): FoundThreshold {
  const { counts, referenceCounts } = input;
  const bins = counts.length;
  const total = sumCounts(counts);
  if (total === 0) {
    return {
      threshold: 1,
      reason: 'There is no brain to find a threshold in, so nothing is marked.',
      method: 'empty',
      split: false,
      peaks: [],
    };
  }
  const { peaks, tissue, apart } = findSplit(counts);
  const reference = referenceCounts && sumCounts(referenceCounts) > 0 ? referenceCounts : null;
  if (tissue && apart && !(reference && isTissue(counts, reference, apart.valleyBin))) {
    const threshold = apart.valleyBin / bins;
    return {
      threshold,
      reason:
        `The histogram has split: the threshold is the valley at ${threshold.toFixed(2)}, between the tissue peak at ` +
        `${tissue.position.toFixed(2)} and the brightest peak at ${apart.peak.position.toFixed(2)}.`,
      method: 'valley',
      split: true,
      peaks,
    };
  }
  if (reference) {
    const excess = bestExcess(counts, reference);
    if (excess) {
      const threshold = excess.bin / bins;
      const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
      return {
        threshold,
        reason:
          `The histogram has no separate bright peak, but the scan is brighter than the healthy reference: ${percent(excess.passing)} of its ` +
          `brain voxels pass the threshold ${threshold.toFixed(3)}, and ${percent(excess.referencePassing)} of the reference's; of all levels, a mask there is expected to agree best with the excess.`,
        method: 'reference-excess',
        split: false,
        peaks,
      };
    }
    const passing = (referenceShare * 100).toFixed(1);
    const threshold = levelPassedBy(reference, referenceShare);
    return {
      threshold,
      reason: `The histogram has no separate bright peak: the threshold ${threshold.toFixed(2)} is the level that ${passing} % of the healthy reference's brain voxels pass.`,
      method: 'reference-quantile',
      split: false,
      peaks,
    };
  }
  const mode = tissue?.bin ?? highestBin(smoothCounts(counts, 0.015 * bins));
  const spread = upperSpread(counts, mode);
  const threshold = Math.min(0.99, (mode + 0.5 + fallbackDeviations * spread) / bins);
  return {
    threshold,
    reason: `The histogram has no separate bright peak and there is no reference: the threshold ${threshold.toFixed(2)} is ${fallbackDeviations} robust deviations above the most frequent level.`,
    method: 'robust-spread',
    split: false,
    peaks,
  };
}

/** Whether what lies above a bin is tissue: the healthy reference has at least half as much of it. */
function isTissue(counts: ArrayLike<number>, reference: ArrayLike<number>, bin: number): boolean {
  const above = sumCounts(counts, bin) / sumCounts(counts);
  return sumCounts(reference, bin) / sumCounts(reference) >= above / 2;
}

/** Largest share of the reference that may pass: below that level, slices differ by how much of which tissue they show. */
const mostReference = 0.02;
/** Least excess, as a share of the brain, and least expected agreement that count as lesions and not as a scan's own spread. */
const leastExcess = 0.005;
const leastAgreement = 0.5;
/**
 * Most that the scan's median may differ from the reference's, in interquartile ranges of the reference: beyond that the
 * whole scan is brighter or darker, and its excess says nothing of lesions. Slices of one scan at other levels of the head
 * differ by 0.2.
 */
const mostShift = 0.25;

/**
 * The level at which a mask is expected to agree best with the lesions, if the scan is the reference and lesions mixed:
 * with P(t) and R(t) the shares of scan and reference above t, the lesions' share is L = max (P - R) / (1 - R), of what
 * passes P - R (1 - L) is lesion, and the expected Dice is 2 (P - R (1 - L)) / (P + L). No lesion mask is needed.
 * @returns null where there is no clear excess, or the scan as a whole is brighter or darker than the reference
 */
export function bestExcess(
  counts: ArrayLike<number>,
  reference: ArrayLike<number>,
): { bin: number; passing: number; referencePassing: number; agreement: number } | null {
  const quartiles = [0.75, 0.5, 0.25].map((share) => levelPassedBy(reference, share));
  const [low, median, high] = quartiles as [number, number, number];
  if (Math.abs(levelPassedBy(counts, 0.5) - median) > mostShift * (high - low)) return null;
  const totals = [sumCounts(counts), sumCounts(reference)] as const;
  const levels: { bin: number; passing: number; referencePassing: number }[] = [];
  let [above, referenceAbove] = [0, 0];
  for (let bin = counts.length - 1; bin > 0; bin -= 1) {
    above += counts[bin] as number;
    referenceAbove += reference[bin] as number;
    if (referenceAbove / totals[1] > mostReference) break;
    levels.push({ bin, passing: above / totals[0], referencePassing: referenceAbove / totals[1] });
  }
  const share = Math.max(0, ...levels.map(({ passing: p, referencePassing: r }) => (p - r) / (1 - r)));
  if (share < leastExcess) return null;
  const agreement = ({ passing: p, referencePassing: r }: (typeof levels)[number]): number =>
    (2 * (p - r * (1 - share))) / (p + share);
  const best = levels.reduce((a, b) => (agreement(b) > agreement(a) ? b : a));
  return agreement(best) >= leastAgreement ? { ...best, agreement: agreement(best) } : null;
}

/**
 * The z-score above which the smoothed scan's voxels are taken for lesions where no reference is given.
 *
 * Measured on the FLAIR of the open Ljubljana patients 07 and 19 (1 mm, skull-stripped), smoothed with sigma 0.8 mm, the
 * brain mask eroded by 2 voxels, components under 10 voxels removed; voxel Dice over the whole volume:
 *
 * | z    | 2.0  | 2.5  | 2.75 | 3.0  | 3.25 | 3.5  |
 * | 07   | 0.05 | 0.12 | 0.18 | 0.27 | 0.32 | 0.30 |
 * | 19   | 0.76 | 0.76 | 0.74 | 0.70 | 0.66 | 0.60 |
 * | mean | 0.41 | 0.44 | 0.46 | 0.49 | 0.49 | 0.45 |
 *
 * 3 is within 0.01 of the best mean and loses less of the heavy load than 3.25. Two scans from one scanner: a start, not a
 * constant of nature.
 */
export const defaultBaselineZ = 3;

/** Median distance of the counts above a bin from it, / 0.6745, in bins. */
function upperSpread(counts: ArrayLike<number>, mode: number): number {
  const half = sumCounts(counts, mode) / 2;
  let seen = 0;
  for (let bin = mode; bin < counts.length; bin += 1) {
    const here = counts[bin] as number;
    if (seen + here >= half && here > 0)
      return Math.max(0.5, bin - mode + (half - seen) / here - 0.5) / 0.6745;
    seen += here;
  }
  return 1;
}
