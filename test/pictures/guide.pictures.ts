import path from 'node:path';
import { expect, test, type Locator } from '@playwright/test';
import { root } from '../../scripts/paths.mjs';
import { Desk } from '../e2e/support/desk';
import { resize } from '../e2e/support/launch';

const folder = path.join(root, 'docs', 'guide', 'pictures');

test('the pictures of the guide and of the README, from the sample study', async () => {
  test.setTimeout(900_000);
  const desk = await Desk.open();
  const { page } = desk;
  const picture = async (name: string, of: Locator = page.locator('body'), to = folder): Promise<void> => {
    // No tooltip, and no message of a moment ago.
    await page.mouse.move(5, 400);
    await expect(desk.messages).toHaveCount(0, { timeout: 60_000 });
    await of.screenshot({ path: path.join(to, `${name}.png`), animations: 'disabled' });
  };
  try {
    await resize(desk.running, 1280, 800);
    await desk.openSample();
    await page.getByRole('button', { name: 'Close the guide' }).click();
    await picture('data');

    await desk.goTo('Train');
    // The preset as a reader has it: minutes, and the mask that he will see.
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
    await desk.goTo('Export');
    await picture('export');
    await desk.goTo('Review');
    const automatic = await desk.thresholdSlider.inputValue();
    const stage = page.locator('.main-stage');
    /** Moves the threshold by so much at a time until the mask in the picture is what it should be. */
    const moveUntil = async (by: number, reached: (pixels: number) => boolean): Promise<void> => {
      for (let at = Number(automatic) + by; at > 0 && at < 1; at += by) {
        await desk.thresholdSlider.fill(at.toFixed(2));
        await desk.saved();
        if (reached(await desk.maskPixels())) return;
      }
      throw new Error('no threshold makes such a mask');
    };
    const marked = await desk.maskPixels();
    await moveUntil(-0.05, (pixels) => pixels > 2.5 * marked);
    await picture('too-much', stage);
    await moveUntil(0.01, (pixels) => pixels < marked / 2);
    await picture('too-little', stage);

    // Two verdicts, and a stroke: the mask is a reader's own from then on.
    await page.keyboard.press('n');
    await page.keyboard.press('a');
    await page.keyboard.press('f');
    await page.keyboard.press('b');
    const box = await desk.boxOf(desk.stage);
    await page.mouse.move(box.x + box.width * 0.42, box.y + box.height * 0.42);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.46, box.y + box.height * 0.45, { steps: 5 });
    await page.mouse.up();
    await desk.saved();
    await picture('screenshot-review', undefined, path.join(root, 'resources'));
  } finally {
    await desk.close();
  }
});
