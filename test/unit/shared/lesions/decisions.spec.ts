import { describe, expect, it } from 'vitest';
import { decide, decisionOn, nextUndecided, reviewStateOf } from '../../../../shared/lesions/decisions';

const lesion = (anchor: number, anchors: number[] = []): { anchor: number; anchors: number[] } => ({
  anchor,
  anchors,
});

const by = (at: string): { at: string; by: string } => ({ at, by: 'A' });

describe('decisions', () => {
  it('stay with a lesion whose brightest voxel or number has changed', () => {
    const made = decide([], lesion(10), { verdict: 'accepted' }, by('2026-01-01T10:00:00Z'));
    expect(decisionOn(lesion(14, [10]), made)?.verdict).toBe('accepted');
    expect(decisionOn(lesion(14), made)).toBeNull();
  });

  it('of two lesions that have become one are the newer one, and one from then on', () => {
    let made = decide([], lesion(10), { verdict: 'accepted' }, by('2026-01-01T10:00:00Z'));
    made = decide(made, lesion(20), { verdict: 'flagged', note: 'ask' }, by('2026-01-01T11:00:00Z'));
    const merged = lesion(10, [10, 20]);
    expect(decisionOn(merged, made)?.verdict).toBe('flagged');
    made = decide(made, merged, { verdict: 'rejected' }, by('2026-01-01T12:00:00Z'));
    expect(made).toEqual([
      { anchor: 10, verdict: 'rejected', note: 'ask', at: '2026-01-01T12:00:00Z', by: 'A' },
    ]);
  });

  it('leave nothing behind when they are taken back', () => {
    const made = decide([], lesion(10), { verdict: 'accepted' }, by('1'));
    expect(decide(made, lesion(10, [10]), { verdict: null }, by('2'))).toEqual([]);
  });

  it('make the state of the scan', () => {
    const both = [lesion(1), lesion(2)];
    expect(reviewStateOf(both, [])).toBe('not started');
    let made = decide([], lesion(1), { verdict: 'accepted' }, by('1'));
    expect(reviewStateOf(both, made)).toBe('in progress');
    made = decide(made, lesion(2), { verdict: 'rejected' }, by('2'));
    expect(reviewStateOf(both, made)).toBe('done');
    // The threshold has brought up another.
    expect(reviewStateOf([...both, lesion(3)], made)).toBe('in progress');
    made = decide(made, lesion(2), { verdict: 'flagged' }, by('3'));
    expect(reviewStateOf(both, made)).toBe('flagged');
    expect(reviewStateOf([], [])).toBe('not started');
  });

  it('lead to the next lesion without one, round and round', () => {
    const all = [lesion(1), lesion(2), lesion(3)];
    const made = decide([], lesion(3), { verdict: 'accepted' }, by('1'));
    expect(nextUndecided(all, made, null)?.anchor).toBe(1);
    expect(nextUndecided(all, made, all[1] ?? null)?.anchor).toBe(1);
    expect(nextUndecided(all.slice(2), made, null)).toBeNull();
    expect(nextUndecided([], [], null)).toBeNull();
  });
});
