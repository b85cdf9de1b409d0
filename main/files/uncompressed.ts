import { createReadStream } from 'node:fs';
import { open, stat, type FileHandle } from 'node:fs/promises';
import { basename } from 'node:path';
import { createGunzip } from 'node:zlib';
import { ExpectedError } from '../../shared/failure';
import { headBytes, mostInflatedBytes } from '../../shared/volume/declaredSize';

/** What may follow the wanted bytes (some writers pad); read to the end of the gzip, where its checksum is, but not kept. */
const slackBytes = 1 << 20;

/**
 * How many bytes of a file are wanted, from its head and the most bytes that it can hold; throws to refuse it. It is asked
 * before anything of that size is allocated.
 */
export type Wanted = (head: Uint8Array, mostBytes: number) => number;

/**
 * The first bytes of a file, gunzipped where it is compressed (members of a multi-member gzip one after the other). Memory
 * is taken once, for the bytes wanted; what the name says about compression does not count, the first two bytes do.
 * @param raw the file has no header of its own (an .img), so that any first bytes may be voxels: there the name counts
 * @returns as many bytes as were wanted, or fewer where the file ends before
 * @throws ExpectedError file-missing, file-unreadable, nifti-damaged (broken compression), and what `wanted` throws
 */
export async function readUncompressed(path: string, wanted: Wanted, raw = false): Promise<Uint8Array> {
  const name = basename(path);
  try {
    const facts = await stat(path);
    if (!facts.isFile())
      throw new ExpectedError('file-unreadable', `${name} is not a file; choose a NIfTI or .npy file.`);
    if (facts.size === 0)
      throw new ExpectedError('file-unreadable', `${name} is empty; export or copy it again.`);
    const file = await open(path, 'r');
    try {
      const head = new Uint8Array(Math.min(headBytes, facts.size));
      await fill(file, head, 0);
      const isGzip = head[0] === 0x1f && head[1] === 0x8b && (!raw || /\.gz$/i.test(name));
      if (isGzip) return await inflate(path, mostInflatedBytes(facts.size), wanted);
      const bytes = new Uint8Array(Math.min(facts.size, wanted(head, facts.size)));
      bytes.set(head.subarray(0, bytes.length));
      return bytes.subarray(0, await fill(file, bytes, Math.min(head.length, bytes.length)));
    } finally {
      await file.close();
    }
  } catch (error) {
    throw error instanceof ExpectedError ? error : unreadable(name, error as NodeJS.ErrnoException);
  }
}

/** Reads into `bytes` from `at` on, at the same place of the file. @returns where the bytes end */
async function fill(file: FileHandle, bytes: Uint8Array, at: number): Promise<number> {
  let end = at;
  while (end < bytes.length) {
    const { bytesRead } = await file.read(bytes, end, Math.min(bytes.length - end, 1 << 24), end);
    if (bytesRead === 0) break;
    end += bytesRead;
  }
  return end;
}

async function inflate(path: string, mostBytes: number, wanted: Wanted): Promise<Uint8Array> {
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const gunzip = createGunzip({ chunkSize: 1 << 20 });
  source.once('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  const head: Uint8Array[] = [];
  let bytes: Uint8Array | null = null;
  let total = 0;
  try {
    for await (const chunk of gunzip as AsyncIterable<Uint8Array>) {
      if (bytes)
        bytes.set(chunk.subarray(0, Math.max(0, bytes.length - total)), Math.min(total, bytes.length));
      else head.push(chunk);
      total += chunk.length;
      if (!bytes && total >= headBytes) bytes = beginWith(head, total, mostBytes, wanted);
      if (bytes && total > bytes.length + slackBytes) break;
    }
  } finally {
    source.destroy();
    gunzip.destroy();
  }
  return (bytes ?? beginWith(head, total, total, wanted)).subarray(0, total);
}

/** Room for the bytes wanted, with the chunks that are there already in it. */
function beginWith(
  chunks: readonly Uint8Array[],
  total: number,
  mostBytes: number,
  wanted: Wanted,
): Uint8Array {
  const head = Buffer.concat(chunks, total);
  const bytes = new Uint8Array(Math.min(mostBytes, wanted(head, mostBytes)));
  bytes.set(head.subarray(0, bytes.length));
  return bytes;
}

/** Why a file or folder cannot be read, in a sentence: without the path that the system names, which may be a patient's. */
export function unreadable(name: string, error: NodeJS.ErrnoException): ExpectedError {
  if (error.code === 'ENOENT') {
    return new ExpectedError('file-missing', `There is no file ${name}; check the name and the folder.`);
  }
  if (error.code?.startsWith('Z_')) {
    return new ExpectedError(
      'nifti-damaged',
      `${name} is cut short or damaged: it cannot be decompressed to its end. Copy or export it again.`,
      error.message,
    );
  }
  const [reason = 'unknown reason'] = error.message.split(',');
  const way =
    error.code === 'EACCES' || error.code === 'EPERM'
      ? 'You have no right to it: ask for that, or copy it to a folder of your own.'
      : 'Copy it to another folder and open it from there.';
  return new ExpectedError('file-unreadable', `${name} cannot be read (${reason}). ${way}`, error.stack);
}
