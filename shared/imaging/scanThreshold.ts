import { ExpectedError } from '../failure';
import type { Doubt } from './doubt';
import type { TrainingFacts } from './scanDoubts';
import { automaticThreshold, type FoundThreshold } from './threshold';
import { thresholdMethods, type ThresholdMethod } from './thresholdMethods';
import { disagree, quantile, trainedThreshold, type ThresholdChoice } from './trainedThreshold';

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
 * @throws ExpectedError settings-invalid for a way that leads nowhere with this scan and this run
 */
export function scanThreshold(
  counts: ArrayLike<number>,
  known: TrainingFacts,
  wanted: WantedThreshold,
): ScanThreshold {
  const { all, doubts } =
    known.pastedCounts === null
      ? plainChoices(counts, known.referenceCounts)
      : trainedThreshold(counts, { ...known, pastedCounts: known.pastedCounts });
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

/** The ways of a network that nothing was pasted for, the automatic one first. */
function plainChoices(
  counts: ArrayLike<number>,
  referenceCounts: readonly number[],
): Pick<ScanThreshold, 'all' | 'doubts'> {
  const automatic = automaticThreshold({ counts, referenceCounts });
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
