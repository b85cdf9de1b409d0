import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';

/**
 * Where the open study keeps what it makes: its file, the sample, prepared sets, runs, results and the journals of edited
 * masks. A study that nobody has named yet lies in the program's own folder, one for each; it is made when it is first
 * needed.
 */
export class StudyFolder {
  readonly #unnamed: string;
  #path: string;

  constructor(userData: string) {
    this.#unnamed = path.join(userData, 'studies');
    this.#path = this.#fresh();
  }

  get path(): string {
    return this.#path;
  }

  /** Whether the reader has given it a place of its own. */
  get isNamed(): boolean {
    return path.dirname(this.#path) !== this.#unnamed;
  }

  /** The study file. */
  get file(): string {
    return path.join(this.#path, 'study.json');
  }

  /** Goes on in another folder; null begins a new study. */
  moveTo(folder: string | null): void {
    this.#path = folder ?? this.#fresh();
  }

  /** Where the review of a batch's results is kept. */
  ofBatch(outDir: string): string {
    const key = createHash('sha256').update(path.resolve(outDir)).digest('hex').slice(0, 16);
    return path.join(this.#unnamed, `batch-${key}`);
  }

  sample(): string {
    return this.#make('sample');
  }

  /** Where the trainings lie, each in a folder of its own. */
  get runs(): string {
    return path.join(this.#path, 'runs');
  }

  /** A fresh folder for one training: its prepared sets and its run. */
  nextRun(): string {
    return this.#next('runs');
  }

  /** A fresh folder for what one segmentation writes. */
  nextResult(): string {
    return this.#next('results');
  }

  /** A fresh folder for volumes that were converted on their way in. */
  nextImport(): string {
    return this.#next('imports');
  }

  /** The journal of an edited mask. */
  journal(id: string): string {
    return path.join(this.#path, 'masks', `${id}.jsonl`);
  }

  #fresh(): string {
    const day = new Date().toISOString().slice(0, 10);
    return path.join(this.#unnamed, `${day}-${randomBytes(4).toString('hex')}`);
  }

  #next(kind: string): string {
    let number = 1;
    while (existsSync(path.join(this.#path, kind, String(number)))) number += 1;
    return this.#make(path.join(kind, String(number)));
  }

  #make(relative: string): string {
    const folder = path.join(this.#path, relative);
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}
