import type { PageEvent } from '../shared/ipc/contract';
import type { Device, JobRequest } from '../shared/ipc/engineEvents';

/** Ends of jobs that no page has heard of, kept for the next one. */
const MOST_UNHEARD = 50;

interface Unheard {
  readonly event: PageEvent;
  readonly request: JobRequest;
}

/**
 * The way of events to the page, which may be gone for a moment: reloaded, crashed, or its window closed. What a job ended
 * with in that time is kept until a page listens again; what only tells how far it is is not.
 */
export class PageLink {
  readonly #post: (event: PageEvent) => void;
  #listens = false;
  #unheard: Unheard[] = [];
  #device: Device | null = null;

  constructor(post: (event: PageEvent) => void) {
    this.#post = post;
  }

  /** The device that the engine has told last; null before it has. */
  get device(): Device | null {
    return this.#device;
  }

  /** Passes on what is not of a job. */
  send(event: PageEvent): void {
    this.#post(event);
  }

  /** Passes on what is of a job. */
  sendOf(request: JobRequest, event: PageEvent): void {
    if (event.topic === 'engine' && event.event.type === 'device') this.#device = event.event.device;
    if (this.#listens) this.#post(event);
    else if (isEnd(event)) this.#unheard = [...this.#unheard, { event, request }].slice(-MOST_UNHEARD);
  }

  /** The page is gone. */
  lost(): void {
    this.#listens = false;
  }

  /** A page has begun to listen. @returns the jobs that ended unheard; their events follow once it has been told so. */
  listen(): readonly JobRequest[] {
    this.#listens = true;
    const unheard = this.#unheard;
    this.#unheard = [];
    for (const { event } of unheard) this.#post(event);
    return unheard.map(({ request }) => request);
  }
}

function isEnd(event: PageEvent): boolean {
  if (event.topic === 'finished') return true;
  return event.topic === 'engine' && (event.event.type === 'failed' || event.event.type === 'stopped');
}
