import { ExpectedError } from '../shared/failure';
import { endFailure, engineEnd } from './engineEnd';
import {
  engineEventSchema,
  type EngineEvent,
  type EngineRequest,
  type JobRequest,
} from '../shared/ipc/engineEvents';

/** As much of Electron's UtilityProcess as the host needs; tests give it another. */
export interface EngineProcess {
  postMessage(message: unknown): void;
  on(event: 'message', listener: (message: unknown) => void): unknown;
  on(event: 'exit', listener: (code: number) => void): unknown;
  kill(): boolean;
  /** The end of what it has written to stderr. */
  lastWords(): string;
}

export interface EngineHostOptions {
  /** Starts the engine's process. */
  readonly fork: () => EngineProcess;
  /** Gets every event of every job, in order. */
  readonly onEvent: (event: EngineEvent, request: JobRequest) => void;
  /** For what is no failure of a job: a message that cannot be read, a process that ends. */
  readonly log: (line: string) => void;
  /** Told when the first job begins and when the last one ends, of those that are more than a glance at the device. */
  readonly onBusy?: (busy: boolean) => void;
  /** How many processes the system has killed for memory since it started; null where it does not say. */
  readonly memoryKills?: () => number | null;
  /** A clock that never goes back, in ms. */
  readonly nowMs?: () => number;
}

/** So many ends in a row with nothing done in between, and the next start is refused for a while. */
export const MOST_FRUITLESS_ENDS = 5;
export const REST_MS = 60_000;

/**
 * The one owner of the engine's process. It starts with the first job and is started afresh by the next job after it
 * ended; every job it was given is answered, whatever becomes of the process. A process that ends again and again before
 * it has finished anything or written a checkpoint is not started without end: see {@link MOST_FRUITLESS_ENDS}.
 */
export class EngineHost {
  readonly #options: EngineHostOptions;
  readonly #jobs = new Map<string, JobRequest>();
  #process: EngineProcess | null = null;
  #disposed = false;
  #idle: (() => void)[] = [];
  readonly #paused = new Set<string>();
  /** Trainings that a suspended machine holds, and not the reader. */
  readonly #suspended = new Set<string>();
  /** Ends in a row with nothing done in between, and when the newest was. */
  #fruitless = { ends: 0, atMs: 0 };
  #memoryKills: number | null = null;
  #toldBusy = false;

  constructor(options: EngineHostOptions) {
    this.#options = options;
  }

  /**
   * Gives the engine a job; its events follow.
   * @throws ExpectedError busy when a training is asked for while one runs, engine-crashed when the engine has ended again
   *   and again
   */
  start(request: JobRequest): void {
    if (this.#disposed) throw new Error('the engine host has been disposed of');
    if (isTraining(request) && this.isTraining) {
      throw new ExpectedError('busy', 'A training is already running: stop it first, or wait until it ends.');
    }
    if (request.type === 'sample' && [...this.#jobs.values()].some(({ type }) => type === 'sample')) {
      throw new ExpectedError('busy', 'The sample study is already being made.');
    }
    this.#refuseEndless();
    this.#jobs.set(request.jobId, request);
    this.#ensureProcess().postMessage(request);
    this.#tellBusy();
  }

  /** Asks a job to end, to pause or to go on at its next step; unknown or finished jobs are none of its business. */
  tell(jobId: string, what: 'stop' | 'pause' | 'resume'): void {
    if (!this.#jobs.has(jobId)) return;
    if (what === 'pause') this.#paused.add(jobId);
    else this.#paused.delete(jobId);
    this.#process?.postMessage({ jobId, type: what } satisfies EngineRequest);
  }

  /** The machine is about to sleep: trainings hold at their next step, so that the time asleep is not taken for work. */
  suspend(): void {
    for (const request of this.#jobs.values()) {
      if (!isTraining(request) || this.#paused.has(request.jobId)) continue;
      this.#suspended.add(request.jobId);
      this.#process?.postMessage({ jobId: request.jobId, type: 'pause' } satisfies EngineRequest);
    }
  }

  /** It is awake again: what the reader has not paused meanwhile goes on. */
  wake(): void {
    for (const jobId of this.#suspended)
      if (this.#jobs.has(jobId) && !this.#paused.has(jobId))
        this.#process?.postMessage({ jobId, type: 'resume' } satisfies EngineRequest);
    this.#suspended.clear();
  }

  /** The jobs that are not answered yet, in the order in which they were asked for. */
  get open(): readonly JobRequest[] {
    return [...this.#jobs.values()];
  }

  /** Whether the reader has asked a job to hold. */
  isPaused(jobId: string): boolean {
    return this.#paused.has(jobId);
  }

  /** Whether a job runs that writes into the study. */
  get isBusy(): boolean {
    return [...this.#jobs.values()].some((job) => job.type !== 'probe');
  }

  /** @throws ExpectedError busy where a job runs that writes into the study: its folder cannot change now. */
  mustRest(): void {
    if (this.isBusy)
      throw new ExpectedError(
        'busy',
        'A job is running in this study: stop it first, or wait until it ends.',
      );
  }

  get isTraining(): boolean {
    return [...this.#jobs.values()].some(isTraining);
  }

  /** Asks every job to end. */
  stopAll(): void {
    for (const jobId of this.#jobs.keys()) this.tell(jobId, 'stop');
  }

  /** Resolves once no job runs that writes into the study. */
  whenIdle(): Promise<void> {
    if (!this.isBusy) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  /** Ends the process for good, with the program. */
  dispose(): void {
    this.#disposed = true;
    this.#jobs.clear();
    this.#process?.kill();
    this.#process = null;
  }

  #ensureProcess(): EngineProcess {
    if (this.#process) return this.#process;
    this.#memoryKills = this.#options.memoryKills?.() ?? null;
    const engine = this.#options.fork();
    this.#process = engine;
    engine.on('message', (message) => {
      // A process that has been replaced has no more say.
      if (engine === this.#process) this.#receive(message);
    });
    engine.on('exit', (code) => {
      if (engine === this.#process) this.#ended(code);
    });
    return engine;
  }

  #receive(message: unknown): void {
    const parsed = engineEventSchema.safeParse(message);
    if (!parsed.success) {
      this.#options.log(`the engine sent something unreadable: ${parsed.error.message}`);
      return;
    }
    const event = parsed.data;
    const request = this.#jobs.get(event.jobId);
    if (!request) return;
    const isAnswer = event.type === 'finished' || event.type === 'stopped';
    if (isAnswer || event.type === 'checkpoint') this.#fruitless.ends = 0;
    if (isAnswer || event.type === 'failed') {
      this.#forget(event.jobId);
    }
    this.#options.onEvent(event, request);
    this.#tellIdle();
  }

  #forget(jobId: string): void {
    this.#jobs.delete(jobId);
    this.#paused.delete(jobId);
    this.#suspended.delete(jobId);
  }

  #now(): number {
    return (this.#options.nowMs ?? (() => performance.now()))();
  }

  /** After a rest one more start is tried, and so on. */
  #refuseEndless(): void {
    const { ends, atMs } = this.#fruitless;
    const leftMs = REST_MS - (this.#now() - atMs);
    if (this.#process || ends < MOST_FRUITLESS_ENDS || leftMs <= 0) return;
    throw new ExpectedError(
      'engine-crashed',
      `The engine has ended ${ends} times before it had done anything: wait ${Math.ceil(leftMs / 1000)} s and try again, choose WebAssembly as the device, or report the problem (Help menu).`,
    );
  }

  #tellBusy(): void {
    if (this.isBusy === this.#toldBusy) return;
    this.#toldBusy = this.isBusy;
    this.#options.onBusy?.(this.#toldBusy);
  }

  #tellIdle(): void {
    this.#tellBusy();
    if (this.isBusy) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const tell of waiting) tell();
  }

  #ended(code: number): void {
    const lastWords = this.#process?.lastWords() ?? '';
    this.#process = null;
    const before = this.#memoryKills;
    const now = this.#options.memoryKills?.() ?? null;
    const end = engineEnd({
      code,
      lastWords,
      killedForMemory: before === null || now === null ? null : now > before,
    });
    const abandoned = this.open;
    for (const { jobId } of abandoned) this.#forget(jobId);
    // A process that nobody was waiting for has failed nobody.
    if (abandoned.length > 0) this.#fruitless = { ends: this.#fruitless.ends + 1, atMs: this.#now() };
    this.#options.log(`the engine ended (${end.kind}, ${end.detail}), ${abandoned.length} jobs open`);
    for (const request of abandoned) {
      const failure = endFailure(end, unfinished[request.type]);
      this.#options.onEvent({ jobId: request.jobId, type: 'failed', failure }, request);
    }
    this.#tellIdle();
  }
}

/** Whether a job trains, from the start or from a checkpoint on. */
function isTraining({ type }: JobRequest): boolean {
  return type === 'train' || type === 'continueTraining';
}

const unfinished: Readonly<Record<JobRequest['type'], string>> = {
  probe: 'The device could not be looked at.',
  time: 'The device could not be timed.',
  install: 'TensorFlow was not installed.',
  sample: 'The sample study was not made.',
  train: 'The training did not finish.',
  adapt: 'The network was not adapted to the scan.',
  continueTraining: 'The training did not finish.',
  segment: 'The scan was not segmented.',
  importModel: 'The model was not imported.',
  exportModel: 'The model was not exported.',
};
