import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { volumeFromNifti } from '../../shared/volume/nifti';
import { oraclePython, runOracle } from '../helpers/oracles';
import { realData } from '../helpers/realData';
import { Desk } from './support/desk';
import { writeStudy, type WrittenScan } from './support/writtenStudy';

/*
 * The desk on real scans of two patients, with an expert's masks. The map of I_ro is written, so that no training is waited
 * for: bright where the expert saw lesions, and elsewhere a third of the scan's own brightness.
 */
const data = realData();
const folders: string[] = [];

function volume(...parts: string[]): ReturnType<typeof volumeFromNifti> {
  return volumeFromNifti(gunzipSync(readFileSync(path.join(data ?? '', ...parts))));
}

function realScan(patient: string): WrittenScan {
  const scan = volume(patient, 'FLAIR.nii.gz');
  const truth = volume(patient, 'lesions.nii.gz').data;
  let most = 0;
  for (const value of scan.data) most = Math.max(most, value);
  const iro = Float32Array.from(scan.data, (value, i) =>
    value > 0 ? (0.3 * value) / most + (truth[i] ? 0.6 : 0) : 0,
  );
  return {
    name: `${patient}_FLAIR.nii.gz`,
    path: path.join(data ?? '', patient, 'FLAIR.nii.gz'),
    dims: scan.dims,
    affine: scan.affine,
    iro,
    threshold: 0.5,
    truth: path.join(data ?? '', patient, 'lesions.nii.gz'),
  };
}

/** The window with both patients, nothing decided. */
async function openBoth(): Promise<Desk> {
  const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-real-'));
  folders.push(folder);
  writeStudy(folder, 'Two patients', [realScan('patient19'), realScan('patient07')]);
  const desk = await Desk.open(folder);
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toContainText(/lesions, .* ml/, { timeout: 60_000 });
  return desk;
}

test.describe('on real scans', () => {
  test.skip(data === null, 'The set of real MS scans is not here.');
  let desk: Desk;
  test.beforeAll(async () => {
    desk = await openBoth();
  });
  test.afterAll(async () => {
    await desk.close();
    folders.forEach((folder) => rmSync(folder, { recursive: true, force: true }));
  });

  test('the mask follows the threshold on three planes, and agrees with the expert where the map does', async () => {
    const { page } = desk;
    await page.getByTestId('show-truth').check();
    // Left out are only components under ten voxels.
    await expect(page.getByTestId('agreement')).toContainText(/Dice (0\.9[89]|1\.00)/);
    await page.getByTestId('show-truth').uncheck();
    await page.keyboard.press('n');
    const many = await desk.maskPixels();
    expect(many).toBeGreaterThan(50);
    await desk.thresholdSlider.fill('0.95');
    for (const plane of ['axial', 'coronal', 'sagittal'] as const)
      await expect.poll(() => desk.maskPixels(desk.plane(plane))).toBe(0);
    await expect(desk.lesionTotal).toContainText('0 lesions');
    await page.getByTestId('auto-threshold').click();
    await expect.poll(() => desk.maskPixels()).toBe(many);
  });

  test('painted voxels, and no others, are in the mask that nibabel reads; reviewed, it comes back as it was', async () => {
    const { page, running } = desk;
    const plain = path.join(running.folder, 'plain.nii.gz');
    await desk.exportTo(plain);
    await desk.goTo('Review');
    await page.keyboard.press('b');
    await desk.setBrushRadius(0.5);
    const box = await desk.boxOf(desk.stage);
    const painted = new Set<string>();
    // Beside the head, where no lesion is.
    for (const [x, y] of [
      [0.25, 0.12],
      [0.75, 0.1],
      [0.3, 0.92],
    ] as const) {
      await page.mouse.move(box.x + box.width * x, box.y + box.height * y);
      painted.add(await desk.voxelUnderPointer());
      await page.mouse.down();
      await page.mouse.up();
    }
    await page.keyboard.press('Escape');

    await page.getByTestId('lesion-row').first().click();
    await page.keyboard.press('a');
    await page.keyboard.press('f');
    await page.getByTestId('lesion-row').nth(1).click();
    await page.getByTestId('lesion-note').fill('look at the T2');
    await page.getByTestId('lesion-note').press('Enter');
    await desk.stage.focus();
    await page.keyboard.press('s');
    const told = async (of: Desk): Promise<string[]> => [
      (await of.lesionTotal.textContent()) ?? '',
      (await of.page.getByTestId('decided').textContent()) ?? '',
      (await of.page.getByTestId('state-scan').textContent()) ?? '',
    ];
    await expect(page.getByTestId('state-scan')).toContainText('flagged');
    const before = await told(desk);
    const edited = path.join(running.folder, 'patient19_FLAIR_mask.nii.gz');
    await desk.exportTo(edited);
    if (oraclePython()) {
      const differs = JSON.parse(runOracle('maskDifference.py', [plain, edited])) as number[][];
      expect(differs.map((voxel) => voxel.join(' ')).sort()).toEqual([...painted].sort());
    }

    const fresh = await openBoth();
    try {
      await expect(fresh.page.getByTestId('decided')).toHaveText('0 reviewed');
      await fresh.answerOpenDialog([edited]);
      await fresh.choose('review.importMasks');
      await expect(fresh.messages.filter({ hasText: 'Took in 1 mask.' })).toBeVisible();
      await expect.poll(() => told(fresh)).toEqual(before);
      await fresh.page.getByTestId('lesion-row').nth(1).click();
      await expect(fresh.page.getByTestId('lesion-note')).toHaveValue('look at the T2');
      const again = path.join(fresh.running.folder, 'again.nii.gz');
      await fresh.exportTo(again);
      if (oraclePython()) expect(JSON.parse(runOracle('maskDifference.py', [edited, again]))).toEqual([]);
      expect(fresh.running.complaints).toEqual([]);
    } finally {
      await fresh.close();
    }
  });

  test('the report says what it was made with, and who reviewed it', async () => {
    const { page, running } = desk;
    await desk.goTo('Export');
    await page.getByLabel('Reviewed by').fill('Dr. A');
    await page.getByLabel('Reviewed by').press('Enter');
    await desk.goTo('Review');
    await page.getByTestId('lesion-row').first().click();
    await page.keyboard.press('a');
    await page.keyboard.press('a');
    await desk.goTo('Export');
    await desk.answerOpenDialog([running.folder]);
    await page.getByTestId('export-folder').click();
    await page.getByTestId('export-shown').check();
    await page.getByLabel('Mask (NIfTI)').uncheck();
    await page.getByTestId('export-run').click();
    await expect(desk.messages.filter({ hasText: 'Exported 1 scan' })).toBeVisible({ timeout: 60_000 });
    const report = readFileSync(path.join(running.folder, 'patient19_FLAIR_report.html'), 'utf8');
    for (const words of [
      'Model',
      'Preparation',
      'Automatic threshold',
      'A lesion',
      'Dr. A, ',
      'look at the T2',
    ])
      expect(report).toContain(words);
    expect(report.match(/data:image\/png/g)?.length).toBeGreaterThan(2);
  });
});

test('scans of a folder are taken in by patterns, each under its own name and with its own mask', async () => {
  test.skip(data === null, 'The set of real MS scans is not here.');
  const desk = await Desk.open();
  const { page } = desk;
  try {
    await desk.answerOpenDialog([data ?? '']);
    await page.getByRole('button', { name: 'Open a folder of scans...' }).click();
    const preview = page.getByTestId('import-preview');
    // What is likely is filled in already: FLAIR, and lesion masks.
    await expect(preview.getByRole('listitem')).toHaveCount(6);
    await page.getByTestId('pattern-scans').fill('patient*/flair*');
    await expect(preview.getByRole('listitem')).toHaveText([
      /^patient07_FLAIR\.nii\.gz.*lesions: patient07\/lesions\.nii\.gz/,
      /^patient19_FLAIR\.nii\.gz.*lesions: patient19\/lesions\.nii\.gz/,
    ]);
    await page.getByTestId('import-run').click();
    await expect(desk.messages.filter({ hasText: 'Took in 2 scans.' })).toBeVisible({ timeout: 60_000 });
    await expect(desk.scanRows).toContainText(['patient07_', 'patient19_']);
    await page.getByRole('button', { name: /^Scan, grid, spacing/ }).click();
    await page.getByRole('button', { name: /^Scan, grid, spacing/ }).click();
    await expect(desk.scanRows).toContainText(['patient19_', 'patient07_']);
    expect(desk.running.complaints).toEqual([]);
  } finally {
    await desk.close();
  }
});
