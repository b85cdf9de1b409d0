import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { niftiBytes, volumeFromNifti } from '../../shared/volume/nifti';
import type { Affine, Dims } from '../../shared/volume/volume';
import { Desk } from './support/desk';
import { ownFolder } from './support/ownFolder';

/* Masks that no training of this program has made: nothing is trained or segmented here. */
const dims: Dims = [48, 48, 48];
const affine: Affine = [-1, 0, 0, 24, 0, 1, 0, -24, 0, 0, 1, -24, 0, 0, 0, 1];
const folder = ownFolder('own');
const profile = path.join(folder, 'program');

function write(file: string, data: Int16Array | Uint8Array): void {
  const like = { dims, affine, zooms: [1, 1, 1] as const, header: null };
  writeFileSync(file, niftiBytes({ dims, data, like, description: '' }));
}

/** Voxels that are set in a mask's file. */
function setIn(file: string): Set<number> {
  const { data } = volumeFromNifti(readFileSync(file));
  return new Set([...data.keys()].filter((i) => data[i] !== 0));
}

/** A cube of four voxels a side in the middle, which every picture cuts at first. */
const cube = new Uint8Array(48 ** 3).map((_, i) => {
  const voxel = [i % 48, Math.floor(i / 48) % 48, Math.floor(i / (48 * 48))];
  return voxel.every((at) => at >= 22 && at < 26) ? 1 : 0;
});
const scans = ['first.nii', 'second.nii'].map((name) => path.join(folder, name));
const mask = path.join(folder, 'first_mask.nii');

let desk: Desk;
test.beforeAll(async () => {
  for (const scan of scans)
    write(
      scan,
      new Int16Array(48 ** 3).map((_, i) => 100 + (i % 50)),
    );
  write(mask, cube);
  desk = await Desk.open(profile);
  await desk.openScans(scans);
  await expect(desk.scanRows).toHaveCount(2);
});
test.afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

async function dab(x: number, y: number): Promise<void> {
  const box = await desk.boxOf(desk.stage);
  await desk.page.mouse.move(box.x + box.width * x, box.y + box.height * y);
  await desk.page.mouse.down();
  await desk.page.mouse.up();
}

test('a mask from a file is corrected and saved in a study without any training', async () => {
  const { page } = desk;
  await desk.goTo('Review');
  await expect(page.getByText('Nothing has been trained yet.')).toBeVisible();
  await desk.answerOpenDialog([mask]);
  await page.getByRole('button', { name: 'Take in masks from files...' }).click();
  await expect(desk.lesionTotal).toContainText('1 lesion, 64 mm');
  for (const plane of ['axial', 'coronal', 'sagittal'] as const)
    expect(await desk.maskPixels(desk.plane(plane)), plane).toBeGreaterThan(0);

  await page.keyboard.press('n');
  await page.keyboard.press('a');
  await expect(page.getByTestId('decided')).toHaveText('1 reviewed');
  await page.keyboard.press('b');
  await desk.setBrushRadius(0.5);
  await dab(0.4, 0.4);
  const painted = await desk.voxelUnderPointer();
  await expect(desk.lesionTotal).toContainText('2 lesions, 65 mm');
  await page.keyboard.press('Escape');

  const saved = path.join(folder, 'corrected.nii');
  await desk.exportTo(saved);
  const [x = 0, y = 0, z = 0] = painted.split(' ').map(Number);
  expect(setIn(saved)).toEqual(new Set([...setIn(mask), x + 48 * (y + 48 * z)]));
});

test('a mask is drawn from nothing, and a map that there is not is not offered', async () => {
  const { page } = desk;
  await desk.goTo('Review');
  await page.getByTestId('scan-picker').selectOption({ label: 'second.nii' });
  await expect(page.getByRole('region', { name: 'Segment' })).toBeVisible();
  await page.getByRole('button', { name: 'Begin with an empty mask' }).click();
  await expect(desk.lesionTotal).toContainText('0 lesions');
  await expect(page.getByRole('button', { name: 'Iro map' })).toHaveCount(0);
  await page.keyboard.press('b');
  await dab(0.6, 0.4);
  await expect(desk.lesionTotal).toContainText('1 lesion,');
  await page.keyboard.press('Control+z');
  await expect(desk.lesionTotal).toContainText('0 lesions');
  await page.keyboard.press('Control+Shift+z');
  await page.keyboard.press('Escape');
  await desk.saved();
});

test('both are there after a restart, and are exported together', async () => {
  const program = desk.running.app.process();
  const ended = new Promise((resolve) => program.once('exit', resolve));
  await desk.running.app
    .evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close())
    .catch(() => undefined);
  await ended;
  desk = await Desk.open(profile);
  const { page } = desk;
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toContainText('1 lesion,');
  await page.keyboard.press('j');
  await expect(desk.lesionTotal).toContainText('2 lesions, 65 mm');
  await desk.goTo('Export');
  await page.getByTestId('export-all').check();
  const target = mkdtempSync(path.join(folder, 'out-'));
  await desk.answerOpenDialog([target]);
  await page.getByTestId('export-folder').click();
  await page.getByTestId('export-run').click();
  await expect(desk.messages.filter({ hasText: 'Exported 2 scans' })).toBeVisible();
  const report = readFileSync(path.join(target, 'first_report.html'), 'utf8');
  expect(report).toContain('this scan was not segmented');
  expect(desk.running.complaints).toEqual([]);
});
