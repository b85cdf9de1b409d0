import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { Desk } from '../e2e/support/desk';

/** How long to go on; a round that has begun is ended. */
const minutes = Number(process.env['ASCNET_SOAK_MINUTES'] ?? 10);

/** What the program holds after a round, when its study is closed. */
interface Held {
  readonly megabytes: Readonly<Record<'main' | 'page' | 'engine', number>>;
  /** Open files, sockets and the like, of all processes; null where the system does not tell. */
  readonly handles: number | null;
  readonly diskKilobytes: number;
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const at = path.join(folder, entry.name);
    if (entry.isDirectory()) return sum + sizeOf(at);
    return sum + (statSync(at, { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}

function handlesOf(pid: number): number | null {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return null;
  }
}

async function held(desk: Desk): Promise<Held> {
  const processes = await desk.running.app.evaluate(({ app }) =>
    app
      .getAppMetrics()
      .map(({ pid, type, name, memory }) => ({ pid, type, name, kilobytes: memory.workingSetSize })),
  );
  const sum = (wanted: (one: (typeof processes)[number]) => boolean): number =>
    Math.round(processes.filter(wanted).reduce((all, { kilobytes }) => all + kilobytes, 0) / 1024);
  const handles = processes.map(({ pid }) => handlesOf(pid));
  return {
    megabytes: {
      main: sum(({ type }) => type === 'Browser'),
      page: sum(({ type }) => type === 'Tab'),
      engine: sum(({ name }) => name === 'ASC-Net engine'),
    },
    handles: handles.some((one) => one !== null)
      ? handles.reduce<number>((all, one) => all + (one ?? 0), 0)
      : null,
    // What Chromium keeps of pages it has shown is bounded by itself, and no study.
    diskKilobytes: Math.round(
      ['studies', 'logs']
        .map((name) => path.join(desk.running.folder, 'profile', name))
        .reduce(
          (all, folder) => all + (statSync(folder, { throwIfNoEntry: false }) ? sizeOf(folder) : 0),
          0,
        ) / 1024,
    ),
  };
}

/** Opens, trains, reviews, exports, closes. */
async function round(desk: Desk, number: number): Promise<void> {
  const { page, running } = desk;
  await desk.segmentSample();
  for (const threshold of ['0.4', '0.6', '0.5']) {
    await desk.thresholdSlider.fill(threshold);
    await expect(desk.lesionTotal).toContainText(/lesions?, /);
  }
  await page.keyboard.press('n');
  await page.keyboard.press('b');
  const box = await desk.boxOf(desk.stage);
  for (let stroke = 0; stroke < 10; stroke += 1) {
    await page.mouse.move(box.x + box.width * (0.4 + 0.02 * stroke), box.y + box.height * 0.4);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.6, box.y + box.height * (0.4 + 0.02 * stroke), { steps: 3 });
    await page.mouse.up();
  }
  await expect(page.getByTestId('undo')).toHaveAttribute('aria-label', 'Undo: Brush');
  await page.keyboard.press('Escape');
  const mask = path.join(running.folder, `soak_${number}_mask.nii.gz`);
  await desk.exportTo(mask);
  rmSync(mask);
  rmSync(mask.replace('.nii.gz', '.json'), { force: true });
  await desk.saved();
  const { folder } = JSON.parse(
    readFileSync(path.join(running.folder, 'profile', 'last-study.json'), 'utf8'),
  ) as { folder: string };
  await running.app.evaluate(({ Menu }) => Menu.getApplicationMenu()?.getMenuItemById('study.new')?.click());
  await expect(page.getByText('Open scans to begin')).toBeVisible({ timeout: 60_000 });
  // A study that is closed stays on disk until somebody deletes it, as is done here.
  rmSync(folder, { recursive: true, force: true });
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;

test(`memory, handles and disk stay flat over ${minutes} minutes`, async () => {
  test.setTimeout((minutes + 15) * 60_000);
  const desk = await Desk.open();
  try {
    const all: Held[] = [];
    const until = Date.now() + minutes * 60_000;
    // The first round fills caches that are meant to stay.
    await round(desk, 0);
    for (let number = 1; Date.now() < until || all.length < 3; number += 1) {
      await round(desk, number);
      const now = await held(desk);
      all.push(now);
      const { main, page, engine } = now.megabytes;
      console.log(
        `round ${number}: main ${main} MB, page ${page} MB, engine ${engine} MB, ${now.handles ?? '?'} handles, ${now.diskKilobytes} KB on disk`,
      );
    }
    const third = Math.max(1, Math.floor(all.length / 3));
    const growth = (of: (one: Held) => number): readonly [from: number, to: number] => [
      median(all.slice(0, third).map(of)),
      median(all.slice(-third).map(of)),
    ];
    const total = growth(({ megabytes: { main, page, engine } }) => main + page + engine);
    const handles = growth((one) => one.handles ?? 0);
    const disk = growth((one) => one.diskKilobytes);
    console.log(
      `${all.length} rounds, first to last third (medians): ${total.join(' to ')} MB, ${handles.join(' to ')} handles, ${disk.join(' to ')} KB on disk`,
    );
    expect(total[1]).toBeLessThan(total[0] * 1.15 + 30);
    expect(handles[1]).toBeLessThan(handles[0] + 20);
    // The log may grow until it rotates.
    expect(disk[1]).toBeLessThan(disk[0] + 1024);
    expect(desk.running.complaints).toEqual([]);
  } finally {
    await desk.close();
  }
});
