import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
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
  const temporary = `${path}.${randomBytes(4).toString('hex')}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(temporary, 'wx');
    try {
      const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
      for (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // Where the folder itself is at fault, there is nothing to take away.
    await rm(temporary, { force: true }).catch(() => undefined);
    throw new ExpectedError(
      'file-unwritable',
      `${basename(path)} cannot be written (${(error as Error).message}); choose another folder or make room.`,
    );
  }
}

/** Writes NIfTI bytes, compressed where the name ends in .gz. */
export async function writeNiftiFile(path: string, bytes: Uint8Array): Promise<void> {
  await writeFileAtomic(path, path.toLowerCase().endsWith('.gz') ? await promisify(gzip)(bytes) : bytes);
}
