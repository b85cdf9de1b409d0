import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@playwright/test';
import { appLaunch } from '../../scripts/electron.mjs';
import { niftiBytes } from '../../shared/volume/nifti';
import { Desk } from './support/desk';
import { launch } from './support/launch';
import { ownFolder } from './support/ownFolder';

/** Files that a system opens with the program: on its command line, and with a program that runs already. */

const place = ownFolder('opening');
test.afterAll(() => rmSync(place, { recursive: true, force: true }));

/** A ball of 12 x 10 x 8 voxels in a file. */
function scanFile(...parts: string[]): string {
  const dims = [12, 10, 8] as const;
  const data = new Int16Array(960).map((_, i) => (i % 12) * 40);
  const affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1] as const;
  const file = path.join(place, ...parts);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(
    file,
    niftiBytes({ dims, data, like: { dims, affine, zooms: [1, 1, 1], header: null }, description: '' }),
  );
  return file;
}

/** Starts the program once more on the same profile, as a file manager does. @returns its exit code */
async function startAgain(folder: string, args: readonly string[]): Promise<number | null> {
  const {
    executablePath,
    args: all,
    env,
  } = await appLaunch({
    args,
    env: { ASCNET_USER_DATA: path.join(folder, 'profile') },
  });
  const second = spawn(executablePath, all, { env, stdio: 'ignore', cwd: place });
  return new Promise((resolve) => second.once('exit', (code) => resolve(code)));
}

test('a file on the command line is opened, and a second start hands its files to the first', async () => {
  const named = scanFile('first scan.nii');
  const desk = new Desk(await launch(undefined, { given: [named] }));
  try {
    await expect(desk.scanRows).toHaveCount(1);
    await expect(desk.scanRows.first()).toContainText('first scan.nii');

    // As Linux desktops name a file, from its own folder, and one that is not there.
    const more = scanFile('z\u00fcrich \u8111.nii');
    scanFile('relative.nii');
    await desk.goTo('Review');
    expect(
      await startAgain(desk.running.folder, [pathToFileURL(more).href, 'relative.nii', 'gone.nii']),
    ).toBe(0);
    await expect(desk.scanRows).toHaveCount(3);
    await expect(desk.scanRows.nth(1)).toContainText('z\u00fcrich \u8111.nii');
    await expect(desk.scanRows.nth(2)).toContainText('relative.nii');
    await expect(desk.messages.filter({ hasText: 'There is no file gone.nii' })).toBeVisible();
    expect(desk.running.app.windows()).toHaveLength(1);
  } finally {
    await desk.close();
  }
});

test('a study is opened by the file that stands for it, at the start and while another is open', async () => {
  const scan = scanFile('study scan.nii');
  // As deep as the study was, so that its scan is where the study says.
  const kept = path.join(place, 'some', 'where', 'kept study');
  const first = new Desk(await launch(undefined, { given: [scan] }));
  try {
    await expect(first.scanRows).toHaveCount(1);
    await first.saved();
    const studies = path.join(first.running.folder, 'profile', 'studies');
    cpSync(path.join(studies, readdirSync(studies)[0] as string), kept, { recursive: true });
  } finally {
    await first.close();
  }
  const marker = path.join(kept, 'study.ascnet');
  expect(existsSync(marker)).toBe(true);

  const desk = new Desk(await launch(undefined, { given: [marker] }));
  try {
    await expect(desk.scanRows).toHaveCount(1);
    await expect(desk.scanRows.first()).toContainText('study scan.nii');

    const other = path.join(place, 'other', 'study');
    cpSync(kept, other, { recursive: true });
    writeFileSync(
      path.join(other, 'study.json'),
      JSON.stringify({
        format: 'asc-net-study',
        version: 3,
        savedAt: '2026-01-01T00:00:00.000Z',
        study: { name: 'The other study', scans: [], run: null, selected: null },
      }),
    );
    expect(await startAgain(desk.running.folder, [path.join(other, 'study.ascnet'), scan])).toBe(0);
    await expect(desk.page.getByRole('heading', { level: 1 })).toHaveText('The other study');
    await expect(desk.scanRows).toHaveCount(1);
    await expect(desk.scanRows.first()).toContainText('study scan.nii');
  } finally {
    await desk.close();
  }
});

test('two programs on two profiles run side by side', async () => {
  const [one, two] = [await Desk.open(), await Desk.open()];
  try {
    await one.openScans([scanFile('one.nii')]);
    await two.openScans([scanFile('two.nii')]);
    await expect(one.scanRows).toContainText('one.nii');
    await expect(two.scanRows).toContainText('two.nii');
  } finally {
    await one.close();
    await two.close();
  }
});
