import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { strFromU8, unzipSync } from 'fflate';
import { Desk } from './support/desk';
import { launch } from './support/launch';

/** What the page says of itself, also where Playwright has lost it in a crash; nothing where it does not answer in a second. */
function inPage(desk: Desk, script: string): Promise<string> {
  return desk.running.app.evaluate(({ BrowserWindow }, code) => {
    const answer = BrowserWindow.getAllWindows()[0]?.webContents.executeJavaScript(code) as Promise<string>;
    // A page that is crashing never answers.
    return Promise.race([answer, new Promise<string>((resolve) => setTimeout(resolve, 1000, ''))]);
  }, script);
}

const textOf = (testId: string): string =>
  `document.querySelector('[data-testid="${testId}"]')?.textContent ?? ''`;

test('a reload in the middle of a training brings back the study and the training', async () => {
  const desk = await Desk.open();
  try {
    const { page } = desk;
    await desk.openSample();
    await desk.goTo('Train');
    await desk.setShortTraining();
    await page.getByTestId('cycles').fill('500');
    await desk.train.click();
    await expect(desk.headline).toContainText(/cycle \d+ of 500/, { timeout: 120_000 });
    const awake = (): Promise<boolean> =>
      desk.running.app.evaluate(({ powerSaveBlocker }) =>
        [0, 1, 2, 3].some((id) => powerSaveBlocker.isStarted(id)),
      );
    expect(await awake()).toBe(true);
    await desk.saved();

    await page.reload();
    await expect(page.getByTestId('job-chip')).toContainText('Training', { timeout: 30_000 });
    await expect(desk.scanRows).toHaveCount(1);
    await desk.goTo('Train');
    await expect(desk.headline).toContainText(/cycle \d+ of 500/, { timeout: 60_000 });
    // Put to sleep, the machine finds the training held and lets it go on.
    const power = (event: 'suspend' | 'resume'): Promise<boolean> =>
      desk.running.app.evaluate(({ powerMonitor }, name) => powerMonitor.emit(name), event);
    await power('suspend');
    await expect(desk.headline).toContainText('Paused:', { timeout: 60_000 });
    await power('resume');
    await expect(desk.headline).not.toContainText('Paused:', { timeout: 60_000 });
    // The one that is shown again can be held and stopped like any other.
    await page.getByTestId('pause-training').click();
    await expect(desk.headline).toContainText('Paused:', { timeout: 60_000 });
    await page.reload();
    await desk.goTo('Train');
    await expect(page.getByTestId('pause-training')).toHaveText('Go on', { timeout: 30_000 });
    await page.getByTestId('stop-training').click();
    await expect(desk.headline).toContainText('Stopped', { timeout: 60_000 });
    await expect.poll(awake).toBe(false);
    expect(desk.running.complaints).toEqual([]);
  } finally {
    await desk.close();
  }
});

test('the study is there again after the page has crashed, with every mark', async () => {
  const desk = await Desk.open();
  try {
    await desk.openSample();
    const marked = await desk.referenceCount.textContent();
    await desk.saved();
    await desk.running.app.evaluate(({ BrowserWindow }) =>
      BrowserWindow.getAllWindows()[0]?.webContents.forcefullyCrashRenderer(),
    );
    await expect
      .poll(() => inPage(desk, textOf('reference-count')).catch(() => ''), { timeout: 30_000 })
      .toBe(marked);
    await expect
      .poll(() => inPage(desk, textOf('message')))
      .toContain('The window had crashed and was started again.');
    const logs = path.join(desk.running.folder, 'profile', 'logs');
    expect(readFileSync(path.join(logs, 'asc-net.log'), 'utf8')).toContain('the page ended: ');
  } finally {
    await desk.close();
  }
});

test('the first start has a tour that blocks nothing, is led by keys, and comes once', async () => {
  let running = await launch(undefined, { firstStart: true });
  try {
    const tour = running.page.getByTestId('tour');
    await expect(tour).toContainText('not a medical device');
    await expect(tour).toContainText('1 of 5');
    // The window works meanwhile.
    await running.page.getByRole('button', { name: 'Export', exact: true }).click();
    await running.page.getByRole('button', { name: 'Data', exact: true }).click();
    const next = tour.getByRole('button', { name: 'Next' });
    await next.focus();
    await running.page.keyboard.press('Enter');
    await expect(tour).toContainText('2 of 5');
    for (const step of ['3 of 5', '4 of 5', '5 of 5']) {
      await next.press('Enter');
      await expect(tour).toContainText(step);
    }
    await tour.getByRole('button', { name: 'Back' }).press('Enter');
    await tour.getByTestId('skip-tour').press('Enter');
    await expect(tour).toBeHidden();
    await running.page.reload();
    await running.page.locator('.desk').waitFor();
    await expect(running.page.getByTestId('device-chip')).not.toContainText('Looking');
    await expect(tour).toHaveCount(0);
    expect(running.complaints).toEqual([]);
  } finally {
    await running.close();
  }
  // Damaged settings are set aside, and said.
  running = await launch();
  const profile = path.join(running.folder, 'profile');
  await running.app.evaluate(({ app }) => app.exit(0)).catch(() => undefined);
  writeFileSync(path.join(profile, 'settings.json'), '{"theme":');
  running = await launch(running.folder);
  try {
    await expect(running.page.getByTestId('message')).toContainText('set aside as settings.broken.json');
    expect(readdirSync(profile)).toContain('settings.broken.json');
  } finally {
    await running.close();
  }
});

test('F1 opens the guide, and an error leads to its entry there', async () => {
  const desk = await Desk.open();
  try {
    const { page, running } = desk;
    const guide = (): Promise<{ url: string; text: string } | null> =>
      running.app.evaluate(({ BrowserWindow }) => {
        const found = BrowserWindow.getAllWindows().find(({ webContents }) =>
          webContents.getURL().startsWith('ascnet://guide/'),
        );
        return found ? { url: found.webContents.getURL(), text: found.getTitle() } : null;
      });
    await page.keyboard.press('F1');
    await expect.poll(guide).toMatchObject({ url: 'ascnet://guide/index.html' });
    const broken = path.join(running.folder, 'Anna Berg.nii');
    writeFileSync(broken, 'no NIfTI');
    await desk.openScans([broken]);
    await expect(desk.messages.filter({ hasText: 'Anna Berg.nii' })).toBeVisible();
    await desk.messages.filter({ hasText: 'Anna Berg.nii' }).getByText('Help').click();
    await expect.poll(async () => (await guide())?.url).toMatch(/troubleshooting\.html#[a-z-]+$/);

    // What is reported is what is shown, and names nobody.
    await running.app.evaluate(({ Menu }) =>
      Menu.getApplicationMenu()?.getMenuItemById('help.report')?.click(),
    );
    await expect(page.getByTestId('report-file').first()).toBeVisible();
    const shown = await page
      .getByTestId('report-file')
      .evaluateAll((all) => all.map((each) => each.querySelector('pre')?.textContent ?? ''));
    await page.getByTestId('report-note').fill('It broke.');
    const zip = path.join(running.folder, 'report.zip');
    await desk.answerSaveDialog(zip);
    await page.getByTestId('save-report').click();
    await expect(desk.messages.filter({ hasText: 'Saved report.zip' })).toBeVisible();
    const files = Object.entries(unzipSync(readFileSync(zip))).map(([, bytes]) => strFromU8(bytes));
    expect(files).toEqual([...shown, 'It broke.\n']);
    expect(files.join()).toContain('Electron: ');
    expect(files.join()).not.toMatch(/Anna|Berg/);
    expect(files.join()).not.toContain(running.folder);
  } finally {
    await desk.close();
  }
});
