/**
 * Edits of a mask as the voxels that they flipped. A memo is small (runs of neighbours along x), and it is its own
 * inverse: flipping it again undoes it, and once more does it again.
 */
export interface Memo {
  /** What was done, for the menu: "Brush", "Remove component". */
  readonly name: string;
  /** start, length, start, length ...: voxel indices in order; runs neither touch nor overlap. */
  readonly runs: readonly number[];
}

/** The memo of an edit that flipped these voxels, each named once, in any order. */
export function memoOf(name: string, flipped: readonly number[]): Memo {
  const sorted = Float64Array.from(flipped).sort();
  const runs: number[] = [];
  for (const index of sorted) {
    const last = runs.length - 1;
    if (last > 0 && (runs[last - 1] as number) + (runs[last] as number) === index)
      runs[last] = (runs[last] as number) + 1;
    else runs.push(index, 1);
  }
  return { name, runs };
}

/** Flips, in place, the voxels of a memo in a mask of 0 and 1. */
export function flipMemo(mask: Uint8Array, { runs }: Memo): void {
  for (let i = 0; i + 1 < runs.length; i += 2) {
    const start = runs[i] as number;
    const end = start + (runs[i + 1] as number);
    for (let at = start; at < end; at += 1) mask[at] = (mask[at] as number) ^ 1;
  }
}

/** How many voxels a memo flips. */
export function memoVoxels({ runs }: Memo): number {
  let total = 0;
  for (let i = 1; i < runs.length; i += 2) total += runs[i] as number;
  return total;
}

/** Whether a memo read from a file can be flipped in a mask of so many voxels. */
export function memoFits({ runs }: Memo, voxels: number): boolean {
  if (runs.length % 2 !== 0) return false;
  let from = 0;
  for (let i = 0; i < runs.length; i += 2) {
    const [start, length] = [runs[i] as number, runs[i + 1] as number];
    if (!Number.isInteger(start) || !Number.isInteger(length) || length < 1 || start < from) return false;
    from = start + length;
  }
  return from <= voxels;
}

/** What was done to one mask, in order, and how far it has been undone. */
export interface EditHistory {
  readonly memos: readonly Memo[];
  /** How many of the memos hold; those behind can be done again. */
  readonly done: number;
}

export const emptyHistory: EditHistory = { memos: [], done: 0 };

/** The history with another edit, already made in the mask. What had been undone is given up. */
export function withMemo({ memos, done }: EditHistory, memo: Memo): EditHistory {
  return { memos: [...memos.slice(0, done), memo], done: done + 1 };
}

/** Undoes the newest edit, in place. @returns the history from then on; the same where there is nothing to undo. */
export function undo(mask: Uint8Array, history: EditHistory): EditHistory {
  const memo = history.memos[history.done - 1];
  if (!memo) return history;
  flipMemo(mask, memo);
  return { ...history, done: history.done - 1 };
}

/** Does the newest undone edit again, in place. */
export function redo(mask: Uint8Array, history: EditHistory): EditHistory {
  const memo = history.memos[history.done];
  if (!memo) return history;
  flipMemo(mask, memo);
  return { ...history, done: history.done + 1 };
}
