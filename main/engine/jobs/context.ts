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
}

/** Tells progress at most ten times a second, with the time left by the share that is done. */
export class ProgressReporter {
  private readonly startedMs = performance.now();
  private lastMs = 0;

  constructor(private readonly context: JobContext) {}

  report(phase: Phase, fraction: number, message: string): void {
    const now = performance.now();
    if (now - this.lastMs < 100 && fraction < 1) return;
    this.lastMs = now;
    const spent = now - this.startedMs;
    // The first moments say nothing about the rest.
    const remainingMs = fraction > 0.01 && spent > 1500 ? (spent * (1 - fraction)) / fraction : null;
    this.context.emit({ type: 'progress', phase, fraction, remainingMs, message });
  }
}

/** Lets the process take messages (a stop among them) between two pieces of synchronous work. */
export function breathe(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
