import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { readJournal, type JournalledMask } from '../../shared/study/maskJournal';
import { Desk } from './support/desk';
import { ownFolder } from './support/ownFolder';
import { writeStudy } from './support/writtenStudy';

/*
 * Disks that fail under an open study: a file system of its own of a few megabytes, which is filled up, made read-only and
 * taken away. Mounting one takes root on Linux; elsewhere this is skipped (the parts are in maskStore.spec.ts and
 * studyStore.spec.ts).
 */
const folder = ownFolder('disk');
const disk = path.join(folder, 'profile', 'studies');

function mount(...args: string[]): boolean {
  return process.platform === 'linux' && spawnSync('mount', args).status === 0;
}
let mounted = false;

const size = 48;
let desk: Desk;
test.beforeAll(async () => {
  mkdirSync(disk, { recursive: true });
  mounted = mount('-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', disk);
  if (!mounted) {
    console.warn(
      '\n*** SKIPPING: full, read-only and vanished disks; as root on Linux one is mounted. ***\n',
    );
    return;
  }
  const voxels = Int16Array.from({ length: size ** 3 }, (_, i) => 100 + (i % 50));
  const iro = new Float32Array(size ** 3).fill(0.1);
  writeStudy(folder, 'Small disk', [
    {
      name: 'scan.nii',
      voxels,
      iro,
      dims: [size, size, size],
      affine: [-1, 0, 0, 24, 0, 1, 0, -24, 0, 0, 1, -24, 0, 0, 0, 1],
    },
  ]);
  desk = await Desk.open(folder);
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toContainText('0 lesions', { timeout: 60_000 });
  await desk.page.keyboard.press('b');
});
test.afterAll(async () => {
  if (mounted) {
    await desk.close().catch(() => undefined);
    spawnSync('umount', ['-l', disk]);
  }
  rmSync(folder, { recursive: true, force: true });
});

let strokes = 0;
/** @param midway what happens while the button is down */
async function paint(midway: () => void = () => undefined): Promise<void> {
  const box = await desk.boxOf(desk.stage);
  strokes += 1;
  // In the upper part of the picture: messages lie over the lower one.
  const [x, y] = [box.x + box.width * (0.3 + 0.05 * strokes), box.y + box.height * 0.25];
  await desk.page.mouse.move(x, y);
  await desk.page.mouse.down();
  await desk.page.mouse.move(x, y + 10, { steps: 2 });
  midway();
  await desk.page.mouse.move(x, y + 20, { steps: 2 });
  await desk.page.mouse.up();
}

/** The edited mask in a study's folder, as its journal has it. */
function journal(study: string): JournalledMask | null {
  const masks = path.join(study, 'masks');
  const [name = ''] = readdirSync(masks);
  return readJournal(readFileSync(path.join(masks, name), 'utf8'));
}

const kept = (study: string): number => journal(study)?.history.done ?? -1;

test('a full disk is said at once, the strokes are kept, and are on it once there is room', async () => {
  test.skip(!mounted, 'No file system could be mounted.');
  await paint();
  await desk.saved();
  const study = path.join(disk, 'written');
  expect(kept(study)).toBe(1);
  const ballast = path.join(disk, 'ballast');
  // As much as there is room for: the last write comes short.
  for (let at = 0, more = true; more; at += 1) {
    try {
      writeFileSync(`${ballast}${at}`, Buffer.alloc(at < 80 ? 65_536 : 512));
      more = at < 3000;
    } catch {
      more = false;
    }
  }
  await paint();
  await paint();
  await expect(desk.messages.filter({ hasText: /not saved|cannot be saved/ }).first()).toBeVisible();
  await expect(desk.page.getByTestId('saved')).toHaveText('not saved');
  for (const name of readdirSync(disk)) if (name.startsWith('ballast')) rmSync(path.join(disk, name));
  await expect(desk.page.getByTestId('saved')).toHaveText(/^saved/, { timeout: 30_000 });
  await desk.saved();
  expect(kept(study)).toBe(3);
});

test('a disk that cannot be written any more is said, and everything goes to another folder', async () => {
  test.skip(!mounted, 'No file system could be mounted.');
  expect(mount('-o', 'remount,ro', disk)).toBe(true);
  await paint();
  await expect(desk.messages.filter({ hasText: /not saved|cannot be saved/ }).first()).toBeVisible();
  const elsewhere = path.join(folder, 'elsewhere');
  await desk.answerSaveDialog(elsewhere);
  await desk.answerOpenDialog([elsewhere]);
  await desk.choose('study.saveAs');
  await expect(desk.messages.filter({ hasText: /is saved in elsewhere/ })).toBeVisible({ timeout: 30_000 });
  await desk.saved();
  await expect.poll(() => kept(elsewhere)).toBe(4);
});

test('a folder that vanishes in the middle of a stroke is said, and every stroke goes to another folder', async () => {
  test.skip(!mounted, 'No file system could be mounted.');
  const [before, away, third] = ['elsewhere', 'away', 'third'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  await paint(() => renameSync(before, away));
  await expect(
    desk.messages.filter({ hasText: /no longer where it was|cannot be saved/ }).first(),
  ).toBeVisible();
  await paint();
  await desk.answerSaveDialog(third);
  await desk.choose('study.saveAs');
  await expect(desk.messages.filter({ hasText: /is saved in third/ })).toBeVisible({ timeout: 30_000 });
  await desk.saved();
  await expect.poll(() => kept(third)).toBe(6);
  // What the folder held when it went is in what was written anew, voxel for voxel.
  const painted = journal(third)?.mask;
  expect(journal(away)?.mask.every((value, i) => value === 0 || painted?.[i] === 1)).toBe(true);
});
