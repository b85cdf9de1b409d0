import { fromFailure } from '../../shared/failure';
import type { LesionRules } from '../../shared/lesions/lesionMask';
import type { TokenFile } from './readToken';
import type { LesionSummary, ReviewReply, ReviewRequest } from './reviewMessages';

export interface ReviewListener {
  /** @param mask null where the mask was given with {@link ReviewSession.measure}. */
  onMask(mask: Uint8Array | null, summary: LesionSummary): void;
  onFailure(error: Error): void;
}

interface Waiting<T> {
  readonly id: number;
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

/** The maps of a segmentation on its scan's grid. */
export type OpenedMaps = Pick<Extract<ReviewReply, { type: 'opened' }>, 'iro' | 'depth' | 'spread'>;

/** A proxy of Vue's cannot cross to a worker. */
const named = ({ token, name }: TokenFile): TokenFile => ({ token, name });

/** The page's handle on a review worker: one scan and its I_ro map, if it has one, thresholded off the UI thread. */
export class ReviewSession {
  readonly #worker: Worker;
  readonly #listener: ReviewListener;
  #next = 1;
  #opening: Waiting<OpenedMaps> | null = null;
  #thresholding: Waiting<Uint8Array> | null = null;
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

  /** Reads the scan and its maps (I_ro or the baseline's score first); answers with them on the scan's grid, x fastest. */
  open(
    scan: TokenFile,
    maps: {
      readonly iro: TokenFile | null;
      readonly isIro: boolean;
      readonly depth: TokenFile | null;
      readonly spread: TokenFile | null;
    },
  ): Promise<OpenedMaps> {
    const id = this.#id();
    return new Promise((resolve, reject) => {
      this.#opening = { id, resolve, reject };
      this.#post({
        type: 'open',
        id,
        scan: named(scan),
        iro: maps.iro && named(maps.iro),
        isIro: maps.isIro,
        depth: maps.depth && named(maps.depth),
        spread: maps.spread && named(maps.spread),
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

  /**
   * The mask of the plain threshold, which all others are held against from then on. Of several questions only the newest is
   * answered.
   */
  baseline(score: TokenFile, threshold: number, rules: LesionRules): Promise<Uint8Array> {
    const id = this.#id();
    return new Promise((resolve, reject) => {
      this.#thresholding = { id, resolve, reject };
      this.#post({ type: 'baseline', id, score: named(score), threshold, rules: { ...rules } });
    });
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
      if (this.#thresholding?.id === reply.id) this.#thresholding.reject(fromFailure(reply.failure));
      else this.#fail(fromFailure(reply.failure));
    } else if (reply.type === 'baseline') {
      if (this.#thresholding?.id !== reply.id) return;
      this.#thresholding.resolve(reply.mask);
      this.#thresholding = null;
    } else if (reply.type === 'opened') {
      if (this.#opening?.id !== reply.id) return;
      this.#opening.resolve(reply);
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
