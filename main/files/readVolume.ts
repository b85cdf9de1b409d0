import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { ExpectedError } from '../../shared/failure';
import { expectedFileBytes, readNiftiHeader, volumeFromNifti } from '../../shared/volume/nifti';
import { npyItemBytes, npyItemCount, readNpyHeader, volumeFromNpy } from '../../shared/volume/npy';
import type { Volume } from '../../shared/volume/volume';

/** Enough of a file to tell its format and read its header (NIfTI-2: 540 bytes; a .npy header fits as well). */
const HEAD_BYTES = 4096;
/** What may follow the image data (some writers pad) before a file counts as something else than it says. */
const SLACK_BYTES = 1 << 20;

/**
 * Reads a volume from a .nii, .nii.gz, .hdr/.img pair or .npy file. Its declared size is checked against the memory at
 * hand before anything of that size is allocated, and no more than declared is decompressed.
 * @param volumeIndex which volume of a 4D file, from 0
 * @throws ExpectedError with a sentence for the user
 */
export async function readVolumeFile(path: string, volumeIndex?: number): Promise<Volume> {
  const name = basename(path);
  const bytes = await readUncompressed(path);
  if (isNpy(bytes)) return volumeFromNpy(bytes, name);
  const imagePath = pairedImage(path, bytes);
  return volumeFromNifti(bytes, {
    nameForMessages: name,
    ...(volumeIndex === undefined ? {} : { volumeIndex }),
    ...(imagePath === null ? {} : { imageBytes: await collect(imagePath, Infinity) }),
  });
}

/** The whole of a file, gunzipped where it is compressed (members of a multi-member gzip one after the other). */
export async function readUncompressed(path: string): Promise<Uint8Array> {
  return collect(path, null);
}

function isNpy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93 && String.fromCharCode(...bytes.subarray(1, 6)) === 'NUMPY';
}

/** The .img of a .hdr whose magic says that the image lies apart; null for a single file. */
function pairedImage(path: string, bytes: Uint8Array): string | null {
  const magic = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 3));
  if (magic(344) !== 'ni1' && magic(4) !== 'ni2') return null;
  const name = basename(path).replace(/\.hdr(\.gz)?$/i, (_, gz: string | undefined) => `.img${gz ?? ''}`);
  return join(dirname(path), name);
}

/**
 * @param limit most bytes to take; null takes what the header at the start declares
 */
async function collect(path: string, limit: number | null): Promise<Uint8Array> {
  const name = basename(path);
  const file = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(name, error);
  });
  if (!file.isFile())
    throw new ExpectedError('file-unreadable', `${name} is not a file; choose a NIfTI or .npy file.`);
  if (file.size === 0)
    throw new ExpectedError('file-unreadable', `${name} is empty; export or copy it again.`);
  const source = createReadStream(path, { highWaterMark: 1 << 20 });
  const chunks: Uint8Array[] = [];
  let total = 0;
  let most = limit ?? Infinity;
  let headRead = limit !== null;
  try {
    let stream: AsyncIterable<Uint8Array> = source as AsyncIterable<Uint8Array>;
    if (await isGzip(path))
      stream = source.pipe(createGunzip({ chunkSize: 1 << 20 })) as AsyncIterable<Uint8Array>;
    for await (const chunk of stream) {
      chunks.push(chunk);
      total += chunk.length;
      if (!headRead && total >= HEAD_BYTES) {
        headRead = true;
        most = declaredBytes(joined(chunks, total), name) + SLACK_BYTES;
      }
      if (total > most) break;
    }
  } catch (error) {
    throw error instanceof ExpectedError ? error : unreadable(name, error as NodeJS.ErrnoException);
  } finally {
    source.destroy();
  }
  return joined(chunks, total);
}

async function isGzip(path: string): Promise<boolean> {
  for await (const chunk of createReadStream(path, { start: 0, end: 1 }) as AsyncIterable<Uint8Array>) {
    return chunk[0] === 0x1f && chunk[1] === 0x8b;
  }
  return false;
}

/** What the header declares; refuses what would not fit in memory (the data, and a float copy to work on). */
function declaredBytes(head: Uint8Array, name: string): number {
  let bytes: number;
  if (isNpy(head)) {
    const header = readNpyHeader(head, name);
    bytes = header.dataOffsetBytes + npyItemCount(header.shape) * npyItemBytes(header.dtype);
  } else {
    bytes = expectedFileBytes(readNiftiHeader(head));
  }
  const room = Math.max(freemem() * 0.6, 256 * 2 ** 20);
  if (bytes > room) {
    throw new ExpectedError(
      'too-large',
      `${name} declares ${gigabytes(bytes)} GB of data, more than the ${gigabytes(room)} GB of memory that can be spared; ` +
        'close other programs, or crop or downsample it.',
    );
  }
  return bytes;
}

function gigabytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}

function joined(chunks: Uint8Array[], total: number): Uint8Array {
  if (chunks.length === 1) return chunks[0] as Uint8Array;
  const out = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    out.set(chunk, at);
    at += chunk.length;
  }
  return out;
}

function unreadable(name: string, error: NodeJS.ErrnoException): ExpectedError {
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
  return new ExpectedError('file-unreadable', `${name} cannot be read (${error.message}).`, error.stack);
}
