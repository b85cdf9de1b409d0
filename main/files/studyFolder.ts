import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { ExpectedError } from '../../shared/failure';

/** A system opens files, and a study is a folder: a double click on this file of it opens the study. */
const studyMarker = 'study.ascnet';

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

  /** The study file as it was one save earlier. */
  get backup(): string {
    return this.mayWrite(path.join(this.#path, 'study.backup.json'));
  }

  /** What stands for the study where systems open files alone. */
  get marker(): string {
    return path.join(this.#path, studyMarker);
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
    return this.mayWrite(path.join(this.#path, 'masks', `${id}.jsonl`));
  }

  /**
   * The path itself, where it lies in the study's folder and no link in it leads elsewhere: a study may come from a stranger,
   * and what is written into it must stay in it.
   * @throws ExpectedError denied
   */
  mayWrite(target: string): string {
    const steps = path.relative(this.#path, target).split(path.sep);
    if (steps[0] === '..' || path.isAbsolute(steps[0] as string)) throw outside(path.basename(target));
    let at = this.#path;
    for (const step of steps) {
      at = path.join(at, step);
      if (isLink(at)) throw outside(step);
    }
    return target;
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
    const folder = this.mayWrite(path.join(this.#path, relative));
    mkdirSync(folder, { recursive: true });
    return folder;
  }
}

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    // What is not there, or cannot be looked at, is said by whoever writes.
    return false;
  }
}

function outside(name: string): ExpectedError {
  return new ExpectedError(
    'denied',
    `${name} leads out of the study's folder, and ASC-Net writes only into it: replace the link by the folder or file itself.`,
  );
}
