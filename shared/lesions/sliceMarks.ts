import type { ReviewState, Verdict } from './decisions';

/** What a reader has said of single slices of a scan: numbers in the slice grid, in order; no slice is in both. */
export interface SliceMarks {
  /** Looked through. */
  readonly done: readonly number[];
  /** To come back to. */
  readonly flagged: readonly number[];
}

export const noMarks: SliceMarks = { done: [], flagged: [] };

/** The marks with one slice marked another way; null takes its mark away. */
export function markSlice(marks: SliceMarks, slice: number, as: 'done' | 'flagged' | null): SliceMarks {
  const others = (all: readonly number[]): number[] => all.filter((other) => other !== slice);
  const withIt = (all: readonly number[]): number[] => [...others(all), slice].sort((a, b) => a - b);
  return {
    done: as === 'done' ? withIt(marks.done) : others(marks.done),
    flagged: as === 'flagged' ? withIt(marks.flagged) : others(marks.flagged),
  };
}

/**
 * How far the review of one slice is.
 * @param verdicts of the lesions that reach into it; null for those that have none.
 */
export function sliceStateOf(
  marks: SliceMarks,
  slice: number,
  verdicts: readonly (Verdict | null)[],
): ReviewState {
  if (marks.flagged.includes(slice)) return 'flagged';
  if (marks.done.includes(slice)) return 'done';
  return verdicts.some((verdict) => verdict !== null) ? 'in progress' : 'not started';
}

/**
 * The slice after one, round and round, that has not been looked through; null where all have.
 * @param worth whether there is anything to look at in a slice.
 */
export function nextOpenSlice(
  marks: SliceMarks,
  count: number,
  after: number,
  worth: (slice: number) => boolean,
): number | null {
  const closed = new Set([...marks.done, ...marks.flagged]);
  for (let step = 1; step <= count; step += 1) {
    const slice = (((after + step) % count) + count) % count;
    if (!closed.has(slice) && worth(slice)) return slice;
  }
  return null;
}

/** How far the review of a scan is, from what its lesions say, what was said of its slices, and of the scan itself. */
export function scanStateOf(
  fromLesions: ReviewState,
  marks: SliceMarks,
  declared: 'done' | 'flagged' | null,
): ReviewState {
  if (declared === 'flagged' || fromLesions === 'flagged' || marks.flagged.length > 0) return 'flagged';
  if (declared === 'done' || fromLesions === 'done') return 'done';
  return marks.done.length > 0 ? 'in progress' : fromLesions;
}
