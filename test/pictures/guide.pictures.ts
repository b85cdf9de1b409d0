import path from 'node:path';
import { expect, test, type Locator } from '@playwright/test';
import { Desk } from '../e2e/support/desk';
import { resize } from '../e2e/support/launch';

const folder = path.join(import.meta.dirname, '..', '..', 'docs', 'guide', 'pictures');

test('the pictures of the guide, from the sample study', async () => {
  test.setTimeout(900_000);
  const desk = await Desk.open();
  const { page } = desk;
  const picture = async (name: string, of: Locator = page.locator('body')): Promise<void> => {
    // No tooltip, and no message of a moment ago.
    await page.mouse.move(5, 400);
    await expect(desk.messages).toHaveCount(0, { timeout: 60_000 });
    await of.screenshot({ path: path.join(folder, `${name}.png`), animations: 'disabled' });
  };
  try {
    await resize(desk.running, 1280, 800);
    await desk.openSample();
    await page.getByRole('button', { name: 'Close the guide' }).click();
    await picture('data');

    await desk.goTo('Train');
    // One cycle of the preset: minutes, and a mask that looks like one.
    await page.getByTestId('cycles').fill('1');
    await desk.train.click();
    await expect(desk.headline).toContainText('Finished', { timeout: 600_000 });
    await desk.goTo('Review');
    await expect(desk.lesionTotal).toContainText(/[1-9]\d* lesions?, /, { timeout: 150_000 });
    await desk.goTo('Train');
    await picture('train');

    await desk.goTo('Review');
    await page.keyboard.press('n');
    await picture('review');
    await picture('histogram', page.getByRole('region', { name: 'Threshold' }));
    const automatic = await desk.thresholdSlider.inputValue();
    const stage = page.locator('.main-stage');
    await desk.thresholdSlider.fill('0.3');
    await expect.poll(() => desk.maskPixels()).toBeGreaterThan(500);
    await picture('too-much', stage);
    await desk.thresholdSlider.fill('0.97');
    await picture('too-little', stage);
    await desk.thresholdSlider.fill(automatic);

    await desk.goTo('Export');
    await picture('export');
  } finally {
    await desk.close();
  }
});
