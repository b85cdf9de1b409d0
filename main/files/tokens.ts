import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { ExpectedError } from '../../shared/failure';
import type { FileToken } from '../../shared/ipc/contract';

/**
 * What a token stands for: a file that may be streamed to the page, a run's folder, or a folder to export into; folders
 * never are.
 */
export type TokenKind = 'file' | 'run' | 'folder';

interface Entry {
  readonly kind: TokenKind;
  readonly path: string;
  readonly name: string;
  readonly sizeBytes: number;
}

/**
 * The paths that the page may use, each behind an opaque token. A path gets in only through a dialog, a dropped file or
 * a result of the engine; the page can name nothing else.
 */
export class FileTokens {
  readonly #entries = new Map<string, Entry>();
  /** The token of each path, by kind and path. */
  readonly #tokens = new Map<string, string>();

  /**
   * The token of a path; the same path keeps its token, so that a scan opened twice is known to be one, and its name.
   * @param name what it is called where that is not the file's own name
   */
  adopt(filePath: string, kind: TokenKind, sizeBytes: number, name?: string): FileToken {
    const known = this.#tokens.get(`${kind} ${filePath}`);
    const token = known ?? randomBytes(16).toString('hex');
    const before = known === undefined ? undefined : this.#entries.get(known)?.name;
    const entry = { kind, path: filePath, name: name ?? before ?? path.basename(filePath), sizeBytes };
    this.#put(token, entry);
    return { token, name: entry.name, sizeBytes };
  }

  /** Names that other files than these have. */
  namesBeside(paths: readonly string[]): Set<string> {
    const own = new Set(paths);
    const others = [...this.#entries.values()].filter(
      (entry) => entry.kind === 'file' && !own.has(entry.path),
    );
    return new Set(others.map(({ name }) => name));
  }

  /** Whether a path has a token already. */
  knows(filePath: string, kind: TokenKind): boolean {
    return this.#tokens.has(`${kind} ${filePath}`);
  }

  /** The names of everything that is open. */
  get names(): readonly string[] {
    return [...this.#entries.values()].map(({ name }) => name);
  }

  /** @throws ExpectedError denied for a token that was never given out, was forgotten, or is of another kind. */
  pathOf(token: string, kind: TokenKind): string {
    return this.#entry(token, kind).path;
  }

  /** @throws ExpectedError denied, as {@link pathOf}. */
  nameOf(token: string, kind: TokenKind): string {
    return this.#entry(token, kind).name;
  }

  /** Lets the tokens of everything below a folder stand for the same files below another. */
  move(from: string, to: string): void {
    for (const [token, entry] of this.#entries) {
      const inside = path.relative(from, entry.path);
      if (inside.startsWith('..') || path.isAbsolute(inside)) continue;
      this.#tokens.delete(`${entry.kind} ${entry.path}`);
      this.#put(token, { ...entry, path: path.join(to, inside) });
    }
  }

  forget(token: string): void {
    const entry = this.#entries.get(token);
    if (entry) this.#tokens.delete(`${entry.kind} ${entry.path}`);
    this.#entries.delete(token);
  }

  #put(token: string, entry: Entry): void {
    this.#entries.set(token, entry);
    this.#tokens.set(`${entry.kind} ${entry.path}`, token);
  }

  #entry(token: string, kind: TokenKind): Entry {
    const entry = this.#entries.get(token);
    if (entry?.kind !== kind) {
      throw new ExpectedError(
        'denied',
        'This file is not open in ASC-Net: open it again.',
        `no ${kind} token`,
      );
    }
    return entry;
  }
}
