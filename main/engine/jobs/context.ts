import { ExpectedError } from '../../../shared/failure';
import type { EngineEvent, Phase } from '../../../shared/ipc/engineEvents';

/** An event without the job's id, which whoever runs the job adds. */
export type JobEvent = EngineEvent extends infer Event
  ? Event extends EngineEvent
    ? Omit<Event, 'jobId'>
    : never
  : never;

/** What a job needs from whoever runs it: the engine process for the window, or the command line. */
export interface JobContext {
  emit(event: JobEvent): void;
  shouldStop(): boolean;
  /** Resolves at once, or, while the job is paused, when it may go on or is to stop. */
  whilePaused(): Promise<void>;
}

/** Tells progress at most ten times a second, with the time left by the share that is done. */
export class ProgressReporter {
  private readonly startedMs = performance.now();
  private lastMs = -Infinity;
  private firstFraction: number | null = null;

  constructor(private readonly context: JobContext) {}

  report(phase: Phase, fraction: number, message: string): void {
    const now = performance.now();
    // What a job that goes on had done before tells nothing about its speed.
    this.firstFraction ??= fraction;
    if (now - this.lastMs < 100 && fraction < 1) return;
    this.lastMs = now;
    const ahead = 1 - this.firstFraction;
    const share = ahead > 0 ? (fraction - this.firstFraction) / ahead : 1;
    const remainingMs = remaining(now - this.startedMs, share);
    this.context.emit({ type: 'progress', phase, fraction, remainingMs, message });
  }
}

/**
 * The parts of a job that is made of several jobs one after the other: their progress is that of the whole, and so is the
 * time left.
 * @param shares of the whole time, about, that each part takes; together 1
 */
export function partsOf(context: JobContext, shares: readonly number[]): JobContext[] {
  const startedMs = performance.now();
  return shares.map((share, part) => {
    const before = shares.slice(0, part).reduce((sum, earlier) => sum + earlier, 0);
    return {
      shouldStop: () => context.shouldStop(),
      whilePaused: () => context.whilePaused(),
      emit: (event) => {
        if (event.type !== 'progress') {
          context.emit(event);
          return;
        }
        // Of several shares rounding may leave a little; the last part ends at 1.
        const isLast = part === shares.length - 1;
        const fraction = isLast && event.fraction >= 1 ? 1 : before + share * event.fraction;
        context.emit({ ...event, fraction, remainingMs: remaining(performance.now() - startedMs, fraction) });
      },
    };
  });
}

/** Time left of work of which a share took so long; null in the first moments, which say nothing about the rest. */
export function remaining(spentMs: number, share: number): number | null {
  return share > 0.01 && spentMs > 1500 ? (spentMs * (1 - share)) / share : null;
}

/** Lets the process take messages (a stop among them) between two pieces of synchronous work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

/**
 * {@link breathe} in a job of which nothing is kept when it is stopped.
 * @throws ExpectedError cancelled where it was
 */
export async function breatheOrStop(context: JobContext): Promise<void> {
  await breathe();
  if (context.shouldStop()) throw new ExpectedError('cancelled', 'Stopped before it was done.');
}
