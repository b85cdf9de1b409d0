import { createHash, randomUUID } from 'node:crypto';
import { constants, copyFile, link, mkdir, readFile, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { hostname, uptime } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { ExpectedError } from '../../shared/failure';

/** File in the folder of a run while a training writes there. */
export const LOCK_FILE = 'training.lock';

const holderSchema = z.strictObject({
  id: z.string(),
  pid: z.number().int().positive(),
  host: z.string(),
  /** ISO 8601. */
  since: z.string(),
});
type Holder = z.infer<typeof holderSchema>;

/** Locks that this process holds: its own number in another lock is that of a process before it. */
const held = new Set<string>();

/** Slack for clocks that were set: a lock this much older than the machine's start is from before it. */
const CLOCK_SLACK_MS = 60_000;

/** Longest that taking a dead lock away can take. */
const GUARD_MS = 10_000;

/**
 * Makes this training the only one that writes into a run's folder. The lock of a process that is gone (killed, or from
 * before the machine's last start) is taken over.
 * @returns what gives the folder free again; where the lock made the folder and nothing else is in it, it goes too
 * @throws ExpectedError busy where another training is at work there, file-unwritable
 */
export async function lockRun(folder: string): Promise<() => Promise<void>> {
  const file = join(folder, LOCK_FILE);
  const own: Holder = {
    id: randomUUID(),
    pid: process.pid,
    host: hostname(),
    since: new Date().toISOString(),
  };
  const made = await mkdir(folder, { recursive: true }).catch(refuseUnwritable(folder));
  const written = `${file}.${own.id}`;
  held.add(own.id);
  try {
    // Written first and linked then: a lock that can be seen is whole.
    await writeFile(written, JSON.stringify(own)).catch(refuseUnwritable(folder));
    while (!(await linked(written, file))) {
      const text = await readFile(file, 'utf8').catch(() => null);
      if (text === null) continue;
      const holder = holderOf(text);
      if ((holder && isAtWork(holder)) || !(await takeAway(file, text))) throw busy(folder, holder);
    }
  } catch (error) {
    held.delete(own.id);
    throw error;
  } finally {
    await rm(written, { force: true });
  }
  return async () => {
    held.delete(own.id);
    await rm(file, { force: true });
    // Fails, as it should, where anything else is in it.
    if (made !== undefined) await rmdir(folder).catch(() => undefined);
  };
}

/** @returns false where the name is taken */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
  }
  try {
    // Some file systems know no links (FAT, some shares).
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    return refuseUnwritable(dirname(to))(error);
  }
}

/** null for what is no lock of ours. */
function holderOf(text: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * Takes a dead process's lock away. Whoever does so holds a file named after that very lock meanwhile, and looks again
 * whether it is still there: so of several that found it dead none takes away the lock that another has made since.
 * @returns false where another is at it
 */
async function takeAway(file: string, dead: string): Promise<boolean> {
  const guard = `${file}.${createHash('sha256').update(dead).digest('hex').slice(0, 16)}`;
  try {
    await writeFile(guard, '', { flag: 'wx' });
  } catch {
    const facts = await stat(guard).catch(() => null);
    // It takes a moment: one that was killed meanwhile must not hold up everybody.
    if (facts && Date.now() - facts.mtimeMs > GUARD_MS) await rm(guard, { force: true });
    return facts === null;
  }
  try {
    if ((await readFile(file, 'utf8').catch(() => null)) === dead) await rm(file, { force: true });
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

function isAtWork({ id, pid, host, since }: Holder): boolean {
  // Nobody here can look at another machine's processes.
  if (host !== hostname()) return true;
  if (pid === process.pid) return held.has(id);
  if (Date.parse(since) < Date.now() - uptime() * 1000 - CLOCK_SLACK_MS) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, and somebody else's.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

function busy(folder: string, holder: Holder | null): ExpectedError {
  const who =
    holder === null
      ? 'another process'
      : `process ${holder.pid}${holder.host === hostname() ? '' : ` on ${holder.host}`}`;
  return new ExpectedError(
    'busy',
    `A training is at work in ${basename(folder)} already (${who}): wait until it ends, stop it, or train into another folder.` +
      (holder !== null && holder.host !== hostname()
        ? ` If that machine is not training any more, delete ${LOCK_FILE} in it.`
        : ''),
  );
}

function refuseUnwritable(folder: string): (error: unknown) => never {
  return (error) => {
    throw new ExpectedError(
      'file-unwritable',
      `${basename(folder)} cannot be written (${(error as Error).message}); choose another folder or make room.`,
    );
  };
}
