import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { niftiBytes } from '../../shared/volume/nifti';
import type { Affine, Dims } from '../../shared/volume/volume';
import { Desk } from './support/desk';
import { writeStudy } from './support/writtenStudy';

/*
 * What the viewport draws, against pictures that were looked at when they were made: a phantom on an oblong grid, none of
 * whose sides is like another, so that a flipped, stretched or shifted plane shows.
 * Made anew with: npx playwright test test/e2e/golden.spec.ts --update-snapshots, and looked at again.
 */
const dims: Dims = [72, 90, 24];
const affine: Affine = [-2, 0, 0, 72, 0, 2, 0, -90, 0, 0, 5, -60, 0, 0, 0, 1];
/** A frame of this size, whatever the window and its fonts are like. */
const side = 360;

function phantom(): { scan: Int16Array; iro: Float32Array; truth: Uint8Array } {
  const scan = new Int16Array(dims[0] * dims[1] * dims[2]);
  const iro = new Float32Array(scan.length);
  const truth = new Uint8Array(scan.length);
  for (let z = 0, at = 0; z < dims[2]; z += 1) {
    for (let y = 0; y < dims[1]; y += 1) {
      for (let x = 0; x < dims[0]; x += 1, at += 1) {
        const head = ((x - 36) / 30) ** 2 + ((y - 45) / 40) ** 2 + ((z - 12) / 11) ** 2;
        if (head > 1) continue;
        // Brighter towards the front, and dark at the patient's left.
        scan[at] = 300 + 5 * y - (x > 50 ? 150 : 0);
        iro[at] = 0.2 + y / 300;
        if (Math.hypot(x - 24, y - 60, 2 * (z - 12)) < 9) iro[at] = 0.8;
        if (Math.hypot(x - 28, y - 60, 2 * (z - 12)) < 9) truth[at] = 1;
      }
    }
  }
  return { scan, iro, truth };
}

let desk: Desk;
let folder: string;
test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'asc-net-golden-'));
  const { scan, iro, truth } = phantom();
  const like = { dims, affine, zooms: [2, 2, 5] as const, header: null };
  const file = path.join(folder, 'truth.nii');
  writeFileSync(file, niftiBytes({ dims, data: truth, like, description: '' }));
  writeStudy(folder, 'Phantom', [
    { name: 'phantom.nii', voxels: scan, dims, affine, iro, threshold: 0.6, truth: file },
  ]);
  desk = await Desk.open(folder);
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toContainText(/^1 lesion,/, { timeout: 60_000 });
  await expect(desk.page.getByTestId('show-truth')).toBeVisible();
  // The cross would hide what it goes through.
  await desk.page.keyboard.press('c');
  await desk.page.keyboard.press('n');
});
test.afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The picture of a plane alone, at a size of its own. */
async function picture(plane: 'axial' | 'coronal' | 'sagittal'): Promise<Buffer> {
  const url = await desk.plane(plane).evaluate(async (stage, size) => {
    const { style } = stage as HTMLElement;
    const before = style.cssText;
    Object.assign(style, { position: 'fixed', top: '0', left: '0', width: `${size}px`, height: `${size}px` });
    const canvas = stage.querySelector('canvas') as HTMLCanvasElement;
    const drawn = (): Promise<unknown> =>
      new Promise((resolve) => stage.addEventListener('cornerstoneimagerendered', resolve, { once: true }));
    while (canvas.clientWidth !== size || canvas.width !== size * devicePixelRatio) await drawn();
    await new Promise(requestAnimationFrame);
    const shown = document.createElement('canvas');
    shown.width = size;
    shown.height = size;
    shown.getContext('2d')?.drawImage(canvas, 0, 0, size, size);
    style.cssText = before;
    return shown.toDataURL('image/png');
  }, side);
  return Buffer.from(url.split(',')[1] ?? '', 'base64');
}

/** Edges may be smoothed a little differently elsewhere; a shift by a pixel changes more than this. */
const alike = { threshold: 0.15, maxDiffPixelRatio: 0.004 };

for (const plane of ['axial', 'coronal', 'sagittal'] as const) {
  test(`the outline on the ${plane} plane`, async () => {
    expect(await picture(plane)).toMatchSnapshot(`${plane}-outline.png`, alike);
  });
}

test('the other side first, as neurologists have it', async () => {
  await desk.page.getByTestId('convention').click();
  expect(await picture('axial')).toMatchSnapshot('axial-neurological.png', alike);
  await desk.page.getByTestId('convention').click();
});

test('the fill, the map of Iro, and a truth beside the mask', async () => {
  const { page } = desk;
  await page.getByRole('button', { name: 'Fill', exact: true }).click();
  expect(await picture('axial')).toMatchSnapshot('axial-fill.png', alike);
  await page.getByRole('button', { name: 'Iro map' }).click();
  expect(await picture('axial')).toMatchSnapshot('axial-map.png', alike);
  await page.getByRole('button', { name: 'Outline', exact: true }).click();
  await page.getByTestId('show-truth').check();
  expect(await picture('axial')).toMatchSnapshot('axial-compared.png', alike);
});
