/** What a reader thinks of a lesion. */
export type Verdict = 'accepted' | 'rejected' | 'flagged';

/** A reader's word on one lesion. Masks change under it, so it is tied to a voxel and not to a number in a table. */
export interface Decision {
  /** A voxel of the lesion, as an index on the scan's grid. */
  readonly anchor: number;
  /** null where there is only a note. */
  readonly verdict: Verdict | null;
  readonly note: string;
  /** When it was made, ISO 8601. */
  readonly at: string;
  /** Who made it; empty where nobody has said a name. */
  readonly by: string;
}

/** How far the review of a scan is. */
export type ReviewState = 'not started' | 'in progress' | 'done' | 'flagged';

/** Where a lesion of the present mask is met by decisions that were made on this mask or an earlier one. */
export interface Decidable {
  /** The voxel that a new decision is tied to. */
  readonly anchor: number;
  /** Anchors of known decisions that lie in it. */
  readonly anchors: readonly number[];
}

/** The decision on a lesion: where two decided lesions have become one, the newer; null where there is none. */
export function decisionOn(lesion: Decidable, decisions: readonly Decision[]): Decision | null {
  let newest: Decision | null = null;
  for (const decision of decisions) {
    const inside = decision.anchor === lesion.anchor || lesion.anchors.includes(decision.anchor);
    if (inside && (newest === null || decision.at >= newest.at)) newest = decision;
  }
  return newest;
}

/** The decisions with another one on a lesion, in the place of those that lay in it. */
export function decide(
  decisions: readonly Decision[],
  lesion: Decidable,
  change: Partial<Pick<Decision, 'verdict' | 'note'>>,
  { at, by }: Pick<Decision, 'at' | 'by'>,
): readonly Decision[] {
  const before = decisionOn(lesion, decisions);
  const others = decisions.filter(
    ({ anchor }) => anchor !== lesion.anchor && !lesion.anchors.includes(anchor),
  );
  const next = {
    anchor: lesion.anchor,
    verdict: before?.verdict ?? null,
    note: before?.note ?? '',
    ...change,
    at,
    by,
  };
  return next.verdict === null && next.note === '' ? others : [...others, next];
}

/** How far a review is: flagged where any lesion is, done where each has a verdict. */
export function reviewStateOf(lesions: readonly Decidable[], decisions: readonly Decision[]): ReviewState {
  const verdicts = lesions.map((lesion) => decisionOn(lesion, decisions)?.verdict ?? null);
  if (verdicts.includes('flagged')) return 'flagged';
  if (lesions.length > 0 && !verdicts.includes(null)) return 'done';
  return decisions.length > 0 ? 'in progress' : 'not started';
}

/** The lesion after one (by its place in the list, round and round) that has no verdict yet; null where each has. */
export function nextUndecided<T extends Decidable>(
  lesions: readonly T[],
  decisions: readonly Decision[],
  after: T | null,
): T | null {
  const from = after === null ? -1 : lesions.indexOf(after);
  for (let step = 1; step <= lesions.length; step += 1) {
    const lesion = lesions[(from + step + lesions.length) % lesions.length] as T;
    if ((decisionOn(lesion, decisions)?.verdict ?? null) === null) return lesion;
  }
  return null;
}
