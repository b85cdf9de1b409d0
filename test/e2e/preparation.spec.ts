import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { niftiBytes } from '../../shared/volume/nifti';
import type { Dims, Triple } from '../../shared/volume/volume';
import { ballScan } from '../helpers/ballScan';
import { Desk } from './support/desk';
import { ownFolder } from './support/ownFolder';

const folder = ownFolder('preparation');
const at = (name: string): string => path.join(folder, name);
let desk: Desk;

/** A head of one ball on a grid; and the right half of it as a brain mask, on that grid or another. */
function write(name: string, half: boolean, dims?: Dims, zooms?: Triple): void {
  const { like, scan } = ballScan(dims, zooms);
  const data = half
    ? Uint8Array.from(scan, (value, i) => Number(value > 0 && i % like.dims[0] < like.dims[0] / 2))
    : scan;
  writeFileSync(at(name), niftiBytes({ dims: like.dims, data, like, description: 'test' }));
}

test.beforeAll(async () => {
  write('scan.nii', false);
  write('t1.nii', false);
  write('half.nii', true, [130, 120, 70], [1, 1, 1]);
  desk = await Desk.open();
  await desk.openScans([at('scan.nii')]);
  await expect(desk.scanRows).toHaveCount(1);
});
test.afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

test('each step of the preparation is a picture, and follows what is chosen', async () => {
  const { page } = desk;
  await page.getByTestId('show-preparation').click();
  const pictures = page.getByTestId('preparation-pictures').getByRole('img');
  await expect(pictures).toHaveCount(5);
  const summary = page.getByTestId('preparation-summary');
  await expect(summary).toContainText(/axial slices of 160 x 160 pixels of 0\.\d+ mm, fitted to the brain/);
  await page.getByTestId('pixel-choice').selectOption('spacing');
  await page.getByTestId('pixel-mm').fill('1.5');
  await page.getByTestId('pixel-mm').press('Tab');
  await expect(summary).toContainText('pixels of 1.5 mm, the common spacing');

  // The plane: what is marked as reference are slices of it, and goes with it.
  await page.getByRole('button', { name: 'Mark whole volume' }).click();
  await expect(desk.referenceCount).toHaveText('12 of 12 slices');
  await page.getByTestId('plane-choice').selectOption('coronal');
  await expect(summary).toContainText('50 coronal slices');
  await expect(desk.referenceCount).toHaveText('0 of 50 slices');
  await expect(desk.sliceSlider).toHaveAttribute('max', '50');
  await desk.messages.getByRole('button', { name: 'Undo' }).click();
  await expect(desk.referenceCount).toHaveText('12 of 12 slices');
  await expect(summary).toContainText('12 axial slices');
});

test('a brain mask on another grid is shown with both, and resampled where that is wanted', async () => {
  const { page } = desk;
  // The reader says no to the first question and yes to the second.
  await desk.running.app.evaluate(({ dialog }) => {
    const asked: string[] = [];
    Object.assign(globalThis, { asked });
    dialog.showMessageBox = (...args: unknown[]) => {
      asked.push((args.at(-1) as { detail?: string }).detail ?? '');
      return Promise.resolve({ response: asked.length === 1 ? 1 : 0, checkboxChecked: false });
    };
  });
  await desk.answerOpenDialog([at('half.nii')]);
  await page.getByTestId('open-brain').click();
  await page.getByTestId('open-brain').click();
  await expect(page.getByTestId('brain-mask')).toHaveText('half_resampled.nii.gz');
  await expect(page.getByTestId('preparation-summary')).toContainText('Brain: from your file.');
  const asked = await desk.running.app.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);
  expect(asked).toHaveLength(2);
  expect(asked[0]).toMatch(
    /half\.nii lies on another grid than scan\.nii: 130x120x70 voxels of 1x1x1 mm .* against 60x50x12 voxels of 2x2\.5x5 mm/,
  );
});

test('a T1 on the scan’s grid is a further channel, of the pictures, the training and the segmentation', async () => {
  const { page } = desk;
  await page.getByTestId('plane-choice').selectOption('auto');
  await page.getByTestId('contrast-choice').selectOption('T1');
  await expect(page.getByTestId('contrast-T1')).toHaveText('missing');
  await expect(desk.referenceCount).toHaveText('12 of 12 slices');
  await desk.goTo('Train');
  await expect(page.getByText('The T1 of scan.nii is missing.')).toBeVisible();
  await expect(desk.train).toHaveCount(0);

  await desk.goTo('Data');
  await page.getByTestId('show-preparation').click();
  await desk.answerOpenDialog([at('half.nii')]);
  await page.getByTestId('open-T1').click();
  await expect(desk.messages).toContainText('The T1 lies on another grid than the scan');
  await expect(page.getByTestId('contrast-T1')).toHaveText('missing');
  await desk.answerOpenDialog([at('t1.nii')]);
  await page.getByTestId('open-T1').click();
  await expect(page.getByTestId('contrast-T1')).toHaveText('t1.nii');
  await expect(page.getByText('T1, normalised')).toBeVisible();

  // Without it the run would refuse the scan: it was trained with two channels.
  await desk.trainShortly();
  await page.reload();
  await desk.goTo('Data');
  await expect(page.getByTestId('contrast-T1')).toHaveText('t1.nii');
});
