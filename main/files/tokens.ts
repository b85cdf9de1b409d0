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

  /** The token of a path; the same path keeps its token, so that a scan opened twice is known to be one. */
  adopt(filePath: string, kind: TokenKind, sizeBytes: number, name = path.basename(filePath)): FileToken {
    const known = [...this.#entries].find(([, entry]) => entry.path === filePath && entry.kind === kind);
    const token = known?.[0] ?? randomBytes(16).toString('hex');
    this.#entries.set(token, { kind, path: filePath, name, sizeBytes });
    return { token, name, sizeBytes };
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
      this.#entries.set(token, { ...entry, path: path.join(to, inside) });
    }
  }

  forget(token: string): void {
    this.#entries.delete(token);
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
