import { ExpectedError } from '../shared/failure';
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
}

export interface EngineHostOptions {
  /** Starts the engine's process. */
  readonly fork: () => EngineProcess;
  /** Gets every event of every job, in order. */
  readonly onEvent: (event: EngineEvent, request: JobRequest) => void;
  /** For what is no failure of a job: a message that cannot be read, a process that ends. */
  readonly log: (line: string) => void;
}

/**
 * The one owner of the engine's process. It starts with the first job and is started afresh by the next job after it
 * ended; every job it was given is answered, whatever becomes of the process.
 */
export class EngineHost {
  readonly #options: EngineHostOptions;
  readonly #jobs = new Map<string, JobRequest>();
  #process: EngineProcess | null = null;
  #disposed = false;
  #idle: (() => void)[] = [];

  constructor(options: EngineHostOptions) {
    this.#options = options;
  }

  /**
   * Gives the engine a job; its events follow.
   * @throws ExpectedError busy when a training is asked for while one runs.
   */
  start(request: JobRequest): void {
    if (this.#disposed) throw new Error('the engine host has been disposed of');
    if (isTraining(request) && this.isTraining) {
      throw new ExpectedError('busy', 'A training is already running: stop it first, or wait until it ends.');
    }
    if (request.type === 'sample' && [...this.#jobs.values()].some(({ type }) => type === 'sample')) {
      throw new ExpectedError('busy', 'The sample study is already being made.');
    }
    this.#jobs.set(request.jobId, request);
    this.#ensureProcess().postMessage(request);
  }

  /** Asks a job to end, to pause or to go on at its next step; unknown or finished jobs are none of its business. */
  tell(jobId: string, what: 'stop' | 'pause' | 'resume'): void {
    if (this.#jobs.has(jobId)) this.#process?.postMessage({ jobId, type: what } satisfies EngineRequest);
  }

  /** Whether a job runs that writes into the study. */
  get isBusy(): boolean {
    return [...this.#jobs.values()].some((job) => job.type !== 'probe');
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
    if (event.type === 'finished' || event.type === 'stopped' || event.type === 'failed') {
      this.#jobs.delete(event.jobId);
    }
    this.#options.onEvent(event, request);
    this.#tellIdle();
  }

  #tellIdle(): void {
    if (this.isBusy) return;
    const waiting = this.#idle;
    this.#idle = [];
    for (const tell of waiting) tell();
  }

  #ended(code: number): void {
    this.#process = null;
    const abandoned = [...this.#jobs.values()];
    this.#jobs.clear();
    this.#options.log(`the engine ended with code ${code}, ${abandoned.length} jobs open`);
    for (const request of abandoned) {
      this.#options.onEvent(
        {
          jobId: request.jobId,
          type: 'failed',
          failure: {
            kind: 'engine-crashed',
            message: `${unfinished[request.type]} The engine stopped unexpectedly; it starts afresh with your next click. If it happens again, choose a smaller width or close other programs.`,
            detail: `engine exit code ${code}`,
          },
        },
        request,
      );
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
