import { expect, test } from '@playwright/test';
import { Desk } from './support/desk';

let desk: Desk;
test.beforeAll(async () => {
  desk = await Desk.openSegmented();
});
test.afterAll(() => desk.close());

const state = (of: 'slice' | 'scan'): ReturnType<Desk['page']['getByTestId']> =>
  desk.page.getByTestId(`state-${of}`);

test('slices and the scan are gone through with the keyboard, and the table says how far', async () => {
  const { page } = desk;
  await expect(state('scan')).toContainText('not started');
  await desk.sliceSlider.fill('70');
  await expect(state('slice')).toContainText('Slice 70');
  await desk.stage.focus();
  await page.keyboard.press('s');
  await expect(state('slice')).toContainText('Slice 71');
  await page.keyboard.press('Shift+S');
  await expect(state('slice')).toContainText('flagged');
  await expect(state('scan')).toContainText('flagged');
  // What has been looked through or flagged is passed over.
  await desk.sliceSlider.fill('69');
  await desk.stage.focus();
  await page.keyboard.press('w');
  await expect(state('slice')).toContainText('Slice 72');
  await desk.sliceSlider.fill('71');
  await desk.stage.focus();
  await page.keyboard.press('Shift+S');
  await expect(state('scan')).toContainText('in progress');
  await page.keyboard.press('Shift+A');
  await expect(state('scan')).toContainText('done');

  await desk.goTo('Data');
  await expect(desk.scanRows.first()).toContainText('done');
  await expect(desk.scanRows.first().locator('img')).toHaveAttribute('src', /^data:image\/webp/);
  await expect(page.getByTestId('scan-volume')).toHaveText(/\d (ml|mm.)$/);
  await desk.saved();
  await page.reload();
  await expect(desk.scanRows.first()).toContainText('done');
  await desk.goTo('Review');
  await expect(state('slice')).toBeVisible();
  await desk.sliceSlider.fill('70');
  await expect(state('slice')).toContainText('done');
});

test('the least volume and the way in which voxels are joined make the lesions', async () => {
  const { page } = desk;
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toHaveText(/^\d+ lesions?, .* ml$/);
  const before = (await desk.lesionTotal.textContent()) ?? '';
  await desk.thresholdSlider.fill('0.05');
  // What stands there until the new mask has been measured is the old one's.
  await expect(desk.lesionTotal).not.toHaveText(before);
  await expect(desk.lesionTotal).toHaveText(/^\d+ lesions?, .* ml$/);
  const rows = (await desk.lesionTotal.textContent()) ?? '';
  await page.getByTestId('least-volume').fill('100000000');
  await page.getByTestId('least-volume').press('Enter');
  await expect(desk.lesionTotal).toContainText('0 lesions');
  await page.getByTestId('least-volume').fill('10');
  await page.getByTestId('least-volume').press('Enter');
  await expect(desk.lesionTotal).toHaveText(rows);
  await page.getByTestId('connectivity').selectOption('faces');
  await expect(page.getByTestId('connectivity')).toHaveValue('6');
  await expect(desk.lesionTotal).toHaveText(/^\d+ lesions?, .* ml$/);
  expect(desk.running.complaints).toEqual([]);
});
