import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Where the window's study keeps what it makes: the sample, prepared sets, runs and results. A new folder for each start
 * of the program, made when it is first needed.
 */
export class StudyFolder {
  readonly path: string;
  #results = 0;
  #runs = 0;

  constructor(userData: string, now: Date = new Date()) {
    const day = now.toISOString().slice(0, 10);
    this.path = path.join(userData, 'studies', `${day}-${randomBytes(4).toString('hex')}`);
  }

  sample(): string {
    return this.#make('sample');
  }

  /** A fresh folder for one training: its prepared sets and its run. */
  nextRun(): string {
    this.#runs += 1;
    return this.#make(path.join('runs', String(this.#runs)));
  }

  /** A fresh folder for what one segmentation writes. */
  nextResult(): string {
    this.#results += 1;
    return this.#make(path.join('results', String(this.#results)));
  }

  #make(relative: string): string {
    const folder = path.join(this.path, relative);
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}
