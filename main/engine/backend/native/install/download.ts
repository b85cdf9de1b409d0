import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ExpectedError } from '../../../../../shared/failure';
import { get, unreachable } from './http';

export interface Checksum {
  readonly algorithm: 'sha256' | 'md5';
  /** Lower-case. */
  readonly hex: string;
}

export interface Download {
  readonly url: string;
  /** Null where nobody publishes one. */
  readonly hash: Checksum | null;
  readonly sizeBytes: number | null;
}

/** A connection that breaks is taken up again so often, as long as each time brings something. */
const IDLE_ATTEMPTS = 4;

/**
 * Downloads a file, and goes on where an earlier attempt stopped, also one of an earlier run: what has come lies beside
 * the target as `.part`. The target appears when its checksum is right.
 * @throws ExpectedError download-failed, or cancelled
 */
export async function downloadFile(
  file: Download,
  target: string,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
  retryMs = 500,
): Promise<void> {
  if (await isFile(target)) {
    if (await matches(target, file.hash)) {
      onBytes((await stat(target)).size);
      return;
    }
    await rm(target);
  }
  await mkdir(dirname(target), { recursive: true });
  const part = `${target}.part`;
  let idle = 0;
  for (;;) {
    const before = await sizeOf(part);
    try {
      await fetchRest(file.url, part, before, onBytes, signal);
      break;
    } catch (error) {
      if (signal?.aborted)
        throw new ExpectedError('cancelled', 'Stopped. What was downloaded is kept for the next time.');
      idle = (await sizeOf(part)) > before ? 0 : idle + 1;
      if (idle >= IDLE_ATTEMPTS || (error instanceof ExpectedError && /answered 4/.test(error.message)))
        throw error instanceof ExpectedError ? error : unreachable(file.url, error);
      await setTimeout(retryMs * 2 ** idle, undefined, signal ? { signal } : {}).catch(() => undefined);
    }
  }
  if (!(await matches(part, file.hash))) {
    await rm(part);
    throw new ExpectedError(
      'download-failed',
      'What was downloaded is not what it should be: its checksum differs. It was deleted; run the same again.',
      file.url,
    );
  }
  await rename(part, target);
}

/** Appends what is missing. A server that cannot continue starts over. */
async function fetchRest(
  url: string,
  part: string,
  from: number,
  onBytes: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const response = await get(url, from > 0 ? { range: `bytes=${from}-` } : {}, signal);
  const continues = response.status === 206;
  let received = continues ? from : 0;
  const total = Number(response.headers.get('content-length') ?? 0) + received;
  const handle = await open(part, continues ? 'a' : 'w');
  try {
    onBytes(received);
    for await (const chunk of response.body ?? []) {
      await handle.write(chunk as Uint8Array);
      received += (chunk as Uint8Array).length;
      onBytes(received);
    }
  } finally {
    await handle.close();
  }
  if (response.headers.has('content-length') && received < total) throw new Error('the connection broke off');
}

/** SHA-256 of a file, lower-case hex. */
export function sha256Of(file: string): Promise<string> {
  return hashOf(file, 'sha256');
}

async function matches(file: string, hash: Checksum | null): Promise<boolean> {
  return hash === null || (await hashOf(file, hash.algorithm)) === hash.hex;
}

async function hashOf(file: string, algorithm: Checksum['algorithm']): Promise<string> {
  const hash = createHash(algorithm);
  for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => null))?.isFile() ?? false;
}

async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0;
}
