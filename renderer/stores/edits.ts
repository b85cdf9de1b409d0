import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { ExpectedError } from '../../shared/failure';
import { emptyHistory, memoOf, redo as redoIn, undo as undoIn, withMemo } from '../../shared/lesions/strokes';
import { readJournal } from '../../shared/study/maskJournal';
import type { EditedMask } from '../../shared/study/studyFile';
import type { Triple } from '../../shared/volume/volume';
import { ask } from '../ipc/client';
import { MaskStore, type OpenMask } from './maskStore';
import { useMessagesStore } from './messages';
import { takeOut, type ByScan } from './records';
import { useStudyStore } from './study';

/** A change of a mask's voxels. Each is an object of its own, so that two alike are two. */
export interface PaintedBox {
  readonly box: readonly [from: Triple, to: Triple] | null;
}

/**
 * The masks that have been edited by hand. Small facts about them are here; their voxels and histories are outside Vue's
 * reach, and each step is written to the mask's journal at once.
 */
export const useEditsStore = defineStore('edits', () => {
  const study = useStudyStore();
  const messages = useMessagesStore();

  /** By the scan's token. */
  const masks = ref<ByScan<readonly EditedMask[]>>({});
  /** The edited mask that a scan shows, by the scan's token; the mask at the threshold where there is none. */
  const chosen = ref<ByScan<string>>({});
  /** The newest change of voxels: first and last voxel along each axis; null where it may be anywhere. */
  const painted = shallowRef<PaintedBox>({ box: null });
  /** Counts up with every finished step: an edit, an undo, a redo, another mask. */
  const steps = ref(0);
  /** Whether a stroke is being painted: what takes time waits until it is done. */
  const painting = ref(false);
  /** Why the newest steps are not on disk; null while they are. */
  const unsaved = ref<string | null>(null);

  const store = new MaskStore(
    (id, text) => ask('masks:append', { id, text }).then(() => undefined),
    (error) => {
      const before = unsaved.value;
      unsaved.value = error?.message ?? null;
      if (error && before === null)
        messages.show('error', `Your newest edits are not saved. ${error.message}`);
      if (!error && before !== null) messages.show('success', 'Your edits are saved again.');
    },
  );

  const active = computed<EditedMask | null>(() => {
    const token = study.selectedToken;
    const id = token === null ? undefined : chosen.value[token];
    return (token !== null && masks.value[token]?.find((mask) => mask.id === id)) || null;
  });

  /** The selected scan's edited mask, with all that has been painted; null while there is none, or it is being read. */
  function open(): OpenMask | null {
    return active.value ? store.get(active.value.id) : null;
  }
  const history = computed(() => {
    void steps.value;
    return open()?.history ?? emptyHistory;
  });
  /** What would be undone, and done again; null where there is nothing. */
  const undoName = computed(() => history.value.memos[history.value.done - 1]?.name ?? null);
  const redoName = computed(() => history.value.memos[history.value.done]?.name ?? null);

  /** Makes a mask that can be edited of one that cannot: a copy. */
  function begin(token: string, base: Uint8Array, threshold: number | null): void {
    const known = masks.value[token] ?? [];
    const id = crypto.randomUUID();
    const number = 1 + Math.max(0, ...known.map((mask) => mask.number));
    const made: EditedMask = { id, number, threshold, createdAt: new Date().toISOString() };
    store.create(id, base.slice());
    masks.value = { ...masks.value, [token]: [...known, made] };
    chosen.value = { ...chosen.value, [token]: id };
    touched();
  }

  /** Keeps an edit that has been made in a mask, the open one unless another is named. */
  function keep(name: string, flipped: readonly number[], mask = open()): void {
    if (!mask || flipped.length === 0) return;
    const memo = memoOf(name, flipped);
    mask.history = withMemo(mask.history, memo);
    store.record(mask, { type: 'edit', name, runs: [...memo.runs] });
    touched();
  }

  function undo(): void {
    step(undoIn, 'undo');
  }

  function redo(): void {
    step(redoIn, 'redo');
  }

  function step(by: typeof undoIn, type: 'undo' | 'redo'): void {
    const mask = open();
    if (!mask) return;
    const next = by(mask.voxels, mask.history);
    if (next === mask.history) return;
    mask.history = next;
    store.record(mask, { type });
    touched();
  }

  /** Shows an edited mask of a scan, or the mask at its threshold (null). */
  async function choose(token: string, id: string | null): Promise<void> {
    chosen.value = Object.fromEntries(Object.entries(chosen.value).filter(([key]) => key !== token));
    if (id !== null) chosen.value = { ...chosen.value, [token]: id };
    await load();
    touched();
  }

  /** Reads the selected scan's edited mask where it is only on disk. */
  async function load(): Promise<void> {
    const mask = active.value;
    if (!mask || store.get(mask.id)) return;
    const { text } = await ask('masks:read', { id: mask.id });
    const read = readJournal(text);
    if (!read) {
      throw new ExpectedError(
        'file-unreadable',
        `The edited mask ${mask.number} cannot be read. Choose another mask of this scan.`,
      );
    }
    store.put(mask.id, read);
    if (read.broken)
      messages.show('warning', `Some edits of mask ${mask.number} are missing: it is as it was before them.`);
    touched();
  }

  /** Takes an edited mask away; its journal stays, so that an undo can bring it back. */
  function remove(token: string, id: string): void {
    const known = masks.value[token] ?? [];
    const mask = known.find((entry) => entry.id === id);
    if (!mask) return;
    masks.value = { ...masks.value, [token]: known.filter((entry) => entry.id !== id) };
    touched();
    messages.show('info', `Edited mask ${mask.number} was taken away.`, {
      action: {
        title: 'Undo',
        run: () => {
          masks.value = { ...masks.value, [token]: known };
          void messages.guard(() => choose(token, id));
        },
      },
    });
  }

  function touched(): void {
    painted.value = { box: null };
    steps.value += 1;
  }

  /** Resolves once every step so far is on disk, or cannot be. */
  function settle(): Promise<void> {
    return store.settle();
  }

  /** Writes every open mask whole, e.g. into another folder. */
  function rewrite(): void {
    store.rewrite();
  }

  /** Lets go of the voxels of masks that are not looked at. */
  function closeOthers(): void {
    store.keepOnly(active.value?.id ?? null);
  }

  study.onRemoved((token) => [takeOut(masks, token), takeOut(chosen, token)]);

  return {
    masks,
    chosen,
    painted,
    steps,
    painting,
    unsaved,
    active,
    undoName,
    redoName,
    open,
    begin,
    keep,
    undo,
    redo,
    choose,
    load,
    remove,
    settle,
    rewrite,
    closeOthers,
  };
});
