import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyHistory, flipMemo, memoOf, redo, undo, withMemo } from '../../../../shared/lesions/strokes';
import {
  journalLine,
  journalStart,
  readJournal,
  type JournalStep,
} from '../../../../shared/study/maskJournal';

const voxels = 60;
const steps = fc.array(
  fc.oneof(
    fc
      .uniqueArray(fc.nat(voxels - 1), { minLength: 1, maxLength: 9 })
      .map((flipped): JournalStep => ({ type: 'edit', name: 'Brush', runs: [...memoOf('', flipped).runs] })),
    fc.constant<JournalStep>({ type: 'undo' }),
    fc.constant<JournalStep>({ type: 'redo' }),
  ),
  { maxLength: 20 },
);
const start = fc
  .array(fc.constantFrom(0, 1), { minLength: voxels, maxLength: voxels })
  .map((m) => Uint8Array.from(m));

/** The masks before each step and after the last, by the rules of the history alone. */
function states(base: Uint8Array, all: readonly JournalStep[]): Uint8Array[] {
  const mask = base.slice();
  let history = emptyHistory;
  const found = [mask.slice()];
  for (const step of all) {
    if (step.type === 'undo') history = undo(mask, history);
    else if (step.type === 'redo') history = redo(mask, history);
    else {
      flipMemo(mask, step);
      history = withMemo(history, step);
    }
    found.push(mask.slice());
  }
  return found;
}

describe('the journal of a mask', () => {
  it('gives back the mask and its history', () => {
    fc.assert(
      fc.property(start, steps, (base, all) => {
        const text = journalStart(base) + all.map((step, i) => journalLine(i + 1, step)).join('');
        const read = readJournal(text);
        expect(read?.mask).toEqual(states(base, all).at(-1));
        expect(read).toMatchObject({ last: all.length, broken: false });
      }),
    );
  });

  it('loses nothing but the line that the end of the program has torn', () => {
    fc.assert(
      fc.property(start, steps, fc.double({ min: 0, max: 1, noNaN: true }), (base, all, where) => {
        const lines = all.map((step, i) => journalLine(i + 1, step));
        const head = journalStart(base);
        const cut = Math.floor(where * lines.join('').length);
        const read = readJournal(head + lines.join('').slice(0, cut));
        let whole = 0;
        for (let length = 0; whole < lines.length; whole += 1) {
          length += (lines[whole] as string).length;
          if (length > cut) break;
        }
        expect(read?.last).toBe(whole);
        expect(read?.mask).toEqual(states(base, all)[whole]);
      }),
    );
  });

  it('takes a line that is written again behind its torn first try', () => {
    const base = new Uint8Array(6);
    const line = journalLine(1, { type: 'edit', name: 'Brush', runs: [2, 3] });
    const text = journalStart(base) + line.slice(0, -9) + line + line;
    expect([...(readJournal(text)?.mask ?? [])]).toEqual([0, 0, 1, 1, 1, 0]);
  });

  it('stops before a gap, and at an edit that does not fit the mask', () => {
    const head = journalStart(new Uint8Array(6));
    const edit = (n: number, runs: number[]): string => journalLine(n, { type: 'edit', name: 'Brush', runs });
    const gap = readJournal(head + edit(1, [0, 1]) + edit(3, [1, 1]));
    expect(gap).toMatchObject({ last: 1, broken: true });
    expect([...(gap?.mask ?? [])]).toEqual([1, 0, 0, 0, 0, 0]);
    expect(readJournal(head + edit(1, [5, 2]))).toMatchObject({ last: 0, broken: true });
  });

  it('is nothing without its first line', () => {
    for (const text of [
      '',
      '{}',
      'x',
      '{"version":2,"voxels":6,"base":[]}',
      '{"version":1,"voxels":6,"base":[5,2]}',
    ])
      expect(readJournal(text)).toBeNull();
  });
});
