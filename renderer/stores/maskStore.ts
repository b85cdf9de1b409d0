import { ExpectedError } from '../../shared/failure';
import { emptyHistory, flipMemo, type EditHistory } from '../../shared/lesions/strokes';
import {
  isStart,
  journalLine,
  journalStart,
  readJournal,
  type JournalledMask,
  type JournalStep,
} from '../../shared/study/maskJournal';

/** An edited mask in memory. Its voxels are changed in place. */
export interface OpenMask {
  readonly id: string;
  readonly voxels: Uint8Array;
  history: EditHistory;
}

interface Kept {
  readonly id: string;
  /** null while nobody looks at the mask: its beginning and its history hold all of it, in a fraction of the memory. */
  voxels: Uint8Array | null;
  history: EditHistory;
  /** The journal's first line: the mask that the edits began with. */
  readonly start: string;
  /** Number of the newest journal line. */
  last: number;
  /** What is not on disk yet: lines, or the journal from its beginning. */
  pending: string;
  writing: boolean;
}

/** How long to wait before lines are offered again to a disk that refused them. */
const retryMs = 5000;

/** The mask that a history began with. */
function baseOf(voxels: Uint8Array, { memos, done }: EditHistory): Uint8Array {
  const base = voxels.slice();
  memos.slice(0, done).forEach((memo) => flipMemo(base, memo));
  return base;
}

/** The voxels of a mask after all that holds of its history. */
function voxelsOf({ start, history: { memos, done } }: Kept): Uint8Array {
  const voxels = readJournal(start)?.mask ?? new Uint8Array();
  memos.slice(0, done).forEach((memo) => flipMemo(voxels, memo));
  return voxels;
}

/**
 * Has a mask's whole journal written again: where its edits began, then every step. Not from the voxels, which may hold half
 * of a stroke that is being painted.
 */
function beginAnew(mask: Kept): void {
  const { memos, done } = mask.history;
  const lines = memos.map(({ name, runs }): JournalStep => ({ type: 'edit', name, runs: [...runs] }));
  const undone = memos.slice(done).map((): JournalStep => ({ type: 'undo' }));
  const steps = [...lines, ...undone];
  mask.pending = mask.start + steps.map((step, i) => journalLine(i + 1, step)).join('');
  mask.last = steps.length;
}

/**
 * The edited masks that are open, and their journals: lines go to disk in order, one write at a time, and stay here until
 * they are there.
 */
export class MaskStore {
  readonly #masks = new Map<string, Kept>();
  /** Writes on their way. */
  readonly #flushes = new Set<Promise<void>>();
  readonly #append: (id: string, text: string) => Promise<void>;
  readonly #onState: (error: Error | null) => void;

  /**
   * @param append adds text to a mask's journal; rejects where none of it may count as written.
   * @param onState told why lines could not be written, and null once all are.
   */
  constructor(append: (id: string, text: string) => Promise<void>, onState: (error: Error | null) => void) {
    this.#append = append;
    this.#onState = onState;
  }

  get(id: string): OpenMask | null {
    const mask = this.#masks.get(id);
    if (!mask) return null;
    mask.voxels ??= voxelsOf(mask);
    // It has voxels now, until keepOnly takes them.
    return mask as Kept & OpenMask;
  }

  /** @param voxels are the store's from here on. */
  create(id: string, voxels: Uint8Array): void {
    const start = journalStart(voxels);
    const mask = { id, voxels, history: emptyHistory, start, last: 0, pending: start, writing: false };
    this.#masks.set(id, mask);
    this.#start(mask);
  }

  /** Takes in a mask that was read from its journal. One with a gap is written anew: nothing behind the gap would be read. */
  put(id: string, { mask: voxels, history, last, broken }: JournalledMask): void {
    const start = journalStart(baseOf(voxels, history));
    const mask = { id, voxels, history, start, last, pending: '', writing: false };
    this.#masks.set(id, mask);
    if (!broken) return;
    beginAnew(mask);
    this.#start(mask);
  }

  /** Writes a step that has been made. */
  record({ id }: OpenMask, step: JournalStep): void {
    const mask = this.#masks.get(id);
    if (!mask) return;
    mask.last += 1;
    mask.pending += journalLine(mask.last, step);
    this.#start(mask);
  }

  /** Writes all open masks anew from their beginnings: for a folder that does not have their journals. */
  rewrite(): void {
    for (const mask of this.#masks.values()) {
      beginAnew(mask);
      this.#start(mask);
    }
  }

  /** Resolves once every line so far is on disk, or has been refused. */
  async settle(): Promise<void> {
    await Promise.all(this.#flushes);
  }

  /** Lets go of the voxels of all other masks, which come back when they are asked for. */
  keepOnly(id: string | null): void {
    for (const mask of this.#masks.values()) if (mask.id !== id) mask.voxels = null;
  }

  #start(mask: Kept): void {
    const flush = this.#flush(mask).finally(() => this.#flushes.delete(flush));
    this.#flushes.add(flush);
  }

  async #flush(mask: Kept): Promise<void> {
    if (mask.writing) return;
    mask.writing = true;
    try {
      while (mask.pending !== '') {
        const text = mask.pending;
        mask.pending = '';
        try {
          await this.#append(mask.id, text);
        } catch (thrown) {
          // Where all was begun anew meanwhile, the text is in it.
          if (!isStart(mask.pending)) mask.pending = text + mask.pending;
          // Steps alone are worth nothing without the beginning that went away with the folder.
          if (thrown instanceof ExpectedError && thrown.kind === 'file-missing') beginAnew(mask);
          throw thrown;
        }
      }
      if ([...this.#masks.values()].every(({ pending }) => pending === '')) this.#onState(null);
    } catch (thrown) {
      this.#onState(thrown instanceof Error ? thrown : new Error(String(thrown)));
      setTimeout(() => this.#start(mask), retryMs);
    } finally {
      mask.writing = false;
    }
  }
}
