import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * What the program was asked to open from outside (the command line, a second start, the Finder), until the page asks for
 * it: it may come before there is a page.
 */
export class Opening {
  readonly #tell: () => void;
  #waiting: string[] = [];

  /** @param tell says that there is something */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  add(paths: readonly string[]): void {
    if (paths.length === 0) return;
    this.#waiting.push(...paths);
    this.#tell();
  }

  /** Lets them wait without a word: whoever asks the next time gets them. */
  keep(paths: readonly string[]): void {
    this.#waiting.push(...paths);
  }

  /** All of it; from then on there is nothing. */
  take(): string[] {
    return this.#waiting.splice(0);
  }
}

/**
 * The files that a command line names: absolute, and as paths where a desktop gives file: addresses.
 * @param args without the program itself
 * @param cwd of whoever gave them
 */
export function pathsIn(args: readonly string[], cwd: string): string[] {
  return args
    .filter((argument) => argument !== '' && !argument.startsWith('-'))
    .flatMap((argument) => {
      if (!/^file:/i.test(argument)) return [path.resolve(cwd, argument)];
      try {
        return [fileURLToPath(argument)];
      } catch {
        return [];
      }
    });
}

/**
 * The folder of the study that a path stands for: the folder itself, or a file in it; null for everything else, and for what
 * cannot be looked at, which whoever opens it as a scan then says.
 */
export function studyFolderOf(chosen: string): string | null {
  const isFolder = isDirectory(chosen);
  const folder = isFolder ? chosen : path.dirname(chosen);
  const stands = isFolder || path.extname(chosen) === '.ascnet' || path.basename(chosen) === 'study.json';
  return stands && existsSync(path.join(folder, 'study.json')) ? folder : null;
}

function isDirectory(chosen: string): boolean {
  try {
    return statSync(chosen).isDirectory();
  } catch {
    return false;
  }
}
