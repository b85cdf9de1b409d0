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
import { takeOut, type ByScan } from './records';
import { useStudyStore } from './study';

/** What the reader has decided about lesions, and how far the review of each scan is; both by the scan's token. */
export const useDecisionsStore = defineStore('decisions', () => {
  const study = useStudyStore();
  const decisions = ref<ByScan<readonly Decision[]>>({});
  const states = ref<ByScan<ReviewState>>({});

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
    if (stateOf(token) !== next) states.value = { ...states.value, [token]: next };
  }

  function stateOf(token: string): ReviewState {
    return states.value[token] ?? 'not started';
  }

  study.onRemoved((token) => [takeOut(decisions, token), takeOut(states, token)]);

  return { decisions, states, ofSelected, anchors, on, decide, settle, stateOf };
});
