import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { root } from '../../scripts/paths.mjs';
import { recordSchema } from '../../shared/cohort/record';
import { readVolumeFile } from '../../main/files/readVolume';
import { ballCohort } from '../helpers/cohort';
import { Desk } from './support/desk';
import { ownFolder } from './support/ownFolder';

const folder = ownFolder('batch');
const out = path.join(folder, 'out');
let desk: Desk;

test.beforeAll(async () => {
  ballCohort(path.join(folder, 'raw'), ['01', '02', '03', '04', '05']);
  const corrupt = path.join(folder, 'raw', 'sub-06', 'anat');
  mkdirSync(corrupt, { recursive: true });
  writeFileSync(path.join(corrupt, 'sub-06_FLAIR.nii.gz'), 'no scan');
  const { status } = spawnSync(process.execPath, [
    path.join(root, 'bin/asc-net.mjs'),
    ...['bids', path.join(folder, 'raw'), out, 'participant', '--baseline', 'intensity'],
  ]);
  expect(status).toBe(1);
  // One that stands out: its figures are those of nobody else's.
  const file = path.join(out, 'batch', 'sub-04_FLAIR.json');
  const record = recordSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (record.state !== 'done') throw new Error(record.state);
  writeFileSync(
    file,
    JSON.stringify({ ...record, figures: { ...record.figures, brainMm3: 3e7, lesions: 90 } }),
  );
  desk = await Desk.open();
});
test.afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

const openOut = async (): Promise<void> => {
  await desk.answerOpenDialog([out]);
  await desk.running.app.evaluate(({ Menu }) =>
    Menu.getApplicationMenu()?.getMenuItemById('study.open')?.click(),
  );
};

test("a batch's results are a study: the suspicious scan first, its mask as the batch made it", async () => {
  await openOut();
  await expect(desk.scanRows).toHaveCount(6);
  await expect(desk.scanRows.first()).toContainText('sub-04_FLAIR.nii.gz');
  await expect(desk.scanRows.first().getByTestId('scan-warnings')).toContainText(
    /Unusual in its batch: .+, z \d/,
  );
  await expect(desk.messages.filter({ hasText: 'sub-06_FLAIR' })).toBeVisible();
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toHaveText(/^1 lesion, /, { timeout: 30_000 });
  const target = path.join(folder, 'exported.nii.gz');
  await desk.exportTo(target);
  const made = path.join(out, 'sub-04/anat/sub-04_space-orig_label-lesion_mask.nii.gz');
  expect((await readVolumeFile(target)).data).toEqual((await readVolumeFile(made)).data);
  expect(JSON.parse(readFileSync(target.replace('.nii.gz', '.json'), 'utf8'))).toMatchObject({
    Score: 'robust z',
    Threshold: 3,
  });
});

test('what the reader has done is there when the results are opened again, and they are as they were', async () => {
  const { page } = desk;
  const before = statSync(path.join(out, 'batch', 'sub-04_FLAIR.json')).mtimeMs;
  await desk.goTo('Review');
  await desk.thresholdSlider.fill('4');
  await desk.stage.focus();
  await page.keyboard.press('Shift+A');
  await desk.goTo('Data');
  await expect(desk.scanRows.first()).toContainText('done');
  await desk.saved();
  await desk.running.app.evaluate(({ Menu }) =>
    Menu.getApplicationMenu()?.getMenuItemById('study.new')?.click(),
  );
  // A page that is going has no rows either: what the menu says to it would be lost.
  await expect(page.getByRole('heading', { name: 'Open scans to begin' })).toBeVisible();
  await expect(desk.scanRows).toHaveCount(0);
  await openOut();
  await expect(desk.scanRows).toHaveCount(6);
  await expect(desk.scanRows.first()).toContainText('done');
  await desk.goTo('Review');
  await expect(desk.thresholdSlider).toHaveValue('4');
  await page.screenshot({ path: test.info().outputPath('review.png') });
  expect(statSync(path.join(out, 'batch', 'sub-04_FLAIR.json')).mtimeMs).toBe(before);
  expect(desk.running.complaints).toEqual([]);
});
