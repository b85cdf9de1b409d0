/** A page that crashes so often in so short a time is not started again without asking. */
const MOST = 3;
const WITHIN_MS = 60_000;

/** Counts the crashes of the page. */
export class PageRevival {
  readonly #nowMs: () => number;
  #crashes: number[] = [];

  /** @param nowMs a clock that never goes back */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
  }

  /** Whether the page may be started again by itself after this crash. */
  crashed(): boolean {
    const now = this.#nowMs();
    this.#crashes = [...this.#crashes.filter((at) => now - at < WITHIN_MS), now];
    return this.#crashes.length <= MOST;
  }
}
