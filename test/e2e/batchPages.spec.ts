import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { _electron, expect, test, type Page } from '@playwright/test';
import { appLaunch } from '../../scripts/electron.mjs';
import { root } from '../../scripts/paths.mjs';
import { ballCohort } from '../helpers/cohort';
import { ownFolder } from './support/ownFolder';

const folder = ownFolder('cohort');
test.afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A browser window of this Electron without our program around it. */
async function openPage(file: string): Promise<{ page: Page; close: () => Promise<void> }> {
  const app = path.join(folder, 'browser');
  mkdirSync(app, { recursive: true });
  writeFileSync(path.join(app, 'package.json'), '{"name":"browser","version":"1.0.0","main":"main.cjs"}');
  writeFileSync(
    path.join(app, 'main.cjs'),
    `const { app, BrowserWindow } = require('electron');
    app.whenReady().then(() => new BrowserWindow({ width: 1300, height: 950 }).loadURL(process.env.PAGE));`,
  );
  const { executablePath, args, env } = await appLaunch({
    checkout: true,
    env: { PAGE: pathToFileURL(file).href },
  });
  const own = args.map((argument) => (argument === root ? app : argument));
  const running = await _electron.launch({ executablePath, args: own, env });
  const page = await running.firstWindow();
  await page.locator('h1').waitFor();
  return { page, close: () => running.close() };
}

test("a batch's pages open in a browser by themselves, linked with each other", async () => {
  const info = test.info();
  ballCohort(path.join(folder, 'raw'), ['01', '02', '03']);
  const corrupt = path.join(folder, 'raw', 'sub-04', 'anat');
  mkdirSync(corrupt, { recursive: true });
  writeFileSync(path.join(corrupt, 'sub-04_FLAIR.nii.gz'), 'no scan <b>at all</b>'.repeat(30));
  const out = path.join(folder, 'out');
  const cli = (...args: string[]): number | null =>
    spawnSync(process.execPath, [
      path.join(root, 'bin/asc-net.mjs'),
      'bids',
      path.join(folder, 'raw'),
      out,
      ...args,
    ]).status;
  expect(cli('participant', '--baseline', 'intensity')).toBe(1);
  expect(cli('group')).toBe(0);
  // Away from where they were made: they need nothing but each other.
  const moved = path.join(folder, 'moved');
  for (const name of ['group.html', 'reports'])
    cpSync(path.join(out, name), path.join(moved, name), { recursive: true });

  const { page, close } = await openPage(path.join(moved, 'group.html'));
  try {
    const requests: string[] = [];
    const complaints: string[] = [];
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => complaints.push(message.text()));
    await page.reload();
    await expect(page.locator('h1')).toHaveText('4 of 5 scans');
    await expect(page.locator('.failed')).toContainText('sub-04_FLAIR');
    await expect(page.locator('svg')).toHaveCount(2);
    const thumbnails = page.locator('.thumbnail img');
    await expect(thumbnails).toHaveCount(4);
    const seen = await thumbnails.evaluateAll((all) =>
      all.map((image) => (image as HTMLImageElement).naturalWidth),
    );
    expect(seen).toEqual([80, 80, 80, 80]);
    await page.screenshot({ path: info.outputPath('group.png'), fullPage: true });

    await page.getByRole('link', { name: 'sub-03_ses-b_FLAIR' }).last().click();
    await expect(page.locator('h1')).toHaveText('sub-03_ses-b_FLAIR');
    const montage = page.locator('.montage img');
    expect(await montage.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(960);
    await expect(page.locator('svg rect').first()).toBeVisible();
    await expect(page.locator('svg')).toContainText('threshold');
    await page.screenshot({ path: info.outputPath('subject.png'), fullPage: true });
    await page.getByRole('link', { name: 'All scans' }).click();
    await expect(page.locator('h1')).toHaveText('4 of 5 scans');
    expect(complaints).toEqual([]);
    expect(requests.filter((url) => !/^(file|data):/.test(url))).toEqual([]);
  } finally {
    await close();
  }
});
