import { describe, expect, it } from 'vitest';
import {
  markSlice,
  nextOpenSlice,
  noMarks,
  scanStateOf,
  sliceStateOf,
} from '../../../../shared/lesions/sliceMarks';

describe('marks of slices', () => {
  it('are one of two, or none, and in order', () => {
    let marks = markSlice(markSlice(noMarks, 7, 'done'), 3, 'done');
    expect(marks).toEqual({ done: [3, 7], flagged: [] });
    marks = markSlice(marks, 7, 'flagged');
    expect(marks).toEqual({ done: [3], flagged: [7] });
    marks = markSlice(markSlice(marks, 3, 'done'), 7, null);
    expect(marks).toEqual({ done: [3], flagged: [] });
  });

  it('say how far a slice is, before its lesions do', () => {
    const marks = { done: [1], flagged: [2] };
    expect(sliceStateOf(marks, 1, [null])).toBe('done');
    expect(sliceStateOf(marks, 2, ['accepted'])).toBe('flagged');
    expect(sliceStateOf(marks, 3, [null, 'rejected'])).toBe('in progress');
    expect(sliceStateOf(marks, 3, [null])).toBe('not started');
    expect(sliceStateOf(marks, 3, [])).toBe('not started');
  });

  it('leave the next slice to look at, round and round, those without head left out', () => {
    const marks = { done: [4, 5], flagged: [6] };
    const worth = (slice: number): boolean => slice >= 2 && slice <= 8;
    expect(nextOpenSlice(marks, 10, 3, worth)).toBe(7);
    expect(nextOpenSlice(marks, 10, 8, worth)).toBe(2);
    expect(nextOpenSlice({ done: [2, 3, 4, 5, 6, 7], flagged: [8] }, 10, 5, worth)).toBeNull();
    // The slice itself is the last one to come back to.
    expect(nextOpenSlice({ done: [2, 3, 4, 5, 6, 7], flagged: [] }, 10, 8, worth)).toBe(8);
  });
});

describe('the state of a scan', () => {
  it('is what the reader said of it, before what its lesions say; a flag goes before all', () => {
    expect(scanStateOf('not started', noMarks, null)).toBe('not started');
    expect(scanStateOf('not started', { done: [1], flagged: [] }, null)).toBe('in progress');
    expect(scanStateOf('in progress', noMarks, 'done')).toBe('done');
    expect(scanStateOf('done', noMarks, null)).toBe('done');
    expect(scanStateOf('done', { done: [], flagged: [4] }, 'done')).toBe('flagged');
    expect(scanStateOf('done', noMarks, 'flagged')).toBe('flagged');
    expect(scanStateOf('flagged', noMarks, 'done')).toBe('flagged');
  });
});
