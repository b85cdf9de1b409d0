import { SingleBar } from 'cli-progress';
import type { JobContext } from '../engine/jobs/context';

/** How often a log without a terminal gets a line. */
const LOG_EVERY_MS = 10_000;

/** Shows a job's progress on stderr: a bar with the time left on a terminal, else a line now and then. */
export class ProgressView implements JobContext {
  private bar: SingleBar | null = null;
  private lastMs = 0;
  private stopAsked = false;

  constructor() {
    // The first Ctrl+C ends at the next step and keeps what is there; the second ends at once.
    process.once('SIGINT', () => {
      this.stopAsked = true;
      process.stderr.write('\nStopping at the next step; press Ctrl+C again to end at once.\n');
    });
  }

  shouldStop(): boolean {
    return this.stopAsked;
  }

  /** A terminal's own Ctrl+Z pauses a command. */
  whilePaused(): Promise<void> {
    return Promise.resolve();
  }

  emit(event: Parameters<JobContext['emit']>[0]): void {
    if (event.type === 'device') {
      this.line(`Device: ${event.device.label} (${event.device.version})`);
      return;
    }
    if (event.type === 'warning') {
      this.line(event.message);
      return;
    }
    if (event.type !== 'progress') return;
    const left = event.remainingMs === null ? '' : `, ${duration(event.remainingMs)} left`;
    const percent = Math.floor(event.fraction * 100);
    if (process.stderr.isTTY) {
      this.bar ??= startBar();
      this.bar.update(percent, { note: `${event.message}${left}` });
      if (event.fraction >= 1) this.end();
    } else if (event.fraction >= 1 || performance.now() - this.lastMs > LOG_EVERY_MS) {
      this.lastMs = performance.now();
      this.line(`${String(percent).padStart(3)} %  ${event.message}${left}`);
    }
  }

  end(): void {
    this.bar?.stop();
    this.bar = null;
  }

  private line(text: string): void {
    this.end();
    process.stderr.write(`${text}\n`);
  }
}

function startBar(): SingleBar {
  const bar = new SingleBar({
    format: '{bar} {percentage} %  {note}',
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(100, 0, { note: '' });
  return bar;
}

/** "45 s", "6 min", "5 hours", "12 days". */
export function duration(ms: number): string {
  if (ms < 90_000) return `${Math.round(ms / 1000)} s`;
  if (ms < 2 * 3_600_000) return `${Math.round(ms / 60_000)} min`;
  return ms < 48 * 3_600_000 ? `${Math.round(ms / 3_600_000)} hours` : `${Math.round(ms / 86_400_000)} days`;
}
