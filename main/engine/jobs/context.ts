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
  private lastMs = 0;
  private firstFraction: number | null = null;

  constructor(private readonly context: JobContext) {}

  report(phase: Phase, fraction: number, message: string): void {
    const now = performance.now();
    // What a job that goes on had done before tells nothing about its speed.
    this.firstFraction ??= fraction;
    if (now - this.lastMs < 100 && fraction < 1) return;
    this.lastMs = now;
    const spent = now - this.startedMs;
    const gained = fraction - this.firstFraction;
    // The first moments say nothing about the rest.
    const remainingMs = gained > 0.01 && spent > 1500 ? (spent * (1 - fraction)) / gained : null;
    this.context.emit({ type: 'progress', phase, fraction, remainingMs, message });
  }
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
