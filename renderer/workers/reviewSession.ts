import { fromFailure } from '../../shared/failure';
import type { FileToken } from '../../shared/ipc/contract';
import type { LesionRules } from '../../shared/lesions/lesionMask';
import type { LesionSummary, ReviewReply, ReviewRequest } from './reviewMessages';

export interface ReviewListener {
  /** @param mask null where the mask was given with {@link ReviewSession.measure}. */
  onMask(mask: Uint8Array | null, summary: LesionSummary): void;
  onFailure(error: Error): void;
}

/** The page's handle on a review worker: one scan and its I_ro map, thresholded off the UI thread. */
export class ReviewSession {
  readonly #worker: Worker;
  readonly #listener: ReviewListener;
  #next = 1;
  #opening: { id: number; resolve: (iro: Float32Array) => void; reject: (error: Error) => void } | null =
    null;
  #newest = 0;

  constructor(
    listener: ReviewListener,
    worker = new Worker(new URL('./review.worker.ts', import.meta.url), { type: 'module' }),
  ) {
    this.#listener = listener;
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<ReviewReply>) => this.#receive(event.data));
    worker.addEventListener('error', (event) => this.#fail(new Error(event.message)));
  }

  /** Reads the scan and its map; answers with the map on the scan's grid, x fastest. */
  open(
    scan: Pick<FileToken, 'token' | 'name'>,
    iro: Pick<FileToken, 'token' | 'name'>,
  ): Promise<Float32Array> {
    const id = this.#id();
    return new Promise((resolve, reject) => {
      this.#opening = { id, resolve, reject };
      this.#post({
        type: 'open',
        id,
        scan: { token: scan.token, name: scan.name },
        iro: { token: iro.token, name: iro.name },
      });
    });
  }

  /**
   * Asks for the mask at a threshold; of this and {@link measure} only the newest that was asked for is told.
   *
   * @param anchors voxels of which is asked in which lesion they lie.
   */
  threshold(threshold: number, rules: LesionRules, anchors: readonly number[]): void {
    this.#newest = this.#id();
    this.#post({
      type: 'threshold',
      id: this.#newest,
      threshold,
      rules: { ...rules },
      anchors: [...anchors],
    });
  }

  /** Asks for the lesions of a mask, which is copied. */
  measure(mask: Uint8Array, rules: LesionRules, anchors: readonly number[]): void {
    this.#newest = this.#id();
    const copy = mask.slice();
    const request: ReviewRequest = {
      type: 'measure',
      id: this.#newest,
      mask: copy,
      rules: { ...rules },
      anchors: [...anchors],
    };
    this.#worker.postMessage(request, [copy.buffer]);
  }

  /** Gives the mask that all others are compared with from then on; it is copied. */
  compareWith(truth: Uint8Array): void {
    const copy = truth.slice();
    this.#worker.postMessage({ type: 'truth', truth: copy } satisfies ReviewRequest, [copy.buffer]);
  }

  dispose(): void {
    this.#worker.terminate();
  }

  #id(): number {
    this.#next += 1;
    return this.#next;
  }

  #post(request: ReviewRequest): void {
    this.#worker.postMessage(request);
  }

  #receive(reply: ReviewReply): void {
    if (reply.type === 'failed') {
      this.#fail(fromFailure(reply.failure));
    } else if (reply.type === 'opened') {
      if (this.#opening?.id !== reply.id) return;
      this.#opening.resolve(reply.iro);
      this.#opening = null;
    } else if (reply.id === this.#newest) {
      this.#listener.onMask(reply.mask, reply.summary);
    }
  }

  #fail(error: Error): void {
    if (this.#opening) {
      this.#opening.reject(error);
      this.#opening = null;
    } else {
      this.#listener.onFailure(error);
    }
  }
}
