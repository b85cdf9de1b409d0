import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { oraclePython, runOracle } from '../helpers/oracles';
import { Desk } from './support/desk';

let desk: Desk;

test.beforeAll(async () => {
  desk = await Desk.openSegmented();
  await desk.goTo('Review');
  await desk.thresholdSlider.fill('0.05');
  await expect(desk.lesionTotal).toContainText(/ml$/);
});
test.afterAll(() => desk.close());

test('the three planes go through one point', async () => {
  const { page } = desk;
  for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
    await expect(desk.plane(plane)).toBeVisible();
  }
  const coronal = await desk.sliceOf('coronal');
  const box = await desk.boxOf(desk.plane('axial'));
  await page.mouse.click(box.x + box.width / 2, box.y + box.height / 3);
  expect(await desk.sliceOf('coronal')).not.toBe(coronal);
  const axial = await desk.sliceOf('axial');
  const side = await desk.boxOf(desk.plane('sagittal'));
  await page.mouse.click(side.x + side.width / 2, side.y + side.height / 3);
  expect(await desk.sliceOf('axial')).not.toBe(axial);
  // The wheel over a small plane moves that plane alone.
  const before = [await desk.sliceOf('axial'), await desk.sliceOf('sagittal')];
  await page.mouse.wheel(0, -120);
  await expect.poll(() => desk.sliceOf('sagittal')).toBe((before[1] as number) + 1);
  expect(await desk.sliceOf('axial')).toBe(before[0]);
  await page.getByRole('button', { name: 'Make coronal the large picture' }).click();
  await expect(page.getByRole('button', { name: 'Make axial the large picture' })).toBeVisible();
  await page.getByRole('button', { name: 'Make axial the large picture' }).click();
});

test('outline, fill and map of Iro, and the sides', async () => {
  const { page } = desk;
  await page.getByRole('button', { name: 'Outline', exact: true }).click();
  const outline = await desk.maskPixels();
  await page.getByRole('button', { name: 'Fill', exact: true }).click();
  await expect.poll(() => desk.maskPixels()).toBeGreaterThan(4 * outline);
  await page.getByRole('button', { name: 'Iro map' }).click();
  await expect(page.getByRole('img', { name: /Colours of the reconstruction/ })).toBeVisible();
  await page.getByRole('button', { name: 'Outline', exact: true }).click();

  await expect(desk.stage.locator('.letter.left')).toHaveText('R');
  await page.getByTestId('convention').click();
  await expect(desk.stage.locator('.letter.left')).toHaveText('L');
  // The same point of the screen is on the other side of the patient.
  const box = await desk.boxOf(desk.stage);
  await page.mouse.move(box.x + box.width / 4, box.y + box.height / 2);
  await expect(desk.status).toContainText(/R -\d/);
  await page.getByTestId('convention').click();
  await page.mouse.move(box.x + box.width / 4 + 1, box.y + box.height / 2);
  await expect(desk.status).toContainText(/R \d/);
});

test('painted voxels, and no others, are in the exported mask; undo and redo go through them', async () => {
  const { page, running } = desk;
  const plain = path.join(running.folder, 'plain.nii.gz');
  await desk.exportTo(plain);
  await desk.goTo('Review');

  await page.keyboard.press('e');
  await desk.setBrushRadius(0.5);
  const box = await desk.boxOf(desk.stage);
  const erased: string[] = [];
  for (const [x, y] of [
    [0.45, 0.4],
    [0.5, 0.5],
    [0.55, 0.6],
  ] as const) {
    await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
    erased.push(await desk.voxelUnderPointer());
    await page.mouse.down();
    await page.mouse.up();
  }
  await expect(page.getByTestId('undo')).toHaveAttribute('aria-label', 'Undo: Eraser');
  await expect(page.getByTestId('mask-picker')).toContainText('Edited mask 1');
  // The threshold has no hold over it any more.
  await expect(desk.thresholdSlider).toHaveCount(0);

  const edited = path.join(running.folder, 'edited.nii.gz');
  await desk.exportTo(edited);
  await desk.goTo('Review');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+z');
  await page.keyboard.press('Control+Shift+z');
  const undone = path.join(running.folder, 'undone.nii.gz');
  await desk.exportTo(undone);

  if (oraclePython()) {
    const differences = (to: string): string[] =>
      (JSON.parse(runOracle('maskDifference.py', [plain, to])) as number[][]).map((voxel) => voxel.join(' '));
    expect(differences(edited).sort()).toEqual([...erased].sort());
    expect(differences(undone).sort()).toEqual(erased.slice(0, 2).sort());
  }
});

test('a new threshold makes another mask and leaves the edited one', async () => {
  const { page } = desk;
  await desk.goTo('Review');
  const before = await desk.lesionTotal.textContent();
  await page.getByTestId('new-mask').click();
  await desk.thresholdSlider.fill('1');
  await expect(desk.lesionTotal).toContainText('0 lesions');
  await page.getByTestId('mask-picker').selectOption({ label: 'Edited mask 1, from 0.05' });
  await expect(desk.lesionTotal).toHaveText(before ?? '');
});

test('lesions are gone through with the keyboard', async () => {
  const { page } = desk;
  await page.getByTestId('new-mask').click();
  await desk.thresholdSlider.fill('1');
  await expect(desk.lesionTotal).toContainText('0 lesions');
  // Two lesions of the reader's own, on an empty mask.
  await page.keyboard.press('b');
  await desk.setBrushRadius(3);
  const box = await desk.boxOf(desk.stage);
  for (const x of [0.4, 0.6]) {
    await page.mouse.move(box.x + box.width * x, box.y + box.height / 2);
    await page.mouse.down();
    await page.mouse.up();
  }
  await expect(desk.lesionTotal).toContainText('2 lesions');
  await page.keyboard.press('n');
  await page.keyboard.press('a');
  await page.keyboard.press('r');
  await expect(page.getByTestId('decided')).toHaveText('2 reviewed');
  await expect(desk.messages.filter({ hasText: 'Each lesion of this scan has a verdict.' })).toBeVisible();
  await expect(page.getByTestId('lesion-row').filter({ has: page.locator('.rejected, .on') })).toHaveCount(2);
  await page.getByTestId('lesion-note').fill('check with the T2');
  await page.getByTestId('lesion-note').press('Enter');
  // Taken back, so that the exports below hold every lesion.
  await page.getByRole('button', { name: 'Reject lesion 2' }).click();
  await expect(page.getByTestId('decided')).toHaveText('1 reviewed');
  expect(desk.running.complaints).toEqual([]);
});

test('the mask is compared with the truth, and with any mask on the grid', async () => {
  const { page, running } = desk;
  await page.keyboard.press('Escape');
  await page.getByTestId('show-truth').check();
  const agreement = page.getByTestId('agreement');
  await expect(agreement).toContainText(/Dice 0\.\d\d/);
  // A mask agrees with itself.
  await page.getByTestId('mask-picker').selectOption('');
  await desk.thresholdSlider.fill('0.05');
  await expect(desk.lesionTotal).toContainText(/ml$/);
  const own = path.join(running.folder, 'own.nii.gz');
  await desk.exportTo(own);
  await desk.goTo('Review');
  await desk.answerOpenDialog([own]);
  await page.getByRole('button', { name: 'Other...' }).click();
  await expect(agreement).toContainText('Dice 1.00');
  await expect(agreement).toContainText('0 of');
});

test('scans go into a folder under names by a pattern, and nothing is replaced unasked', async () => {
  const { page, running } = desk;
  const folder = path.join(running.folder, 'exports');
  mkdirSync(folder);
  await desk.goTo('Export');
  await page.getByTestId('export-all').check();
  await page.getByLabel('Iro map (NIfTI)').check();
  await page.getByTestId('export-pattern').fill('{study} {scan}');
  await desk.answerOpenDialog([folder]);
  await page.getByTestId('export-folder').click();
  const stem = 'Sample study sample_with_implanted_lesions';
  await expect(page.getByTestId('export-names')).toContainText(`${stem}_report.html`);
  await page.getByTestId('export-run').click();
  await expect(desk.messages.filter({ hasText: 'Exported 1 scan to exports.' })).toBeVisible({
    timeout: 60_000,
  });
  expect(readdirSync(folder).sort()).toEqual(
    ['_iro.nii.gz', '_lesions.csv', '_mask.json', '_mask.nii.gz', '_report.html'].map((end) => stem + end),
  );
  const report = readFileSync(path.join(folder, `${stem}_report.html`), 'utf8');
  expect(report).toContain('sample_with_implanted_lesions.nii.gz');
  expect(report).toContain('data:image/png;base64,');
  expect(readFileSync(path.join(folder, `${stem}_lesions.csv`), 'utf8')).toMatch(
    /^id,voxels,.*,state,note,by,at\n/,
  );
  await expect(page.getByTestId('export-run')).toBeDisabled();
  await page.getByLabel('Replace 5 files').check();
  await expect(page.getByTestId('export-run')).toBeEnabled();
  if (oraclePython()) {
    const masks = [path.join(running.folder, 'own.nii.gz'), path.join(folder, `${stem}_mask.nii.gz`)];
    expect(JSON.parse(runOracle('maskDifference.py', masks))).toEqual([]);
  }
  expect(running.complaints).toEqual([]);
});
