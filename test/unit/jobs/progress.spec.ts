import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { partsOf, ProgressReporter, type JobContext, type JobEvent } from '../../../main/engine/jobs/context';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function listener(): { context: JobContext; told: (readonly [number, number | null])[] } {
  const told: (readonly [number, number | null])[] = [];
  const context: JobContext = {
    emit: (event: JobEvent) => {
      if (event.type === 'progress') told.push([event.fraction, event.remainingMs]);
    },
    shouldStop: () => false,
    whilePaused: () => Promise.resolve(),
  };
  return { context, told };
}

describe('the time left', () => {
  it('is what the share that is done took, times what is left', () => {
    const { context, told } = listener();
    const progress = new ProgressReporter(context);
    progress.report('generator', 0, '');
    vi.advanceTimersByTime(3000);
    progress.report('generator', 0.25, '');
    expect(told).toEqual([
      [0, null],
      [0.25, 9000],
    ]);
  });

  it('of a job that goes on does not count what was done before', () => {
    const { context, told } = listener();
    const progress = new ProgressReporter(context);
    vi.advanceTimersByTime(200);
    progress.report('generator', 0.5, '');
    vi.advanceTimersByTime(3800);
    progress.report('generator', 0.75, '');
    expect(told[1]).toEqual([0.75, 4000]);
  });

  it('of a job of several parts is that of the whole', () => {
    const { context, told } = listener();
    const [first, second] = partsOf(context, [0.2, 0.8]) as [JobContext, JobContext];
    const one = new ProgressReporter(first);
    one.report('prepare', 0, '');
    vi.advanceTimersByTime(2000);
    one.report('prepare', 1, '');
    const two = new ProgressReporter(second);
    vi.advanceTimersByTime(2000);
    two.report('generator', 0.25, '');
    vi.advanceTimersByTime(6000);
    two.report('generator', 1, '');
    expect(told.map(([fraction]) => fraction)).toEqual([0, 0.2, 0.4, 1]);
    expect(told.map(([, left]) => left && Math.round(left))).toEqual([null, 8000, 6000, 0]);
  });
});
