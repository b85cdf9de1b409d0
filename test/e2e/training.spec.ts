import { existsSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { Desk } from './support/desk';

let desk: Desk;
test.beforeAll(async () => {
  desk = await Desk.open();
});
test.afterAll(() => desk.close());

/** How many words stand in the guide of the place that is shown. */
async function guideWords(): Promise<number> {
  const text = await desk.page.getByTestId('guide').innerText();
  return text.split(/\s+/).filter((word) => /\w/.test(word)).length;
}

test('the first walk from the sample study to an exported mask takes at most 12 clicks', async () => {
  const { page, running } = desk;
  await page.evaluate(() => {
    const counted = window as unknown as { clicks: number };
    counted.clicks = 0;
    window.addEventListener('click', ({ isTrusted }) => (counted.clicks += Number(isTrusted)), true);
  });
  const mask = path.join(running.folder, 'first_mask.nii.gz');
  await desk.answerSaveDialog(mask);
  let words = 0;

  await page.getByRole('button', { name: 'Open sample study' }).first().click();
  await expect(desk.scanRows).toHaveCount(1, { timeout: 90_000 });
  words += await guideWords();
  await page.getByRole('button', { name: 'Next: Train' }).click();
  words += await guideWords();
  // What the walk itself does not need, and this test has no time for.
  await desk.setShortTraining();
  await desk.train.click();
  await expect(desk.headline).toContainText('Finished', { timeout: 150_000 });
  await page.getByRole('button', { name: 'Next: Review' }).click();
  await expect(desk.lesionTotal).toContainText(/lesions?, /, { timeout: 150_000 });
  words += await guideWords();
  await page.getByRole('button', { name: 'Next: Export' }).click();
  words += await guideWords();
  await page.getByTestId('export-mask').click();
  await expect(desk.messages.filter({ hasText: 'Saved first_mask.nii.gz.' })).toBeVisible();
  expect(existsSync(mask)).toBe(true);

  const clicks = await page.evaluate(() => (window as unknown as { clicks: number }).clicks);
  expect(clicks).toBe(6);
  expect(words).toBeLessThan(200);
});

test('a second run is estimated, looked back on cycle by cycle, and compared with the first', async () => {
  const { page } = desk;
  await desk.goTo('Train');
  await expect(page.getByTestId('estimate')).toContainText(/judged by the last run on this device/);
  await expect(page.getByTestId('runs')).toHaveCount(0);
  await page.getByTestId('cycles').fill('2');
  await desk.train.click();
  await expect(desk.headline).toContainText('Finished: 2 cycles', { timeout: 150_000 });

  const slider = page.getByTestId('cycle-slider');
  const picture = page.getByTestId('previews').getByRole('img').nth(1);
  const drawn = (): Promise<string> =>
    picture.evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());
  await expect(slider).toHaveAttribute('aria-valuetext', 'cycle 2');
  const newest = await drawn();
  await slider.fill('0');
  await expect(slider).toHaveAttribute('aria-valuetext', 'cycle 1');
  await expect.poll(drawn).not.toBe(newest);
  await slider.fill('1');
  await expect.poll(drawn).toBe(newest);

  const columns = page.getByTestId('run-column');
  await expect(columns).toHaveCount(2);
  await expect(columns.first()).toContainText('in use');
  await expect(page.getByTestId('runs')).toContainText('1, all cycles done');
  await expect(page.getByTestId('runs')).toContainText('2, all cycles done');
  await columns
    .last()
    .getByRole('button', { name: /^Segment with Training/ })
    .click();
  await expect(columns).toHaveCount(2);
  await expect(columns.first().getByText('in use')).toBeVisible();
  // Kept with the study.
  await desk.saved();
  await page.reload();
  await desk.goTo('Train');
  await expect(columns).toHaveCount(2);
  // The run in use, of one cycle: what its folder holds of how it was trained.
  await expect(page.getByRole('heading', { name: 'Losses, means of the cycles' })).toBeVisible();
  await expect(page.getByTestId('losses')).toContainText(/Reconstruction\s*0\.\d/);
  await expect(page.getByRole('region', { name: 'Histogram' })).toContainText(/peaks?; /);
  expect(desk.running.complaints).toEqual([]);
});
