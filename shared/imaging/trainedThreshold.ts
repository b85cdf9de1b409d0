import type { Doubt } from './doubt';
import { highestBin, levelPassedBy, logHistogram, sumCounts } from './histogram';
import { bestExcess, referenceShare } from './threshold';
import type { ThresholdMethod } from './thresholdMethods';

/** What a training with pasted lesions knows of its I_ro: counts in the brain, in equal bins over [0, 1]. */
export interface TrainedCounts {
  readonly inputCounts: readonly number[];
  readonly referenceCounts: readonly number[];
  /** Where lesions were pasted into reference slices that were held back, and in the tissue around them. */
  readonly pastedCounts: { readonly lesion: readonly number[]; readonly tissue: readonly number[] };
}

/** A threshold of I_ro with a sentence that says how it was found. */
export interface ThresholdChoice {
  readonly method: ThresholdMethod;
  readonly threshold: number;
  readonly reason: string;
}

export interface TrainedThreshold {
  /** The one that is used. */
  readonly chosen: ThresholdChoice;
  /** All that could be found, the chosen one first. */
  readonly all: readonly ThresholdChoice[];
  /** What the reader should know. */
  readonly doubts: readonly Doubt[];
}

/** Where the valley is looked for: above tissue, below lesions. */
const VALLEY = { low: 0.6, high: 0.97, smoothing: 0.02, rise: 1.5 } as const;
/** Expected agreement from which on a scan's excess over the reference is clear. */
const CLEAR_AGREEMENT = 0.8;
/**
 * Where more of the head's height than this has no healthy slice, what a scan has beyond the healthy reference may be healthy
 * tissue of those levels, and is not taken for lesions.
 */
const MOST_UNCOVERED = 0.1;
/** Masks of two methods disagree from this ratio of their volumes on, where they are no specks. */
const DISAGREE = 2;
const SPECK_SHARE = 1e-4;

/**
 * The threshold of I_ro of a network that learned from pasted lesions, found without any lesion mask. In this order:
 *
 * 1. reference-excess, where it is clear: the scan holds so many more bright voxels than the healthy reference that the
 *    level of best expected agreement can be told from the two histograms (see bestExcess), expected Dice 0.8 or more. It comes
 *    last where the reference leaves more than {@link MOST_UNCOVERED} of the head out.
 * 2. pasted: the level of best expected agreement for this scan: how I_ro looks in lesions and in tissue is known from
 *    lesions pasted into healthy slices that were held back, and how much of the scan is lesion from its own histogram.
 *    A heavy load asks for a lower level than a light one, in which each false voxel weighs more.
 * 3. valley: the deepest point of the smoothed log histogram of I_ro over the training's inputs, from 0.60 to 0.97.
 * 4. reference-quantile: the level that one in a thousand of the healthy reference's brain voxels pass.
 *
 * @param counts of the scan
 * @param uncovered share of the head's height at which the training has no healthy slice (see coverOf)
 */
export function trainedThreshold(
  counts: ArrayLike<number>,
  trained: TrainedCounts,
  uncovered = 0,
): TrainedThreshold {
  const excess = clearExcess(counts, trained.referenceCounts);
  const others = [
    pastedBest(counts, trained.pastedCounts),
    valley(trained.inputCounts),
    quantile(trained.referenceCounts),
  ];
  const inOrder = uncovered > MOST_UNCOVERED ? [...others, excess] : [excess, ...others];
  const found = inOrder.filter((choice) => choice !== null);
  const chosen: ThresholdChoice = found[0] ?? {
    method: 'reference-quantile',
    threshold: 1,
    reason: 'The training left no brain to find a threshold in, so nothing is marked.',
  };
  const doubts: Doubt[] = [];
  if (!found.some(({ method }) => method === 'valley')) {
    doubts.push({
      kind: 'split',
      message:
        'I_ro has not split into tissue and lesions over the training: train longer, or look closely at the mask.',
    });
  }
  const disagreement = disagree(counts, found);
  if (disagreement) doubts.push({ kind: 'methods', message: disagreement });
  return { chosen, all: found, doubts };
}

function clearExcess(counts: ArrayLike<number>, reference: readonly number[]): ThresholdChoice | null {
  if (sumCounts(reference) === 0 || sumCounts(counts) === 0) return null;
  const excess = bestExcess(counts, reference);
  if (!excess || excess.agreement < CLEAR_AGREEMENT) return null;
  const threshold = excess.bin / counts.length;
  const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
  return {
    method: 'reference-excess',
    threshold,
    reason: `The scan is clearly brighter than the healthy reference: ${percent(excess.passing)} of its brain pass ${threshold.toFixed(2)}, and ${percent(excess.referencePassing)} of the reference's; a mask there is expected to agree best.`,
  };
}

function valley(counts: readonly number[]): ThresholdChoice | null {
  if (sumCounts(counts) === 0) return null;
  const curve = logHistogram(counts, VALLEY.smoothing);
  const [low, high] = [Math.round(VALLEY.low * curve.length), Math.round(VALLEY.high * curve.length)];
  let deepest = low;
  for (let bin = low; bin < high; bin += 1) {
    if ((curve[bin] as number) < (curve[deepest] as number)) deepest = bin;
  }
  // Where nothing brighter rises again there is no second peak, and no valley.
  const above = curve.subarray(deepest);
  const rise = (above[highestBin(above)] as number) - (curve[deepest] as number);
  if (rise < Math.log(VALLEY.rise)) return null;
  const threshold = (deepest + 0.5) / curve.length;
  return {
    method: 'valley',
    threshold,
    reason: `The histogram of I_ro over the training has split: ${threshold.toFixed(2)} is its valley between tissue and lesions.`,
  };
}

/** The level of I_ro at which a mask agrees best with pasted lesions, and its Dice; null where none were pasted. */
export function pastedAgreement({
  lesion,
  tissue,
}: TrainedCounts['pastedCounts']): { readonly threshold: number; readonly dice: number } | null {
  const all = sumCounts(lesion);
  if (all === 0) return null;
  let [found, wrong, best, at] = [0, 0, -1, lesion.length];
  for (let bin = lesion.length - 1; bin >= 0; bin -= 1) {
    found += lesion[bin] as number;
    wrong += tissue[bin] as number;
    const dice = (2 * found) / (found + wrong + all);
    if (dice > best) [best, at] = [dice, bin];
  }
  return { threshold: at / lesion.length, dice: best };
}

function pastedBest(
  counts: ArrayLike<number>,
  { lesion, tissue }: TrainedCounts['pastedCounts'],
): ThresholdChoice | null {
  if (sumCounts(counts) === 0 || sumCounts(lesion) === 0 || sumCounts(tissue) === 0) return null;
  const [ofLesion, ofTissue] = [densityOf(lesion), densityOf(tissue)];
  const share = Math.max(LEAST_SHARE, lesionShare(counts, ofLesion, ofTissue));
  let [found, wrong, best, at] = [0, 0, -1, lesion.length];
  for (let bin = lesion.length - 1; bin >= 0; bin -= 1) {
    found += share * (ofLesion[bin] as number);
    wrong += (1 - share) * (ofTissue[bin] as number);
    const dice = (2 * found) / (found + wrong + share);
    if (dice > best) [best, at] = [dice, bin];
  }
  const threshold = at / lesion.length;
  return {
    method: 'pasted',
    threshold,
    reason: `By its histogram ${(share * 100).toFixed(share < 0.01 ? 2 : 1)} % of the brain look as lesions do that were pasted into healthy slices which the training held back; for so much a mask at ${threshold.toFixed(2)} is expected to agree best.`,
  };
}

/** A scan's lesions are at least this share of its brain, about 0.1 ml: for less, no level is better than another. */
const LEAST_SHARE = 1e-4;
/** Steps of the estimate; it moves by less than a hundredth after some fifty. */
const SHARE_STEPS = 300;

/**
 * How much of a scan is lesion, if its I_ro is a mixture of that in lesions and that in tissue: the share of highest
 * likelihood, by expectation and maximisation (Saerens, Latinne and Decaestecker 2002).
 */
function lesionShare(counts: ArrayLike<number>, lesion: Float64Array, tissue: Float64Array): number {
  const total = sumCounts(counts);
  let share = 0.01;
  for (let step = 0; step < SHARE_STEPS; step += 1) {
    let sum = 0;
    for (let bin = 0; bin < counts.length; bin += 1) {
      const isLesion = share * (lesion[bin] as number);
      sum += ((counts[bin] as number) * isLesion) / (isLesion + (1 - share) * (tissue[bin] as number));
    }
    share = sum / total;
  }
  return share;
}

/** Counts as shares; half a count more in each bin, so that nothing is impossible. */
function densityOf(counts: readonly number[]): Float64Array {
  const total = sumCounts(counts) + counts.length / 2;
  return Float64Array.from(counts, (count) => (count + 0.5) / total);
}

/** The level that {@link referenceShare} of the reference's brain voxels pass; null where there is no reference. */
export function quantile(reference: readonly number[]): ThresholdChoice | null {
  if (sumCounts(reference) === 0) return null;
  const threshold = levelPassedBy(reference, referenceShare);
  return {
    method: 'reference-quantile',
    threshold,
    reason: `${threshold.toFixed(2)} is the level that ${(referenceShare * 100).toFixed(1)} % of the healthy reference's brain voxels pass.`,
  };
}

/** The sentence about methods whose masks would differ in volume by more than a factor of two; null where they agree. */
export function disagree(counts: ArrayLike<number>, found: readonly ThresholdChoice[]): string | null {
  const total = sumCounts(counts);
  if (total === 0 || found.length < 2) return null;
  const share = ({ threshold }: ThresholdChoice): number =>
    Math.max(SPECK_SHARE, sumCounts(counts, Math.round(threshold * counts.length)) / total);
  const ordered = [...found].sort((a, b) => share(a) - share(b));
  const [least, most] = [ordered[0], ordered[ordered.length - 1]] as [ThresholdChoice, ThresholdChoice];
  if (share(most) <= DISAGREE * share(least)) return null;
  return `The ways to find a threshold disagree: from ${least.threshold.toFixed(2)} (${least.method}) to ${most.threshold.toFixed(2)} (${most.method}) the mask grows ${(share(most) / share(least)).toFixed(1)} times. Look at the mask at both.`;
}
