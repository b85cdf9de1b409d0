import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import { ExpectedError, fromFailure, type Failure } from '../../shared/failure';
import type { JobResult, PageEvent } from '../../shared/ipc/contract';
import type { Device, EngineEvent } from '../../shared/ipc/engineEvents';
import { ask } from '../ipc/client';

export interface RunningJob {
  readonly id: string;
  readonly type: JobResult['job'];
  /** For the job chip: "Training". */
  readonly title: string;
  readonly fraction: number;
  readonly remainingMs: number | null;
  readonly message: string;
  readonly stopping: boolean;
  /** What was asked last and what is so: they differ until the job has come to its next step. */
  readonly pauseAsked: boolean;
  readonly paused: boolean;
}

/** A job as it was begun: now, or by a page before this one, and maybe held since. */
export interface StartedJob {
  readonly jobId: string;
  readonly paused?: boolean;
}

interface Waiting {
  readonly resolve: (result: JobResult | null) => void;
  readonly reject: (error: Error) => void;
  readonly onEvent: (event: EngineEvent) => void;
}

/** The jobs that the engine works on for this window, from the click to their end. */
export const useJobsStore = defineStore('jobs', () => {
  const running = ref<RunningJob[]>([]);
  const device = ref<Device | null>(null);
  const waiting = new Map<string, Waiting>();
  /** Events of jobs whose id has not arrived here yet. */
  const early = new Map<string, PageEvent[]>();

  /** The job that the top bar shows: the first in the engine's queue that is more than a glance. */
  const shown = computed(() => running.value.find(({ type }) => type !== 'probe' && type !== 'time') ?? null);

  /**
   * Starts a job and waits for its end.
   * @returns its result; null where it was stopped and left nothing.
   * @throws ExpectedError
   */
  async function run<J extends JobResult['job']>(
    type: J,
    title: string,
    start: () => Promise<StartedJob>,
    onEvent: (event: EngineEvent) => void = () => undefined,
  ): Promise<Extract<JobResult, { job: J }> | null> {
    const { jobId, paused = false } = await start();
    const ended = new Promise<JobResult | null>((resolve, reject) =>
      waiting.set(jobId, { resolve, reject, onEvent }),
    );
    running.value = [
      ...running.value,
      {
        id: jobId,
        type,
        title,
        fraction: 0,
        remainingMs: null,
        message: 'starting',
        stopping: false,
        pauseAsked: paused,
        paused,
      },
    ];
    early.get(jobId)?.forEach(receive);
    early.delete(jobId);
    const result = await ended;
    if (result !== null && result.job !== type)
      throw new ExpectedError('internal', 'The engine answered another job.');
    return result as Extract<JobResult, { job: J }> | null;
  }

  async function stop(id: string): Promise<void> {
    change(id, { stopping: true });
    await ask('jobs:stop', { jobId: id });
  }

  /** Holds a training at its next step, or lets it go on. */
  async function setPaused(id: string, paused: boolean): Promise<void> {
    change(id, { pauseAsked: paused });
    await ask(paused ? 'jobs:pause' : 'jobs:resume', { jobId: id });
  }

  /** Takes in what main says about jobs. */
  function receive(event: PageEvent): void {
    if (event.topic !== 'engine' && event.topic !== 'finished') return;
    const id = event.topic === 'finished' ? event.jobId : event.event.jobId;
    const job = waiting.get(id);
    if (!job) {
      early.set(id, [...(early.get(id) ?? []), event].slice(-50));
      return;
    }
    if (event.topic === 'finished') end(id, () => job.resolve(event.result));
    else receiveEngine(id, job, event.event);
  }

  function receiveEngine(id: string, job: Waiting, event: EngineEvent): void {
    if (event.type === 'device') device.value = event.device;
    if (event.type === 'progress') {
      const { fraction, remainingMs, message } = event;
      change(id, { fraction: Math.min(1, Math.max(0, fraction)), remainingMs, message });
    }
    if (event.type === 'paused' || event.type === 'resumed') change(id, { paused: event.type === 'paused' });
    job.onEvent(event);
    if (event.type === 'stopped') end(id, () => job.resolve(null));
    if (event.type === 'failed') end(id, () => job.reject(fromFailure(event.failure as Failure)));
  }

  function change(id: string, part: Partial<RunningJob>): void {
    running.value = running.value.map((job) => (job.id === id ? { ...job, ...part } : job));
  }

  function end(id: string, tell: () => void): void {
    waiting.delete(id);
    running.value = running.value.filter((job) => job.id !== id);
    tell();
  }

  return { running, shown, device, run, stop, setPaused, receive };
});
