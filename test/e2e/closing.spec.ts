import { expect, test } from '@playwright/test';
import { Desk } from './support/desk';

/** Answers the next questions of main with the button of this number, and keeps what was asked. */
async function answerQuestions(desk: Desk, button: number): Promise<void> {
  await desk.running.app.evaluate(({ dialog }, response) => {
    const asked: string[] = [];
    (globalThis as unknown as { asked: string[] }).asked = asked;
    dialog.showMessageBox = ((...args: unknown[]) => {
      asked.push((args.at(-1) as { message: string }).message);
      return Promise.resolve({ response, checkboxChecked: false });
    }) as typeof dialog.showMessageBox;
  }, button);
}

const asked = (desk: Desk): Promise<string[]> =>
  desk.running.app.evaluate(() => (globalThis as unknown as { asked: string[] }).asked);

const isVisible = (desk: Desk): Promise<boolean | undefined> =>
  desk.running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible());

/** Closes the window as a reader does. */
async function closeWindow(desk: Desk): Promise<void> {
  await desk.running.app.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.close());
}

test('closing asks about a running training, which can go on without the window', async () => {
  const desk = await Desk.open();
  const { folder } = desk.running;
  try {
    await desk.openSample();
    await desk.goTo('Train');
    await desk.setShortTraining();
    await desk.page.getByTestId('cycles').fill('500');
    await desk.train.click();
    await expect(desk.page.getByTestId('losses')).toContainText(/Reconstruction 0\.\d+/, {
      timeout: 120_000,
    });

    await answerQuestions(desk, 2);
    await closeWindow(desk);
    await expect.poll(() => asked(desk)).toEqual(['A training is running.']);
    expect(await isVisible(desk)).toBe(true);

    await answerQuestions(desk, 0);
    await closeWindow(desk);
    await expect.poll(() => isVisible(desk)).toBe(false);
    // The page is still there, and the training goes on in it until it is stopped.
    await desk.page.evaluate(() =>
      document.querySelector<HTMLElement>('[data-testid="stop-training"]')?.click(),
    );
    await expect.poll(() => isVisible(desk), { timeout: 120_000 }).toBe(true);
    await expect(desk.headline).toContainText(/Stopped/);
  } finally {
    await desk.close();
  }
  expect(folder).not.toBe('');
});

test('what was decided a moment before the window closes is there again', async () => {
  let desk = await Desk.open();
  const { folder } = desk.running;
  try {
    await desk.openSample();
    await desk.page.getByRole('button', { name: 'Clear' }).click();
    await desk.page.getByRole('button', { name: /^Mark slice/ }).click();
    await expect(desk.referenceCount).toHaveText('1 of 151 slices');
    const program = desk.running.app.process();
    const ended = new Promise((resolve) => program.once('exit', resolve));
    await closeWindow(desk).catch(() => undefined);
    await ended;
    desk = await Desk.open(folder);
    await expect(desk.referenceCount).toHaveText('1 of 151 slices');
  } finally {
    await desk.close();
  }
});
