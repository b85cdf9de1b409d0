import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { gzip, type ZlibOptions } from 'node:zlib';
import { ExpectedError } from '../../shared/failure';

/**
 * Writes a file whole or not at all: into a temporary file beside it, flushed, then renamed over it. Makes the folder.
 * @param content bytes, text, or pieces of bytes that are written one after the other
 * @throws ExpectedError file-unwritable
 */
export async function writeFileAtomic(
  path: string,
  content: Uint8Array | string | Iterable<Uint8Array>,
): Promise<void> {
  await writeFilesAtomic([path], async ([append]) => {
    const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
    for (const piece of pieces) await append?.(piece);
  });
}

/** Adds to the end of a file that is being written. */
type Append = (piece: Uint8Array | string) => Promise<void>;

/**
 * Writes files that grow side by side, all or none, as {@link writeFileAtomic} does one.
 * @param work gets what adds to each file; when it resolves, the files are whole
 * @throws ExpectedError file-unwritable, and what `work` throws
 */
export async function writeFilesAtomic(
  paths: readonly string[],
  work: (appends: readonly Append[]) => Promise<void>,
): Promise<void> {
  const files: { path: string; temporary: string; handle: FileHandle }[] = [];
  try {
    for (const path of paths) {
      const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
      await naming(path, async () => {
        await mkdir(dirname(path), { recursive: true });
        files.push({ path, temporary, handle: await open(temporary, 'wx') });
      });
    }
    await work(
      files.map(
        ({ path, handle }) =>
          (piece) =>
            naming(path, () => handle.writeFile(piece)),
      ),
    );
    for (const { path, handle } of files) await naming(path, () => handle.sync());
    for (const { handle } of files) await handle.close();
    for (const { path, temporary } of files) await naming(path, () => rename(temporary, path));
  } catch (error) {
    for (const { temporary, handle } of files) {
      await handle.close().catch(() => undefined);
      await rm(temporary, { force: true }).catch(() => undefined);
    }
    throw error;
  }
}

/** Turns what the file system has against a file into a failure that names the file. */
async function naming(path: string, work: () => Promise<void>): Promise<void> {
  await work().catch((error: Error) => {
    throw new ExpectedError(
      'file-unwritable',
      `${basename(path)} cannot be written (${error.message}); choose another folder or make room.`,
    );
  });
}

/** A file's content as it is written: gzipped where the name ends in .gz. @param level of gzip's work, its own unless given */
export async function packedFor(
  name: string,
  content: Uint8Array | string,
  level?: number,
): Promise<Uint8Array | string> {
  if (!name.toLowerCase().endsWith('.gz')) return content;
  const pack = promisify<Uint8Array | string, ZlibOptions, Buffer>(gzip);
  return await pack(content, level === undefined ? {} : { level });
}

/** Writes NIfTI bytes, compressed where the name ends in .gz. */
export async function writeNiftiFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeFileAtomic(path, await packedFor(path, bytes));
}
