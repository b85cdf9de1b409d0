import { expect, test, type Locator } from '@playwright/test';
import { Desk } from './support/desk';

let desk: Desk;
test.beforeAll(async () => {
  desk = await Desk.open();
  await desk.openSample();
});
test.afterAll(() => desk.close());

/** Process ids of the engine, as Electron counts its processes. */
function enginePids(): Promise<number[]> {
  return desk.running.app.evaluate(({ app }) =>
    app
      .getAppMetrics()
      .filter(({ name }) => name === 'ASC-Net engine')
      .map(({ pid }) => pid),
  );
}

test('a training can be paused, and stop ends it and keeps the window at work', async () => {
  await desk.goTo('Train');
  await desk.setShortTraining();
  await desk.page.getByTestId('cycles').fill('500');
  await desk.train.click();
  await expect(desk.page.getByTestId('losses')).toContainText(/Reconstruction 0\.\d+/, { timeout: 120_000 });
  const pause = desk.page.getByTestId('pause-training');
  await pause.click();
  await expect(desk.headline).toContainText('Paused:', { timeout: 60_000 });
  await expect(pause).toHaveText('Go on');
  await pause.click();
  await expect(desk.headline).not.toContainText('Paused:', { timeout: 60_000 });
  // Other places work meanwhile.
  await desk.goTo('Data');
  await desk.sliceSlider.fill('60');
  await expect(desk.status).toContainText('slice 60 of 151');
  await desk.page.getByTestId('stop-job').click();
  await desk.goTo('Train');
  await expect(desk.headline).toContainText(/Stopped/, { timeout: 60_000 });
  await expect(desk.train).toBeVisible();
  await expect(desk.page.getByTestId('job-chip').filter({ hasText: 'Training' })).toHaveCount(0);
});

test('a training that was stopped is listed, and goes on with one click', async () => {
  await desk.goTo('Train');
  const entry = desk.page.getByTestId('unfinished-training');
  await expect(entry).toHaveCount(1);
  await expect(entry).toContainText(/Training 1, saved .*cycle \d+ of 500, stage 1, quick, width 1/);
  const cycleOf = async (where: Locator): Promise<number> =>
    Number(/cycle (\d+) of 500/.exec((await where.textContent()) ?? '')?.[1]);
  const stoppedIn = await cycleOf(entry);
  await entry.getByRole('button', { name: 'Continue training 1' }).click();
  await expect(desk.headline).toContainText(/cycle \d+ of 500/, { timeout: 120_000 });
  expect(await cycleOf(desk.headline)).toBeGreaterThanOrEqual(stoppedIn);
  await expect(entry).toHaveCount(0);
  await desk.page.getByTestId('stop-job').click();
  await expect(desk.headline).toContainText(/Stopped/, { timeout: 60_000 });
});

test('a crash of the engine is a message, and the next job starts a fresh one', async () => {
  await desk.goTo('Train');
  await desk.setShortTraining();
  await desk.page.getByTestId('cycles').fill('500');
  await desk.train.click();
  await expect(desk.page.getByTestId('losses')).toContainText(/Reconstruction 0\.\d+/, { timeout: 120_000 });
  await expect(desk.headline).toContainText(/cycle ([2-9]|\d\d+) of 500/, { timeout: 120_000 });
  const [pid] = await enginePids();
  expect(pid).toBeDefined();
  process.kill(pid as number, 'SIGKILL');
  const message = desk.messages.filter({ hasText: 'The engine stopped unexpectedly' });
  await expect(message).toBeVisible();
  await expect(message).toContainText('The training did not finish.');
  await expect(desk.headline).toContainText('The training did not finish.');
  await message.getByRole('button', { name: 'Close this message' }).click();
  // The lock of the dead engine keeps nobody out.
  const again = desk.page.getByTestId('continue-training').first();
  await again.click();
  await expect(desk.headline).toContainText(/cycle \d+ of 500/, { timeout: 120_000 });
  await desk.page.getByTestId('stop-job').click();
  await expect(desk.headline).toContainText(/Stopped/, { timeout: 60_000 });

  await desk.setShortTraining();
  await desk.train.click();
  await expect(desk.headline).toContainText('Finished: 1 cycle', { timeout: 120_000 });
  const [fresh] = await enginePids();
  expect(fresh).not.toBe(pid);
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toContainText(/lesions?, /, { timeout: 120_000 });
});
