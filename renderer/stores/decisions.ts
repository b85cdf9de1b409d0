import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import {
  decide as decided,
  decisionOn,
  reviewStateOf,
  type Decidable,
  type Decision,
  type ReviewState,
  type Verdict,
} from '../../shared/lesions/decisions';
import { markSlice as marked, noMarks, scanStateOf, type SliceMarks } from '../../shared/lesions/sliceMarks';
import type { MaskReview } from '../../shared/study/maskReview';
import { numbersOf, rangesOf } from '../../shared/study/migrations';
import type { Signed } from '../../shared/study/studyFile';
import { takeOut, type ByScan } from './records';
import { useStudyStore } from './study';
import { useViewStore } from './view';

/** What the reader has decided about lesions, slices and scans, and so how far the review of each is; by the scan's token. */
export const useDecisionsStore = defineStore('decisions', () => {
  const study = useStudyStore();
  const view = useViewStore();
  const decisions = ref<ByScan<readonly Decision[]>>({});
  /** What the lesions of a scan say of it. */
  const states = ref<ByScan<ReviewState>>({});
  const slices = ref<ByScan<SliceMarks>>({});
  /** Who said so of a scan as a whole, and when. */
  const declaredOn = ref<ByScan<Signed>>({});
  /** What the reader has said of a scan as a whole. */
  const declared = ref<ByScan<'done' | 'flagged'>>({});

  const ofSelected = computed<readonly Decision[]>(
    () => (study.selectedToken !== null && decisions.value[study.selectedToken]) || [],
  );
  const anchors = computed(() => ofSelected.value.map(({ anchor }) => anchor));

  function signed(): Signed {
    return { at: new Date().toISOString(), by: view.settings.reviewer };
  }

  function on(lesion: Decidable): Decision | null {
    return decisionOn(lesion, ofSelected.value);
  }

  function decide(lesion: Decidable, change: { verdict?: Verdict | null; note?: string }): void {
    const token = study.selectedToken;
    if (token === null) return;
    const next = decided(ofSelected.value, lesion, change, signed());
    decisions.value = { ...decisions.value, [token]: next };
  }

  /** Works out how far the review of a scan is. */
  function settle(token: string, lesions: readonly Decidable[], edited: boolean): void {
    const state = reviewStateOf(lesions, decisions.value[token] ?? []);
    const next = state === 'not started' && edited ? 'in progress' : state;
    if (states.value[token] !== next) states.value = { ...states.value, [token]: next };
  }

  function stateOf(token: string): ReviewState {
    return scanStateOf(states.value[token] ?? 'not started', marksOf(token), declared.value[token] ?? null);
  }

  function marksOf(token: string | null): SliceMarks {
    return (token !== null && slices.value[token]) || noMarks;
  }

  function markSlice(slice: number, as: 'done' | 'flagged' | null): void {
    const token = study.selectedToken;
    if (token !== null) slices.value = { ...slices.value, [token]: marked(marksOf(token), slice, as) };
  }

  /** Says of the selected scan that it is done or flagged, or takes that back. */
  function declare(as: 'done' | 'flagged' | null): void {
    const token = study.selectedToken;
    if (token === null) return;
    const { [token]: before, ...others } = declared.value;
    void before;
    declared.value = as === null ? others : { ...others, [token]: as };
    declaredOn.value = { ...declaredOn.value, [token]: signed() };
  }

  /** The review of a scan as it travels beside its mask. */
  function reviewOf(token: string): MaskReview {
    const { done, flagged } = marksOf(token);
    const said = declared.value[token] ?? null;
    return {
      decisions: (decisions.value[token] ?? []).map((decision) => ({ ...decision })),
      declared: said,
      declaredOn: said === null ? null : (declaredOn.value[token] ?? null),
      slices: { done: rangesOf(done), flagged: rangesOf(flagged) },
    };
  }

  /** Takes over a review that came with a mask, where the scan has none of its own. @returns whether it did */
  function adopt(token: string, review: MaskReview): boolean {
    const marks = marksOf(token);
    const own = (decisions.value[token]?.length ?? 0) + marks.done.length + marks.flagged.length;
    if (own > 0 || declared.value[token] !== undefined) return false;
    decisions.value = { ...decisions.value, [token]: review.decisions };
    slices.value = {
      ...slices.value,
      [token]: { done: numbersOf(review.slices.done), flagged: numbersOf(review.slices.flagged) },
    };
    if (review.declared) declared.value = { ...declared.value, [token]: review.declared };
    if (review.declaredOn) declaredOn.value = { ...declaredOn.value, [token]: review.declaredOn };
    return true;
  }

  /** Who reviewed a scan and when: the newest word on it or on one of its lesions. */
  function lastSigned(token: string): Signed | null {
    const all: Signed[] = [...(decisions.value[token] ?? [])];
    const whole = declaredOn.value[token];
    if (whole && declared.value[token] !== undefined) all.push(whole);
    return all.reduce<Signed | null>((newest, one) => (newest && newest.at >= one.at ? newest : one), null);
  }

  study.onResliced((token) => [takeOut(slices, token)]);
  study.onRemoved((token) => [
    takeOut(decisions, token),
    takeOut(states, token),
    takeOut(slices, token),
    takeOut(declared, token),
    takeOut(declaredOn, token),
  ]);

  return {
    decisions,
    states,
    slices,
    declared,
    declaredOn,
    ofSelected,
    anchors,
    on,
    decide,
    settle,
    stateOf,
    marksOf,
    markSlice,
    declare,
    reviewOf,
    adopt,
    lastSigned,
  };
});
