import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A file system of its own, in memory, that can fill up or go away. */
export interface SmallDisk {
  readonly folder: string;
  /** Leaves so many bytes free. */
  readonly fill: (leftBytes: number) => void;
  /** Takes the filling away again. */
  readonly makeRoom: () => void;
  /** Pulls it out, as a share goes away: what is open stays open, and the folder is empty. */
  readonly vanish: () => void;
  /** Puts an empty one in its place. */
  readonly putBack: () => void;
  readonly remove: () => void;
}

const mount = (folder: string, bytes: number): boolean =>
  spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', folder]).status === 0;

/** @returns null where this user may not mount one */
export function smallDisk(bytes: number): SmallDisk | null {
  const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-disk-'));
  if (!mount(folder, bytes)) {
    rmSync(folder, { recursive: true, force: true });
    return null;
  }
  const filling = path.join(folder, 'filling');
  const vanish = (): void => void spawnSync('umount', ['-l', folder]);
  return {
    folder,
    fill: (leftBytes) => {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filling, Buffer.alloc(Math.max(0, bavail * bsize - leftBytes)));
    },
    makeRoom: () => rmSync(filling, { force: true }),
    vanish,
    putBack: () => {
      mkdirSync(folder, { recursive: true });
      mount(folder, bytes);
    },
    remove: () => {
      vanish();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
