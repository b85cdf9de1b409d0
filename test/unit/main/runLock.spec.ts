import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir, uptime } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LOCK_FILE, lockRun } from '../../../main/files/runLock';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ascnet-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockFile = (): string => join(folder, LOCK_FILE);
function leaveLock(of: { pid: number; host?: string; since?: string }): void {
  const holder = { id: 'another', host: hostname(), since: new Date().toISOString(), ...of };
  writeFileSync(lockFile(), JSON.stringify(holder));
}
/** The number of a process that has ended. */
const deadPid = (): number => spawnSync(process.execPath, ['--version']).pid;

describe('the lock of a run', () => {
  it('lets one training in at a time, in this process too, and the next after it', async () => {
    const unlock = await lockRun(folder);
    await expect(lockRun(folder)).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringContaining(`already (process ${process.pid})`),
    });
    await unlock();
    expect(readdirSync(folder)).toEqual([]);
    await (
      await lockRun(folder)
    )();
  });

  it('respects the lock of another process that lives', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()'], { stdio: 'pipe' });
    try {
      leaveLock({ pid: child.pid as number });
      await expect(lockRun(folder)).rejects.toMatchObject({ kind: 'busy' });
      expect(existsSync(lockFile())).toBe(true);
    } finally {
      child.kill();
    }
  });

  it('cannot see the processes of another machine: says what to do', async () => {
    leaveLock({ pid: deadPid(), host: 'a-machine-elsewhere' });
    await expect(lockRun(folder)).rejects.toMatchObject({
      kind: 'busy',
      message: expect.stringMatching(/on a-machine-elsewhere.*delete training\.lock/),
    });
  });

  it('takes over the lock of a process that is gone', async () => {
    const beforeStart = new Date(Date.now() - uptime() * 1000 - 3_600_000).toISOString();
    const gone: (() => void)[] = [
      () => leaveLock({ pid: deadPid() }),
      // After a restart somebody else has that number: the parent of this process lives for sure.
      () => leaveLock({ pid: process.ppid, since: beforeStart }),
      // In a container every training has the same number.
      () => leaveLock({ pid: process.pid }),
      () => writeFileSync(lockFile(), '{"id":"cut sho'),
    ];
    for (const leave of gone) {
      leave();
      await (
        await lockRun(folder)
      )();
      expect(readdirSync(folder)).toEqual([]);
    }
  });

  it('is won by exactly one of many that find a dead one', async () => {
    for (let round = 0; round < 20; round += 1) {
      leaveLock({ pid: deadPid() });
      const all = await Promise.allSettled(Array.from({ length: 8 }, () => lockRun(folder)));
      const won = all.filter((entry) => entry.status === 'fulfilled');
      expect(won).toHaveLength(1);
      for (const entry of won) await entry.value();
    }
  });

  it('leaves no folder behind that it made for nothing', async () => {
    const fresh = join(folder, 'run');
    await (
      await lockRun(fresh)
    )();
    expect(existsSync(fresh)).toBe(false);
  });
});
