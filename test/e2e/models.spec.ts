import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { Desk } from './support/desk';
import { ownFolder } from './support/ownFolder';

const folder = ownFolder('models');
const made = path.join(folder, 'made');
const launcher = path.resolve(import.meta.dirname, '..', '..', 'bin', 'asc-net.mjs');
let desk: Desk;

test.beforeAll(async () => {
  const size = ['--size', '32', '32', '--width', '1'];
  const { status, stderr } = spawnSync(process.execPath, [launcher, 'create', '--out', made, ...size], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  desk = await Desk.open();
  await desk.openSample();
});
test.afterAll(async () => {
  await desk.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Chooses an item of the application menu. */
function choose(id: string): Promise<void> {
  return desk.running.app.evaluate(({ Menu }, item) => {
    Menu.getApplicationMenu()?.getMenuItemById(item)?.click();
  }, id);
}

test('a Keras model comes in, segments, and goes out as the three files', async () => {
  await desk.answerOpenDialog([path.join(made, 'disjoint_un_sup_mse_discriminator.h5')]);
  await choose('model.import');
  const refusal = desk.messages.filter({ hasText: 'holds a discriminator alone' });
  await expect(refusal).toBeVisible({ timeout: 60_000 });
  await refusal.getByRole('button', { name: 'Close this message' }).click();

  await desk.answerOpenDialog([path.join(made, 'disjoint_un_sup_mse_generator.h5')]);
  await choose('model.import');
  await expect(
    desk.messages.filter({ hasText: 'segmented with disjoint_un_sup_mse_generator.h5' }),
  ).toBeVisible({ timeout: 60_000 });

  await desk.goTo('Export');
  await desk.page.getByRole('button', { name: 'Segment this scan' }).click();
  await expect(desk.page.getByTestId('export-mask')).toBeVisible({ timeout: 120_000 });

  const out = path.join(folder, 'out');
  await desk.answerOpenDialog([out]);
  await desk.page.getByTestId('export-model').click();
  await expect(desk.messages.filter({ hasText: 'Saved disjoint_un_sup_mse_generator.h5' })).toBeVisible({
    timeout: 60_000,
  });
  expect(readdirSync(out).sort()).toEqual(readdirSync(made).sort());
});
