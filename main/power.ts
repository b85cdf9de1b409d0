import type { EngineHost } from './engineHost';

/** As much of Electron's powerSaveBlocker as is used. */
interface Blocker {
  start(type: 'prevent-app-suspension'): number;
  stop(id: number): unknown;
}
/** As much of Electron's powerMonitor as is used. */
interface Monitor {
  on(event: 'suspend' | 'resume', listener: () => void): unknown;
}

/**
 * Keeps the machine from falling asleep by itself while the engine works; the screen may go dark. Where it is put to sleep
 * all the same (a closed lid), trainings hold until it wakes.
 */
export class Power {
  readonly #blocker: Blocker;
  #block: number | null = null;

  constructor(blocker: Blocker) {
    this.#blocker = blocker;
  }

  setBusy(busy: boolean): void {
    if (busy && this.#block === null) this.#block = this.#blocker.start('prevent-app-suspension');
    if (!busy && this.#block !== null) {
      this.#blocker.stop(this.#block);
      this.#block = null;
    }
  }

  watch(monitor: Monitor, engine: Pick<EngineHost, 'suspend' | 'wake'>, log: (line: string) => void): void {
    monitor.on('suspend', () => {
      log('the machine goes to sleep');
      engine.suspend();
    });
    monitor.on('resume', () => {
      log('the machine is awake again');
      engine.wake();
    });
  }
}
