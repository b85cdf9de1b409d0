import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { niftiBytes } from '../../shared/volume/nifti';
import { ballScan } from '../helpers/ballScan';
import { Desk } from './support/desk';
import { ownFolder } from './support/ownFolder';

const folder = ownFolder('adapting');
let desk: Desk;

test.beforeAll(async () => {
  const { like, scan } = ballScan();
  const file = path.join(folder, 'scan.nii');
  writeFileSync(file, niftiBytes({ dims: like.dims, data: scan, like, description: 'test' }));
  desk = await Desk.open();
  await desk.openScans([file]);
  await expect(desk.scanRows).toHaveCount(1);
});
test.afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Marks slices of the selected scan as healthy, counted from 1. */
async function markHealthy(first: number, last: number): Promise<void> {
  await desk.goTo('Data');
  await desk.page.getByLabel('First slice of the range').fill(String(first));
  await desk.page.getByLabel('Last slice of the range').fill(String(last));
  await desk.page.getByRole('button', { name: 'Mark range', exact: true }).click();
}

test('levels without a healthy slice are drawn, and adapting to the scan takes the warning away', async () => {
  test.setTimeout(240_000);
  const { page } = desk;
  // The lowest 15 mm of a head of 60 mm.
  await markHealthy(1, 3);
  await desk.goTo('Train');
  await page.getByText('MS FLAIR', { exact: true }).click();
  await page.getByTestId('all-settings').click();
  for (const [name, value] of [
    ['generatorSlices', '8'],
    ['discriminatorSlices', '4'],
    ['pastedBatch', '2'],
  ] as const) {
    await page.getByTestId(`setting-${name}`).fill(value);
    await page.getByTestId(`setting-${name}`).press('Tab');
  }
  await desk.trainShortly();
  const doubts = page.getByTestId('doubts');
  await expect(doubts).toContainText('no healthy slice');
  await expect(doubts.getByRole('group')).toBeVisible();
  await expect(doubts.getByRole('button', { name: /^Go to slice/ })).not.toHaveCount(0);
  await expect(page.getByTestId('adapt-offer')).toContainText('3 slices of it are marked');

  await markHealthy(4, 12);
  await desk.goTo('Review');
  await expect(page.getByTestId('adapt-offer')).toContainText('12 slices of it are marked');
  await page.getByTestId('adapt').click();
  // A new run, and the scan segmented with it: its own levels are known to it.
  await expect(doubts).not.toContainText('no healthy slice', { timeout: 200_000 });
  await desk.goTo('Train');
  await expect(page.getByTestId('run-column')).toHaveCount(2);
  expect(desk.running.complaints).toEqual([]);
});
