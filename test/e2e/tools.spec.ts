import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { PNG } from 'pngjs';
import { niftiBytes } from '../../shared/volume/nifti';
import { ballScan } from '../helpers/ballScan';
import { oraclePython, runOracle } from '../helpers/oracles';
import { Desk } from './support/desk';

let desk: Desk;
test.beforeAll(async () => {
  desk = await Desk.openSegmented();
  // Lesions of the reader's own, on an empty mask.
  await desk.thresholdSlider.fill('1');
  await expect(desk.lesionTotal).toContainText('0 lesions');
});
test.afterAll(() => desk.close());

/** Drags the left button over the large picture, in shares of its size. */
async function drag(from: readonly [number, number], to: readonly [number, number]): Promise<void> {
  const { page } = desk;
  const box = await desk.boxOf(desk.stage);
  await page.mouse.move(box.x + box.width * from[0], box.y + box.height * from[1]);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * to[0], box.y + box.height * to[1], { steps: 5 });
  await page.mouse.up();
}

/** What the application menu calls an item. */
function menuLabel(id: string): Promise<string | undefined> {
  return desk.running.app.evaluate(
    ({ Menu }, wanted) => Menu.getApplicationMenu()?.getMenuItemById(wanted)?.label,
    id,
  );
}

test('a line splits a lesion, and the menu says what undo would take back', async () => {
  const { page } = desk;
  const undo = page.getByTestId('undo');
  await desk.sliceSlider.fill('76');
  await page.keyboard.press('b');
  await desk.setBrushRadius(5);
  await drag([0.4, 0.5], [0.6, 0.5]);
  await expect(desk.lesionTotal).toHaveText(/^1 lesion,/);
  await page.keyboard.press('l');
  // Not right across: nothing is changed.
  await drag([0.5, 0.2], [0.5, 0.3]);
  await expect(desk.messages.filter({ hasText: 'Nothing was split' })).toBeVisible();
  await expect(undo).toHaveAttribute('aria-label', 'Undo: Brush');
  await drag([0.5, 0.3], [0.5, 0.7]);
  await expect(desk.lesionTotal).toHaveText(/^2 lesions,/);
  await expect(undo).toHaveAttribute('aria-label', 'Undo: Split');
  await expect.poll(() => menuLabel('edit.undo')).toBe('Undo: Split');
  await page.keyboard.press('Control+z');
  await expect(desk.lesionTotal).toHaveText(/^1 lesion,/);
  await expect.poll(() => menuLabel('edit.undo')).toBe('Undo: Brush');
  await expect.poll(() => menuLabel('edit.redo')).toBe('Redo: Split');
});

test('the slices between two outlines are filled', async () => {
  const { page } = desk;
  await desk.sliceSlider.fill('80');
  await desk.stage.focus();
  await page.keyboard.press('b');
  await drag([0.4, 0.5], [0.6, 0.5]);
  await expect(desk.lesionTotal).toHaveText(/^2 lesions,/);
  await page.keyboard.press('i');
  await expect(desk.lesionTotal).toHaveText(/^1 lesion,/);
  await expect(page.getByTestId('undo')).toHaveAttribute('aria-label', 'Undo: Fill between slices');
  // Outlines that are alike are joined by three more of the same.
  await desk.sliceSlider.fill('78');
  await expect.poll(() => desk.maskPixels()).toBeGreaterThan(100);
  await page.keyboard.press('Escape');
});

test('an exported mask that is taken in again is the same mask', async () => {
  const { page, running } = desk;
  const before = (await desk.lesionTotal.textContent()) ?? '';
  const file = path.join(running.folder, 'sample_with_implanted_lesions_mask.nii.gz');
  await desk.exportTo(file);
  await desk.goTo('Review');
  await page.getByTestId('new-mask').click();
  await expect(desk.lesionTotal).not.toHaveText(before);
  await desk.answerOpenDialog([file]);
  await desk.choose('review.importMasks');
  await expect(desk.messages.filter({ hasText: 'Took in 1 mask.' })).toBeVisible();
  await expect(page.getByTestId('mask-picker')).toContainText('Edited mask 2');
  await expect(desk.lesionTotal).toHaveText(before);
  const again = path.join(running.folder, 'again.nii.gz');
  await desk.exportTo(again);
  await desk.goTo('Review');
  if (oraclePython()) expect(JSON.parse(runOracle('maskDifference.py', [file, again]))).toEqual([]);
});

test('the large picture is saved as PNG, mask and all', async () => {
  const { page, running } = desk;
  const file = path.join(running.folder, 'picture');
  await desk.answerSaveDialog(file);
  await desk.stage.focus();
  await page.keyboard.press('Control+Shift+E');
  await expect(desk.messages.filter({ hasText: 'Saved picture.png.' })).toBeVisible();
  const { width, height, data } = PNG.sync.read(readFileSync(`${file}.png`));
  const box = await desk.boxOf(desk.stage);
  expect(Math.abs(width - box.width)).toBeLessThan(2);
  expect(height).toBeGreaterThan(box.height);
  let orange = 0;
  for (let i = 0; i < data.length; i += 4)
    if ((data[i] as number) - (data[i + 2] as number) > 60) orange += 1;
  expect(orange).toBeGreaterThan(100);
});

test('a report is printed as PDF', async () => {
  const { page, running } = desk;
  const folder = path.join(running.folder, 'reports');
  mkdirSync(folder);
  await desk.goTo('Export');
  await page.getByTestId('export-all').check();
  await page.getByLabel('Report (HTML)').uncheck();
  await page.getByLabel('Mask (NIfTI)').uncheck();
  await page.getByLabel('Lesion table (CSV)').uncheck();
  await page.getByLabel('Report (PDF)').check();
  await desk.answerOpenDialog([folder]);
  await page.getByTestId('export-folder').click();
  await page.getByTestId('export-run').click();
  await expect(desk.messages.filter({ hasText: 'Exported 1 scan to reports.' })).toBeVisible({
    timeout: 60_000,
  });
  const pdf = readFileSync(path.join(folder, 'sample_with_implanted_lesions_report.pdf'));
  expect(pdf.subarray(0, 5).toString('latin1')).toBe('%PDF-');
  // The lesion's picture is in it.
  expect(pdf.toString('latin1')).toContain('/Subtype /Image');
  expect(running.complaints).toEqual([]);
});

test('a mask on another grid is taken in over a question that shows both grids', async () => {
  const { page, running } = desk;
  await running.app.evaluate(({ dialog }) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = (...args: unknown[]) => {
      asked.push((args.at(-1) as { detail?: string }).detail ?? '');
      return Promise.resolve({ response: asked.length === 1 ? 1 : 0, checkboxChecked: false });
    };
  });
  const { like, truth } = ballScan();
  const file = path.join(running.folder, 'elsewhere.nii');
  writeFileSync(file, niftiBytes({ dims: like.dims, data: truth, like, description: '' }));
  await desk.answerOpenDialog([file]);
  const takeIn = (): Promise<void> =>
    running.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()?.getMenuItemById('review.importMasks')?.click(),
    );
  const asked = (): Promise<string[]> =>
    running.app.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
  await desk.goTo('Review');
  await takeIn();
  await expect.poll(asked).toHaveLength(1);
  expect((await asked())[0]).toMatch(
    /elsewhere\.nii lies on another grid than .*voxels of .* against 161x191x151/,
  );
  await takeIn();
  await expect(page.getByTestId('mask-picker')).toContainText(/Edited mask \d/);
  // The ball of the mask's own grid.
  await expect(desk.lesionTotal).toHaveText(/^1 lesion, [23]\.\d+ ml$/);
});
