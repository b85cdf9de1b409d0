import type { JobContext, JobEvent } from './context';

interface Control {
  stopped: boolean;
  /** Set while paused: lets the job go on. */
  release: (() => void) | null;
  paused: Promise<void> | null;
}

/** What was asked of the jobs that run or wait: to stop, to pause, to go on. */
export class JobControls {
  private readonly controls = new Map<string, Control>();

  stop(jobId: string): void {
    const control = this.of(jobId);
    control.stopped = true;
    this.resume(jobId);
  }

  pause(jobId: string): void {
    const control = this.of(jobId);
    if (control.stopped || control.paused) return;
    control.paused = new Promise((resolve) => {
      control.release = resolve;
    });
  }

  resume(jobId: string): void {
    const control = this.of(jobId);
    control.release?.();
    control.release = null;
    control.paused = null;
  }

  /** What the job itself sees of it. It tells by events when it has really paused, and when it goes on. */
  contextOf(jobId: string, emit: (event: JobEvent) => void): JobContext {
    return {
      emit,
      shouldStop: () => this.of(jobId).stopped,
      whilePaused: async () => {
        const { paused } = this.of(jobId);
        if (!paused) return;
        emit({ type: 'paused' });
        await paused;
        emit({ type: 'resumed' });
      },
    };
  }

  /** Of a job that has ended. */
  forget(jobId: string): void {
    this.controls.delete(jobId);
  }

  private of(jobId: string): Control {
    let control = this.controls.get(jobId);
    if (!control) {
      control = { stopped: false, release: null, paused: null };
      this.controls.set(jobId, control);
    }
    return control;
  }
}
