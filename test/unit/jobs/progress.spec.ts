import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { partsOf, ProgressReporter, type JobContext, type JobEvent } from '../../../main/engine/jobs/context';
import { overall } from '../../../main/engine/jobs/measure/overall';

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

  it('of a measurement is that of all its trainings, whose warnings say which they are of', () => {
    const { context, told } = listener();
    const said: string[] = [];
    const emit = (event: JobEvent): void => {
      if (event.type === 'warning') said.push(event.message);
      context.emit(event);
    };
    const progress = overall({ ...context, emit }, 4);
    const one = progress.part('seed 1', 1);
    const two = progress.part('seed 2', 3);
    vi.advanceTimersByTime(2000);
    one.emit({ type: 'progress', phase: 'generator', fraction: 1, remainingMs: 0, message: '' });
    vi.advanceTimersByTime(2000);
    two.emit({ type: 'progress', phase: 'generator', fraction: 1 / 3, remainingMs: 0, message: '' });
    two.emit({ type: 'warning', message: 'I_ro is flat.' });
    expect(told.map(([fraction, left]) => [fraction, left && Math.round(left)])).toEqual([
      [0.25, 6000],
      [0.5, 4000],
    ]);
    expect(said).toEqual(['seed 2: I_ro is flat.']);
  });
});
