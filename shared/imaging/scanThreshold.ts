import { ExpectedError } from '../failure';
import type { Doubt } from './doubt';
import { levelPassedBy, sumCounts } from './histogram';
import type { TrainingFacts } from './scanDoubts';
import { automaticThreshold, type FoundThreshold } from './threshold';
import { thresholdMethods, type ThresholdMethod } from './thresholdMethods';
import {
  disagree,
  quantile,
  trainedThreshold,
  type ThresholdChoice,
  type TrainedCounts,
} from './trainedThreshold';

/** The threshold of a scan, with the other ways that there were to it. */
export interface ScanThreshold {
  readonly threshold: number;
  /** Which way was taken and why, in a sentence. */
  readonly reason: string;
  /** null where it was given. */
  readonly method: ThresholdMethod | null;
  /** All that could be found, the automatic one first. */
  readonly all: readonly ThresholdChoice[];
  readonly doubts: readonly Doubt[];
}

/** What is asked for: a level, one of the ways to find it, or null for the automatic choice among them. */
export type WantedThreshold = number | ThresholdMethod | null;

/**
 * The threshold of I_ro of a scan, without any lesion mask. Where the network learned from pasted lesions the automatic
 * choice is {@link trainedThreshold}'s, else {@link automaticThreshold}'s; every other way is found too, to choose from.
 *
 * @param counts of I_ro in the scan's brain
 * @param brainMm3 its volume
 * @param uncovered share of the head's height at which the training has no healthy slice (see coverOf)
 * @throws ExpectedError settings-invalid for a way that leads nowhere with this scan and this run
 */
export function scanThreshold(
  counts: ArrayLike<number>,
  known: TrainingFacts,
  wanted: WantedThreshold,
  brainMm3: number,
  uncovered = 0,
): ScanThreshold {
  const { all, doubts } =
    known.pastedCounts === null
      ? plainChoices(counts, known.referenceCounts)
      : taughtChoices(counts, { ...known, pastedCounts: known.pastedCounts }, brainMm3, uncovered);
  if (typeof wanted === 'number')
    return { threshold: wanted, reason: 'The threshold was given.', method: null, all, doubts };
  const chosen = wanted === null ? all[0] : all.find(({ method }) => method === wanted);
  if (chosen) {
    const why =
      wanted === null
        ? `Taken automatically: ${thresholdMethods[chosen.method].title.toLowerCase()}.`
        : `Chosen: ${thresholdMethods[chosen.method].title.toLowerCase()}.`;
    return { ...chosen, reason: `${why} ${chosen.reason}`, all, doubts };
  }
  if (wanted === null)
    return {
      threshold: 1,
      reason: 'There is no brain to find a threshold in, so nothing is marked.',
      method: null,
      all,
      doubts,
    };
  throw new ExpectedError(
    'settings-invalid',
    `The way "${wanted}" leads to no threshold here; what does is ${all.map(({ method }) => method).join(', ') || 'none'}. Choose one of these, or leave the choice out.`,
  );
}

/** How much of a healthy head may be marked: nearly nothing. */
const HEALTHY_MM3 = 100;
/**
 * Up to this many times what the healthy reference has above a level, a scan has no more there than healthy people do:
 * slices at different levels of one healthy head differ by about as much.
 */
const NO_MORE = 1.5;

/**
 * The ways of a network that learned from pasted lesions, the automatic one first. Where the scan has no more above the
 * level that {@link trainedThreshold} chooses than the healthy reference has, there may be no lesions in it: then the level
 * is raised until a healthy head would be marked with {@link HEALTHY_MM3} at most.
 */
function taughtChoices(
  counts: ArrayLike<number>,
  known: TrainedCounts,
  brainMm3: number,
  uncovered: number,
): Pick<ScanThreshold, 'all' | 'doubts'> {
  const found = trainedThreshold(counts, known, uncovered);
  if (found.all.length === 0 || sumCounts(known.referenceCounts) === 0) return found;
  const share = HEALTHY_MM3 / Math.max(brainMm3, HEALTHY_MM3);
  const threshold = levelPassedBy(known.referenceCounts, share);
  const ceiling: ThresholdChoice = {
    method: 'healthy-ceiling',
    threshold,
    reason: `Above ${threshold.toFixed(3)} the healthy reference holds ${HEALTHY_MM3 / 1000} ml in a head of this size.`,
  };
  const [of, ofHealthy] = [counts, known.referenceCounts].map((each) =>
    shareAbove(each, found.chosen.threshold),
  ) as [number, number];
  if (of > Math.max(share, NO_MORE * ofHealthy))
    return { all: [...found.all, ceiling], doubts: found.doubts };
  const raised = threshold > found.chosen.threshold;
  const percent = (value: number): string => `${Number((100 * value).toPrecision(2))} %`;
  const message = `This scan has hardly more bright voxels than healthy slices have: ${percent(of)} of its brain pass ${found.chosen.threshold.toFixed(2)}, and ${percent(ofHealthy)} of the healthy reference's. It may hold no lesions, or the network does not see them${raised ? '; the threshold is set so high that a healthy head would hardly be marked' : ''}.`;
  return {
    all: raised ? [ceiling, ...found.all] : [...found.all, ceiling],
    doubts: [...found.doubts, { kind: 'no-lesions', message }],
  };
}

function shareAbove(counts: ArrayLike<number>, threshold: number): number {
  return sumCounts(counts, Math.round(threshold * counts.length)) / Math.max(1, sumCounts(counts));
}

/** The ways of a network that nothing was pasted for, the automatic one first. */
function plainChoices(
  counts: ArrayLike<number>,
  referenceCounts: readonly number[],
): Pick<ScanThreshold, 'all' | 'doubts'> {
  const automatic = automaticThreshold({ counts, referenceCounts });
  if (automatic.method === 'empty') return { all: [], doubts: [] };
  const byItself = automaticThreshold({ counts });
  const found = [choiceOf(automatic), quantile(referenceCounts), choiceOf(byItself)].filter(
    (choice) => choice !== null,
  );
  const all = found.filter((choice, i) => found.findIndex(({ method }) => method === choice.method) === i);
  const doubts: Doubt[] = [];
  if (all.length > 0 && !automatic.split) {
    doubts.push({
      kind: 'split',
      message:
        'The histogram of I_ro has not split into tissue and a distinct bright peak: train longer, or look closely at the mask.',
    });
  }
  const disagreement = disagree(counts, all);
  if (disagreement !== null) doubts.push({ kind: 'methods', message: disagreement });
  return { all, doubts };
}

function choiceOf({ method, threshold, reason }: FoundThreshold): ThresholdChoice | null {
  return method === 'empty' ? null : { method, threshold, reason };
}
