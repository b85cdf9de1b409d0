import { app, dialog, type BrowserWindow, type MessageBoxOptions } from 'electron';
import type { EngineHost } from './engineHost';

/** How long the page may take to write what is not on disk yet. */
const pageMs = 5000;
/** How long a stopped training may take to write what it has learned. */
const stopMs = 60_000;

/** What closing needs of the rest of main. */
interface ClosingOptions {
  readonly engine: EngineHost;
  /** Asks the page to write what is not on disk; its answer comes back through {@link Closing.answer}. */
  readonly askPage: () => void;
}

/**
 * The end of the window: a running job is asked about, the page writes what is not on disk yet, and only then the window
 * goes. A training can go on without the window, which comes back when it has ended.
 */
export class Closing {
  readonly #options: ClosingOptions;
  #state: 'open' | 'asking' | 'closing' = 'open';
  #quitting = false;
  #answered: (unsaved: string | null) => void = () => undefined;

  constructor(options: ClosingOptions) {
    this.#options = options;
    app.on('before-quit', () => {
      this.#quitting = true;
    });
  }

  /** Has a window ask before it closes. */
  watch(window: BrowserWindow): void {
    this.#state = 'open';
    window.on('close', (event) => {
      if (this.#state === 'closing') return;
      event.preventDefault();
      if (this.#state === 'open') void this.#close(window);
    });
  }

  /** What the page answers: why something is not on disk; null where all is. */
  answer(unsaved: string | null): void {
    this.#answered(unsaved);
  }

  async #close(window: BrowserWindow): Promise<void> {
    this.#state = 'asking';
    try {
      if (!(await this.#jobMayEnd(window))) return;
      const unsaved = await this.#pageWrites();
      if (unsaved !== null && !(await mayLose(window, unsaved))) return;
      this.#state = 'closing';
      if (this.#quitting) app.quit();
      else window.close();
    } finally {
      if (this.#state === 'asking') {
        this.#state = 'open';
        this.#quitting = false;
      }
    }
  }

  /** Whether no job runs any more, after asking where one does. */
  async #jobMayEnd(window: BrowserWindow): Promise<boolean> {
    const { engine } = this.#options;
    if (!engine.isBusy) return true;
    const options: MessageBoxOptions = {
      type: 'question',
      message: engine.isTraining ? 'A training is running.' : 'ASC-Net is still working.',
      detail: engine.isTraining
        ? 'It can go on without the window, which comes back when the training has ended; or be stopped, and what it has learned so far is kept.'
        : 'It can finish without the window, which comes back when it has; or be stopped.',
      buttons: ['Go on without the window', 'Stop and quit', 'Cancel'],
      defaultId: 0,
      cancelId: 2,
    };
    const { response } = await dialog.showMessageBox(window, options);
    if (response === 0) {
      window.hide();
      void engine.whenIdle().then(() => {
        if (!window.isDestroyed()) window.show();
      });
    }
    if (response !== 1) return false;
    engine.stopAll();
    await within(stopMs, engine.whenIdle(), undefined);
    return true;
  }

  #pageWrites(): Promise<string | null> {
    const written = new Promise<string | null>((resolve) => {
      this.#answered = resolve;
    });
    this.#options.askPage();
    return within(pageMs, written, 'The window does not answer.');
  }
}

async function mayLose(window: BrowserWindow, why: string): Promise<boolean> {
  const { response } = await dialog.showMessageBox(window, {
    type: 'warning',
    message: 'Your newest work is not saved.',
    detail: `${why} Cancel, and save the study in another folder (File menu) or make room.`,
    buttons: ['Cancel', 'Quit and lose it'],
    defaultId: 0,
    cancelId: 0,
  });
  return response === 1;
}

function within<T>(ms: number, wanted: Promise<T>, otherwise: T): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(otherwise), ms);
    void wanted.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
