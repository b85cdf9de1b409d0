import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { attemptsToLeave, tryToLeave } from '../helpers/network';
import { oraclePython, runOracle } from '../helpers/oracles';
import { Desk } from './support/desk';

interface Described {
  readonly shape: number[];
  readonly affine: string[];
  readonly sform_code: number;
  readonly qform_code: number;
  readonly zooms: string[];
  readonly values: number[];
  readonly set: number;
}

/** The scan of the sample study in a profile's folder. */
function sampleScan(profile: string): string {
  const studies = path.join(profile, 'studies');
  const study = readdirSync(studies)[0] as string;
  return path.join(studies, study, 'sample', 'sample_with_implanted_lesions.nii.gz');
}

test('the sample study, from opening it to a mask that nibabel reads on the same grid', async () => {
  const leftBefore = attemptsToLeave();
  const desk = await Desk.open();
  const { page, running } = desk;
  try {
    await test.step('what is missing is said, with the way to it', async () => {
      await desk.goTo('Review');
      await expect(page.getByRole('heading', { name: 'No scans yet.' })).toBeVisible();
      await page.getByRole('button', { name: 'Go to Data' }).click();
    });

    await test.step('open the sample', async () => {
      await desk.openSample();
      await expect(page.getByRole('heading', { level: 1 })).toHaveText('Sample study');
      await expect(desk.scanRows.first()).toContainText('161 x 191 x 151');
      await expect(page.getByTestId('device-chip')).toContainText(/CPU|GPU/);
    });

    await test.step('page through the slices', async () => {
      const box = await desk.stage.boundingBox();
      if (!box) throw new Error('the stage has no box');
      await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
      const before = Number(await desk.sliceSlider.inputValue());
      await page.mouse.wheel(0, -120);
      await expect(desk.sliceSlider).toHaveValue(String(before + 1));
      await page.keyboard.press('PageDown');
      await expect(desk.sliceSlider).toHaveValue(String(before - 9));
      // The middle of the picture is the middle of the grid, where this scan has its patient's right at -x.
      await expect(desk.status).toContainText(/R -?\d+\.\d A -?\d+\.\d S -?\d+\.\d mm/);
      await expect(desk.status).toContainText(`slice ${before - 9} of 151`);
      for (const letter of ['R', 'L', 'A', 'P']) {
        await expect(desk.stage.getByText(letter, { exact: true })).toBeVisible();
      }
    });

    await test.step('window and level with the right button', async () => {
      const level = desk.stage.getByText(/level \S+ width/);
      const before = await level.textContent();
      const box = await desk.stage.boundingBox();
      if (!box) throw new Error('the stage has no box');
      await page.mouse.move(box.x + 200, box.y + 200);
      await page.mouse.down({ button: 'right' });
      await page.mouse.move(box.x + 260, box.y + 230);
      await page.mouse.up({ button: 'right' });
      await expect(level).not.toHaveText(before ?? '');
    });

    await test.step('mark reference: clear, a slice, a range, a drag over the band', async () => {
      await page.getByRole('button', { name: 'Clear' }).click();
      await expect(desk.referenceCount).toHaveText('0 of 151 slices');
      await page.getByRole('button', { name: /^Mark slice/ }).click();
      await expect(desk.referenceCount).toHaveText('1 of 151 slices');
      await page.getByLabel('First slice of the range').fill('20');
      await page.getByLabel('Last slice of the range').fill('40');
      await page.getByRole('button', { name: 'Mark range', exact: true }).click();
      await expect(desk.referenceCount).toHaveText('22 of 151 slices');
      const band = await page.getByTestId('slice-band').boundingBox();
      if (!band) throw new Error('the band has no box');
      const at = (slice: number): number => band.x + ((slice + 0.5) / 151) * band.width;
      await page.mouse.move(at(100), band.y + 10);
      await page.mouse.down();
      await page.mouse.move(at(109), band.y + 10, { steps: 4 });
      await page.mouse.up();
      await expect(desk.referenceCount).toHaveText('32 of 151 slices');
    });

    await test.step('train, and see it learn', async () => {
      await desk.goTo('Train');
      await desk.setShortTraining();
      await desk.train.click();
      await expect(page.getByTestId('job-chip')).toContainText('Training');
      await expect(page.getByTestId('stop-training')).toBeVisible();
      await expect(page.getByTestId('losses')).toContainText(/Reconstruction 0\.\d+/, { timeout: 120_000 });
      await expect(page.getByTestId('previews')).toBeVisible({ timeout: 120_000 });
      await expect(page.getByTestId('histogram')).toBeVisible();
      await expect(desk.headline).toContainText('Finished: 1 cycle', { timeout: 120_000 });
    });

    await test.step('the threshold moves the mask', async () => {
      await desk.goTo('Review');
      await expect(desk.lesionTotal).toContainText(/lesions?, /, { timeout: 120_000 });
      await desk.thresholdSlider.fill('0.05');
      await expect.poll(() => desk.maskPixels()).toBeGreaterThan(200);
      const many = await desk.maskPixels();
      await expect(desk.lesionTotal).toContainText(/ml$/);
      await desk.thresholdSlider.fill('1');
      await expect(desk.lesionTotal).toContainText('0 lesions');
      await expect.poll(() => desk.maskPixels()).toBe(0);
      // Space held hides the mask, and no longer than that.
      await desk.thresholdSlider.fill('0.05');
      await expect.poll(() => desk.maskPixels()).toBe(many);
      await desk.stage.focus();
      await page.keyboard.down('Space');
      await expect.poll(() => desk.maskPixels()).toBe(0);
      await page.keyboard.up('Space');
      await expect.poll(() => desk.maskPixels()).toBe(many);
      // The automatic one is a click away.
      await page.getByTestId('auto-threshold').click();
      await expect(page.getByText('Automatic threshold')).toBeVisible();
      await page.getByText('Why?').click();
      await expect(
        page
          .getByText(/threshold/i)
          .filter({ hasText: /histogram/i })
          .first(),
      ).toBeVisible();
      await desk.thresholdSlider.fill('0.05');
    });

    const mask = path.join(running.folder, 'mask \u00e4\u00f6\u00fc.nii.gz');
    await test.step('export', async () => {
      await desk.goTo('Export');
      await desk.answerSaveDialog(null);
      await page.getByTestId('export-mask').click();
      await expect(desk.messages).toHaveCount(0, { timeout: 30_000 });
      expect(existsSync(mask)).toBe(false);
      await desk.answerSaveDialog(mask);
      await page.getByTestId('export-mask').click();
      await expect(desk.messages).toContainText('Saved');
      // Written whole: nothing else lies beside it than the JSON that says where it comes from.
      const written = readdirSync(running.folder).filter((name) => name.includes('mask'));
      expect(written.sort()).toEqual([path.basename(mask).replace('.nii.gz', '.json'), path.basename(mask)]);
    });

    if (oraclePython()) {
      const source = sampleScan(path.join(running.folder, 'profile'));
      const [exported, scan] = JSON.parse(runOracle('describeMask.py', [mask, source])) as [
        Described,
        Described,
      ];
      expect(exported.shape).toEqual([161, 191, 151, 1]);
      expect(exported.shape).toEqual(scan.shape);
      expect(exported.affine).toEqual(scan.affine);
      expect(exported.zooms).toEqual(scan.zooms);
      expect([exported.sform_code, exported.qform_code]).toEqual([scan.sform_code, scan.qform_code]);
      expect(exported.values).toEqual([0, 1]);
    }
    expect(running.complaints).toEqual([]);
    // Workers and volumes came from our own scheme, and nothing from anywhere else.
    expect(running.requests.some((url) => url.startsWith('ascnet://file/'))).toBe(true);
    expect(running.requests.filter((url) => !/^(ascnet|blob|data):/.test(url))).toEqual([]);
    // Nor has any other process of it tried.
    if (leftBefore !== null) {
      expect(attemptsToLeave()).toBe(leftBefore);
      await tryToLeave();
      expect(attemptsToLeave()).toBe(leftBefore + 1);
    }
  } finally {
    await desk.close();
  }
});
