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
import { takeOut, type ByScan } from './records';
import { useStudyStore } from './study';

/** What the reader has decided about lesions, slices and scans, and so how far the review of each is; by the scan's token. */
export const useDecisionsStore = defineStore('decisions', () => {
  const study = useStudyStore();
  const decisions = ref<ByScan<readonly Decision[]>>({});
  /** What the lesions of a scan say of it. */
  const states = ref<ByScan<ReviewState>>({});
  const slices = ref<ByScan<SliceMarks>>({});
  /** What the reader has said of a scan as a whole. */
  const declared = ref<ByScan<'done' | 'flagged'>>({});

  const ofSelected = computed<readonly Decision[]>(
    () => (study.selectedToken !== null && decisions.value[study.selectedToken]) || [],
  );
  const anchors = computed(() => ofSelected.value.map(({ anchor }) => anchor));

  function on(lesion: Decidable): Decision | null {
    return decisionOn(lesion, ofSelected.value);
  }

  function decide(lesion: Decidable, change: { verdict?: Verdict | null; note?: string }): void {
    const token = study.selectedToken;
    if (token === null) return;
    const next = decided(ofSelected.value, lesion, change, new Date().toISOString());
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
  }

  study.onRemoved((token) => [
    takeOut(decisions, token),
    takeOut(states, token),
    takeOut(slices, token),
    takeOut(declared, token),
  ]);

  return {
    decisions,
    states,
    slices,
    declared,
    ofSelected,
    anchors,
    on,
    decide,
    settle,
    stateOf,
    marksOf,
    markSlice,
    declare,
  };
});
