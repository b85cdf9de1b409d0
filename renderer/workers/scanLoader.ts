import { ExpectedError, fromFailure } from '../../shared/failure';
import type { FileToken } from '../../shared/ipc/contract';
import type { EarlySlice } from './earlySlice';
import type { ParsedScan } from './parseScan';
import type { ScanReply, ScanRequest } from './scanMessages';

interface Pending {
  readonly resolve: (scan: ParsedScan) => void;
  readonly reject: (error: Error) => void;
  readonly listener: LoadListener;
}

export interface LoadListener {
  onProgress(fraction: number): void;
  /** A slice to look at while the rest is still being read. */
  onSlice(slice: EarlySlice): void;
}

/** The page's handle on the scan worker: reads and parses scans off the UI thread, one after the other. */
export class ScanLoader {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending>();
  #next = 1;

  constructor(worker = new Worker(new URL('./scan.worker.ts', import.meta.url), { type: 'module' })) {
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<ScanReply>) => this.#receive(event.data));
    worker.addEventListener('error', (event) => this.#broken(event.message));
  }

  /** @throws ExpectedError with the sentence for the user; `cancelled` after the signal. */
  load(file: FileToken, listener: LoadListener, signal?: AbortSignal): Promise<ParsedScan> {
    const id = this.#next;
    this.#next += 1;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject, listener });
      signal?.addEventListener('abort', () => {
        if (!this.#pending.delete(id)) return;
        this.#post({ type: 'cancel', id });
        reject(new ExpectedError('cancelled', `${file.name} was not opened: you cancelled it.`));
      });
      this.#post({ type: 'load', id, token: file.token, name: file.name });
    });
  }

  #post(request: ScanRequest): void {
    this.#worker.postMessage(request);
  }

  #receive(reply: ScanReply): void {
    const pending = this.#pending.get(reply.id);
    if (!pending) return;
    if (reply.type === 'progress') {
      pending.listener.onProgress(reply.fraction);
      return;
    }
    if (reply.type === 'slice') {
      pending.listener.onSlice(reply.slice);
      return;
    }
    this.#pending.delete(reply.id);
    if (reply.type === 'loaded') pending.resolve(reply.scan);
    else pending.reject(fromFailure(reply.failure));
  }

  #broken(reason: string): void {
    const error = new ExpectedError('internal', 'Something went wrong while a scan was being read.', reason);
    for (const pending of this.#pending.values()) pending.reject(error);
    this.#pending.clear();
  }
}
