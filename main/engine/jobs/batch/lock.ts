import { randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { z } from 'zod';

/*
 * One scan, one worker. A lock is a file that only one process can make; it says who holds it. An owner that died is known
 * at once on its own machine by its process id, and elsewhere by the lock's time, which a living owner keeps moving. No
 * library is used, for those at hand know a lock's age only, and a resubmitted job would wait for it to grow old.
 */

const ownerSchema = z.object({ host: z.string(), pid: z.number().int(), nonce: z.string() });

/** How often a living owner moves its lock's time, and from what age on nobody holds it. */
const BEAT_MS = 20_000;
const OLD_MS = 10 * 60_000;

export interface HeldLock {
  release(): Promise<void>;
}

/** Takes a lock. @returns null where another living process holds it */
export async function takeLock(file: string): Promise<HeldLock | null> {
  await mkdir(dirname(file), { recursive: true });
  const held = await create(file);
  if (held) return held;
  if (!(await isAbandoned(file))) return null;
  // Only one may clear it away, or the second would clear away the first's new lock.
  const clearing = await create(`${file}.clearing`);
  if (!clearing) {
    if (await isAbandoned(`${file}.clearing`)) await rm(`${file}.clearing`, { force: true });
    return null;
  }
  try {
    if (!(await isAbandoned(file))) return null;
    await rm(file, { force: true });
    return await create(file);
  } finally {
    await clearing.release();
  }
}

async function create(file: string): Promise<HeldLock | null> {
  const nonce = randomBytes(8).toString('hex');
  try {
    await writeFile(file, JSON.stringify({ host: hostname(), pid: process.pid, nonce }), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return null;
    throw error;
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  return {
    release: async () => {
      clearInterval(beat);
      // Where it was taken for abandoned (this process was stopped for long), it is another's now.
      if ((await ownerOf(file))?.nonce === nonce) await rm(file, { force: true });
    },
  };
}

async function ownerOf(file: string): Promise<z.infer<typeof ownerSchema> | null> {
  const text = await readFile(file, 'utf8').catch(() => '');
  try {
    return ownerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

async function isAbandoned(file: string): Promise<boolean> {
  const facts = await stat(file).catch(() => null);
  if (!facts) return false;
  const owner = await ownerOf(file);
  if (owner?.host === hostname() && !isAlive(owner.pid)) return true;
  // A number of a process that is gone may have gone to another one: an owner that lives also keeps the time moving.
  return Date.now() - facts.mtimeMs > OLD_MS;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
