import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, type Page, test } from '@playwright/test';
import type { AxeResults } from 'axe-core';
import { guidePages } from '../../shared/study/guidePages';
import { Desk } from './support/desk';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

let desk: Desk;
test.beforeAll(async () => {
  desk = await Desk.openSegmented();
});
test.afterAll(() => desk.close());

/** What axe finds serious or worse in a window as it is: the rule, and the first place. */
async function faults(page: Page = desk.page): Promise<string[]> {
  // Colours on their way are not the colours to be judged.
  await page.waitForFunction(() =>
    document.getAnimations().every(({ playState, effect }) => {
      const endless = effect?.getTiming().iterations === Infinity;
      return endless || playState !== 'running';
    }),
  );
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() =>
    (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''} ${nodes[0]?.failureSummary ?? ''}`);
}

for (const theme of ['dark', 'light'] as const) {
  test(`axe finds nothing serious in any place (${theme})`, async () => {
    const { page } = desk;
    await desk.setTheme(theme);
    for (const place of ['Data', 'Train', 'Review', 'Export'] as const) {
      await desk.goTo(place);
      expect(await faults(), place).toEqual([]);
    }
    await desk.goTo('Review');
    await page.keyboard.press('b');
    await expect(page.getByTestId('brush-size')).toBeVisible();
    expect(await faults(), 'Review with the brush').toEqual([]);
    await page.keyboard.press('?');
    await expect(page.getByRole('dialog', { name: 'Keys and mouse' })).toBeVisible();
    expect(await faults(), 'Keys').toEqual([]);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('dialog', { name: 'Keys and mouse' })).toBeHidden();
  });
}

test('axe finds nothing serious in any page of the guide', async () => {
  const { app } = desk.running;
  // The guide's own window runs no script, and axe is one: the same pages in another window.
  const opened = app.waitForEvent('window');
  await app.evaluate(({ BrowserWindow }) =>
    new BrowserWindow({ show: false, title: 'axe' }).loadURL('ascnet://guide/index.html'),
  );
  const guide = await opened;
  // A page that is still loading is given up for the next one, which rejects.
  await guide.waitForURL('ascnet://guide/index.html', { waitUntil: 'load' });
  for (const name of guidePages) {
    await guide.goto(`ascnet://guide/${name}.html`);
    await expect(guide.getByRole('heading', { level: 1 })).toHaveCount(1);
    for (const colorScheme of ['light', 'dark'] as const) {
      await guide.emulateMedia({ colorScheme });
      expect(await faults(guide), `${name}, ${colorScheme}`).toEqual([]);
    }
  }
  await guide.close();
});

test('every control of Review is reached with Tab and has a name', async () => {
  const { page } = desk;
  await desk.goTo('Review');
  // However many lesions the sample's mask has, the table is short now.
  await desk.thresholdSlider.fill('1');
  await expect(desk.lesionTotal).toContainText('0 lesions');
  const wanted = ['Data', 'Brush', 'Threshold', 'Crosshair', 'Slice', 'Export mask...'];
  const names = new Set<string>();
  const isFound = (name: string): boolean => [...names].some((found) => found.startsWith(name));
  for (let i = 0; i < 300 && !(i >= 80 && wanted.every(isFound)); i += 1) {
    await page.keyboard.press('Tab');
    names.add(
      await page.evaluate(() => {
        const at = document.activeElement as HTMLElement | null;
        const labels = at instanceof HTMLInputElement || at instanceof HTMLSelectElement ? at.labels : null;
        return (at?.getAttribute('aria-label') || labels?.[0]?.textContent || at?.textContent || '').trim();
      }),
    );
  }
  expect([...names]).not.toContain('');
  for (const name of wanted) expect(isFound(name), name).toBe(true);
});

test('a key that the reader has changed works, and is remembered', async () => {
  const { page } = desk;
  await desk.goTo('Review');
  await page.keyboard.press('?');
  await page.getByRole('button', { name: 'change the key of Eraser' }).click();
  // A key that is taken is not given twice.
  await page.keyboard.press('b');
  await expect(page.getByText('B is the key of: Brush')).toBeVisible();
  await page.keyboard.press('z');
  await expect(page.getByRole('button', { name: 'change the key of Eraser' })).toHaveText('Z');
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.keyboard.press('z');
  await expect(page.getByTestId('tool-eraser')).toHaveAttribute('aria-pressed', 'true');
  await page.reload();
  await desk.goTo('Review');
  await expect(page.getByTestId('tool-eraser')).toBeEnabled({ timeout: 30_000 });
  await page.keyboard.press('z');
  await expect(page.getByTestId('tool-eraser')).toHaveAttribute('aria-pressed', 'true');
  await page.keyboard.press('?');
  await page.getByRole('button', { name: 'All keys as they were' }).click();
  await expect(page.getByRole('button', { name: 'change the key of Eraser' })).toHaveText('E');
});
