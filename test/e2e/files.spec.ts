import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from '@playwright/test';
import { niftiBytes } from '../../shared/volume/nifti';
import { npyBytes } from '../../shared/volume/npy';
import type { Affine, Dims } from '../../shared/volume/volume';
import { Desk } from './support/desk';

/** A small head: a bright ball, anisotropic voxels, x towards the left. */
function smallScan(dims: readonly [number, number, number] = [24, 20, 16]): Uint8Array {
  const [nx, ny, nz] = dims;
  const data = new Int16Array(nx * ny * nz);
  for (let z = 0, at = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      for (let x = 0; x < nx; x += 1, at += 1) {
        const r = Math.hypot(x / nx - 0.5, y / ny - 0.5, z / nz - 0.5);
        data[at] = r < 0.4 ? 500 + 20 * x : 0;
      }
    }
  }
  const affine: Affine = [-2, 0, 0, 24, 0, 2, 0, -20, 0, 0, 3, -24, 0, 0, 0, 1];
  return niftiBytes({ dims, data, like: { dims, affine, zooms: [2, 2, 3], header: null }, description: '' });
}

/** A .npy file of the given header text and data. */
function npy(header: string, data = new Uint8Array(0)): Uint8Array {
  const padded = header.padEnd(117, ' ') + '\n';
  const start = Uint8Array.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length, 0]);
  return Buffer.concat([start, Buffer.from(padded, 'latin1'), data]);
}

let desk: Desk;
let folder: string;

test.beforeAll(async () => {
  desk = await Desk.open();
  folder = path.join(desk.running.folder, 'files');
  mkdirSync(folder);
});
test.afterAll(() => desk.close());

function file(name: string, bytes: Uint8Array | string): string {
  const target = path.join(folder, name);
  writeFileSync(target, bytes);
  return target;
}

const noise = randomBytes(200_000);
const wrong: readonly (readonly [name: string, bytes: () => Uint8Array | string, sentence: RegExp])[] = [
  ['notes.nii.gz', () => 'These are notes, not a scan.\n'.repeat(40), /notes\.nii\.gz is not a NIfTI/],
  [
    'cut.nii.gz',
    () => {
      const whole = gzipSync(Buffer.concat([smallScan(), noise]));
      return whole.subarray(0, Math.floor(whole.length / 30));
    },
    /cut\.nii\.gz is cut short/,
  ],
  ['short.nii', () => smallScan().subarray(0, 2000), /short\.nii is cut short/],
  [
    'words.npy',
    () => npy("{'descr': '<U5', 'fortran_order': False, 'shape': (3,), }", new Uint8Array(60)),
    /words\.npy .*(text|strings)/,
  ],
  [
    'none.npy',
    () => npy("{'descr': '<f4', 'fortran_order': False, 'shape': (0, 160, 160, 1), }"),
    /none\.npy .*(no slices|empty)/,
  ],
  ['nothing.nii', () => '', /nothing\.nii is empty/],
];

for (const [name, bytes, sentence] of wrong) {
  test(`a wrong file gets a sentence and is not half open: ${name}`, async () => {
    await desk.openScans([file(name, bytes())]);
    const message = desk.messages.filter({ hasText: sentence });
    await expect(message).toBeVisible();
    await expect(message).toHaveAttribute('role', 'alert');
    await message.getByRole('button', { name: 'Close this message' }).click();
    await expect(desk.scanRows).toHaveCount(0);
    await expect(desk.page.getByRole('heading', { name: 'Open scans to begin' })).toBeVisible();
  });
}

test('files are dropped together, and a folder without DICOM images is refused', async () => {
  const scan = file('ball.nii', smallScan());
  const zipped = file('ball zipped.nii.gz', gzipSync(smallScan()));
  await desk.drop([scan, zipped]);
  await expect(desk.scanRows).toHaveCount(2);
  await expect(desk.scanRows.first()).toContainText('24 x 20 x 16');
  await expect(desk.scanRows.first()).toContainText('2 x 2 x 3 mm');
  await expect(desk.scanRows.first()).toContainText('LAS');
  await desk.openScans([folder]);
  const refusal = desk.messages.filter({ hasText: 'files holds no DICOM images' });
  await expect(refusal).toBeVisible();
  await refusal.getByRole('button', { name: 'Close this message' }).click();
});

test('the same scan opened again is the same scan', async () => {
  await desk.openScans([path.join(folder, 'ball.nii')]);
  await expect(desk.scanRows).toHaveCount(2);
});

test('several gzip members are one file', async () => {
  const whole = smallScan();
  const parts = [whole.subarray(0, 1000), whole.subarray(1000)].map((part) => gzipSync(part));
  await desk.openScans([file('members.nii.gz', Buffer.concat(parts))]);
  await expect(desk.scanRows).toHaveCount(3);
});

test('a set of slices is opened as a volume, its slices as they lie', async () => {
  const stack = new Float32Array(5 * 32 * 48).map((_, i) => (i % 48) / 48);
  await desk.openScans([file('slices.npy', npyBytes([5, 32, 48, 1], stack))]);
  const row = desk.scanRows.filter({ hasText: 'slices.npy' });
  await expect(row).toContainText('48 x 32 x 5');
  await expect(desk.sliceSlider).toHaveAttribute('max', '5');
});

test('a scan that is taken out comes back with an undo', async () => {
  const rows = await desk.scanRows.count();
  await desk.page.getByRole('button', { name: 'Take slices.npy out of the study' }).click();
  await expect(desk.scanRows).toHaveCount(rows - 1);
  await desk.messages.getByRole('button', { name: 'Undo' }).click();
  await expect(desk.scanRows).toHaveCount(rows);
});

test('the position under the pointer is where the affine says', async () => {
  await desk.page.getByRole('button', { name: 'ball.nii', exact: true }).click();
  await desk.sliceSlider.fill('9');
  const box = await desk.stage.boundingBox();
  if (!box) throw new Error('the stage has no box');
  // Slice 9 is z = 8: -24 + 3 * 8 = 0 mm. The middle of the picture lies between voxels 11 and 12, 9 and 10.
  await desk.page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await expect(desk.status).toContainText(/S 0\.0 mm/);
  await expect(desk.status).toContainText(/R 1\.\d A -1\.\d/);
  await expect(desk.status).toContainText(/voxel 1[12] (9|10) 8/);
  await expect(desk.status).toContainText(/value 7[24]0/);
});

test('a file with several volumes is asked about, and one is opened as a scan of its own', async () => {
  const dims = [6, 5, 4] as const;
  const values = Int16Array.from({ length: 240 }, (_, i) => (i < 120 ? i : 1000 + i));
  const affine = [-2, 0, 0, 5, 0, 2, 0, -4, 0, 0, 3, -5, 0, 0, 0, 1];
  const like = { dims: [6, 5, 8] as Dims, affine, zooms: [2, 2, 3] as const, header: null };
  const bytes = niftiBytes({ dims: like.dims, data: values, like, description: '' });
  const view = new DataView(bytes.buffer);
  [4, ...dims, 2].forEach((value, i) => view.setInt16(40 + 2 * i, value, true));
  const { page } = desk;
  await desk.openScans([file('several.nii', bytes)]);
  const question = page.getByTestId('open-question');
  await expect(question).toContainText('holds 2 volumes');
  await page.getByTestId('volume-number').fill('2');
  await expect(page.getByTestId('open-volume')).toBeDisabled();
  await page.getByTestId('volume-number').fill('1');
  await page.getByTestId('volume-number').press('Enter');
  const row = desk.scanRows.filter({ hasText: 'several_volume-1.nii' });
  await expect(row).toContainText('6 x 5 x 4');
  await expect(desk.messages.filter({ hasText: 'Volume 1 of several.nii is used, of 2.' })).toBeVisible();
  await page.getByRole('button', { name: 'Take several_volume-1.nii out of the study' }).click();

  // An array says nothing about what it is.
  await desk.openScans([
    file(
      'array.npy',
      npyBytes(
        [24, 20, 16],
        new Float32Array(7680).map((_, i) => i % 9),
      ),
    ),
  ]);
  await expect(question).toContainText('24 x 20 x 16');
  await page.getByTestId('open-as-volume').click();
  await expect(desk.scanRows.filter({ hasText: 'array_as-volume.nii' })).toContainText('24 x 20 x 16');
  await page.getByRole('button', { name: 'Take array_as-volume.nii out of the study' }).click();
  // Who closes the question leaves the file out.
  await desk.openScans([file('array.npy', npyBytes([24, 20, 16], new Float32Array(7680)))]);
  await expect(question).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(question).toBeHidden();
  await expect(desk.scanRows.filter({ hasText: 'array' })).toHaveCount(0);
});

test('nothing was written beside the scans', () => {
  expect(readdirSync(folder).filter((name) => /part|tmp/.test(name))).toEqual([]);
  expect(existsSync(path.join(folder, 'ball_mask.nii.gz'))).toBe(false);
});
