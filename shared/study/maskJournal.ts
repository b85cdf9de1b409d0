import { z } from 'zod';
import { emptyHistory, flipMemo, memoFits, redo, undo, withMemo, type EditHistory } from '../lesions/strokes';

/**
 * How an edited mask lies on disk: a text of one JSON record a line that is only ever added to. The first record is the
 * mask that the edits began with; each further one is an edit, an undo or a redo, numbered from 1. So an edit costs a few
 * bytes, nothing that is on disk is written again, and a program that dies in the middle of a line loses that line alone.
 */

const runs = z.array(z.number().int().nonnegative());
const baseRecord = z.strictObject({
  version: z.literal(1),
  voxels: z.number().int().positive(),
  /** start, length, ... of the voxels that are set. */
  base: runs,
});
const stepRecord = z.strictObject({
  n: z.number().int().positive(),
  step: z.discriminatedUnion('type', [
    z.strictObject({ type: z.literal('edit'), name: z.string(), runs }),
    z.strictObject({ type: z.literal('undo') }),
    z.strictObject({ type: z.literal('redo') }),
  ]),
});
export type JournalStep = z.infer<typeof stepRecord>['step'];

/** An edited mask as it was read. */
export interface JournalledMask {
  readonly mask: Uint8Array;
  readonly history: EditHistory;
  /** Number of the last record; the next one is one higher. */
  readonly last: number;
  /** Whether records are missing in the middle: the mask is as it was before them. */
  readonly broken: boolean;
}

/**
 * The first line of a journal.
 * @param mask of 0 and 1; sixteen million of them under a brush's first touch, hence by the search that is built in.
 */
export function journalStart(mask: Uint8Array): string {
  const base: number[] = [];
  for (let start = mask.indexOf(1); start >= 0;) {
    const zero = mask.indexOf(0, start);
    const end = zero < 0 ? mask.length : zero;
    base.push(start, end - start);
    start = mask.indexOf(1, end);
  }
  return JSON.stringify({ version: 1, voxels: mask.length, base });
}

/**
 * A line for a step. It starts with a line break, so that it stands by itself even behind the torn end of a line that a
 * full disk has cut off.
 */
export function journalLine(n: number, step: JournalStep): string {
  return `\n${JSON.stringify({ n, step })}`;
}

/** Whether text for a journal is one from its beginning, which takes the place of what is there. */
export function isStart(text: string): boolean {
  return text.startsWith('{');
}

/**
 * The mask of a journal and everything that can be undone in it. Lines that are torn or told twice are passed over; where a
 * step is missing altogether, reading ends there.
 * @returns null where there is no mask in it.
 */
export function readJournal(text: string): JournalledMask | null {
  const [first = '', ...rest] = text.split('\n');
  const start = baseRecord.safeParse(parsed(first));
  if (!start.success) return null;
  const { voxels, base } = start.data;
  if (!memoFits({ name: '', runs: base }, voxels)) return null;
  const mask = new Uint8Array(voxels);
  flipMemo(mask, { name: '', runs: base });
  let history = emptyHistory;
  let last = 0;
  for (const line of rest) {
    const record = stepRecord.safeParse(parsed(line));
    if (!record.success || record.data.n <= last) continue;
    const { n, step } = record.data;
    if (n !== last + 1 || (step.type === 'edit' && !memoFits(step, voxels)))
      return { mask, history, last, broken: true };
    last = n;
    if (step.type === 'undo') history = undo(mask, history);
    else if (step.type === 'redo') history = redo(mask, history);
    else {
      const memo = { name: step.name, runs: step.runs };
      flipMemo(mask, memo);
      history = withMemo(history, memo);
    }
  }
  return { mask, history, last, broken: false };
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
