import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ExpectedError, fromFailure, type Failure } from '../../../../shared/failure';
import type { PreparedScan } from '../segmentation';
import type { BatchItem } from './items';
import { finishItem, prepareItem, type Finished, type FinishRequest, type PrepareRequest } from './scanWork';

export type ThreadRequest =
  | { readonly type: 'prepare'; readonly request: PrepareRequest }
  | { readonly type: 'finish'; readonly item: BatchItem; readonly request: FinishRequest };
export type ThreadReply =
  | ({ readonly type: 'prepared' } & PreparedSlices)
  | { readonly type: 'finished'; readonly finished: Finished }
  | { readonly type: 'failed'; readonly failure: Failure };

/** Slices of a scan for the network, [count, height, width]. */
export interface PreparedSlices {
  readonly slices: Float32Array;
  /** Which slices make an image: see PreparedVolume. */
  readonly channelOffsets: readonly number[];
  readonly height: number;
  readonly width: number;
  readonly count: number;
}

/** Where one scan at a time is read, and its results are written. */
export interface ScanThread {
  prepare(request: PrepareRequest): Promise<PreparedSlices>;
  /** @param request its slices are given away and cannot be used after the call. */
  finish(item: BatchItem, request: FinishRequest): Promise<Finished>;
  end(): Promise<void>;
}

/** A thread of its own where the built program is run; in this one where the sources are (tests). */
export function openThread(): ScanThread {
  const file = [__dirname, join(__dirname, '..')]
    .map((folder) => join(folder, 'scanWorker.cjs'))
    .find((path) => existsSync(path));
  return file === undefined ? new SameThread() : new OwnThread(file);
}

class SameThread implements ScanThread {
  #held: PreparedScan | null = null;

  async prepare(request: PrepareRequest): Promise<PreparedSlices> {
    this.#held = await prepareItem(request);
    const { slices, channelOffsets, grid } = this.#held.prepared;
    const { height, width, count } = grid;
    return { slices, channelOffsets, height, width, count };
  }

  finish(item: BatchItem, request: FinishRequest): Promise<Finished> {
    if (!this.#held) throw new Error('nothing was prepared');
    const scan = this.#held;
    this.#held = null;
    return finishItem(item, scan, request);
  }

  end(): Promise<void> {
    return Promise.resolve();
  }
}

class OwnThread implements ScanThread {
  readonly #file: string;
  #worker: Worker | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  async prepare(request: PrepareRequest): Promise<PreparedSlices> {
    const reply = await this.#ask({ type: 'prepare', request });
    if (reply.type !== 'prepared') throw new Error(`the thread answered ${reply.type}`);
    return reply;
  }

  async finish(item: BatchItem, request: FinishRequest): Promise<Finished> {
    const given = [request.judged?.iro, request.judged?.spread];
    const transfer = given.flatMap((values) => (values ? [values.buffer as ArrayBuffer] : []));
    const reply = await this.#ask({ type: 'finish', item, request }, transfer);
    if (reply.type !== 'finished') throw new Error(`the thread answered ${reply.type}`);
    return reply.finished;
  }

  async end(): Promise<void> {
    await this.#worker?.terminate();
    this.#worker = null;
  }

  /** One question at a time. A thread that dies (of memory, say) takes its scan along and is started anew for the next. */
  #ask(request: ThreadRequest, transfer: ArrayBuffer[] = []): Promise<ThreadReply> {
    const worker = (this.#worker ??= new Worker(this.#file));
    return new Promise((resolve, reject) => {
      const settle = (then: () => void): void => {
        worker.off('message', onMessage).off('error', onError).off('exit', onExit);
        then();
      };
      const died = (why: string): void =>
        settle(() => {
          this.#worker = null;
          const sentence = `The scan could not be worked on (${why}); give the batch more memory.`;
          reject(new ExpectedError('out-of-memory', sentence));
        });
      const onMessage = (reply: ThreadReply): void =>
        settle(() => (reply.type === 'failed' ? reject(fromFailure(reply.failure)) : resolve(reply)));
      const onError = (error: Error): void => died(error.message);
      const onExit = (code: number): void => died(`its thread ended with code ${code}`);
      worker.on('message', onMessage).on('error', onError).on('exit', onExit);
      worker.postMessage(request, transfer);
    });
  }
}
