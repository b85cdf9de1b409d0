import { linkSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { test, type Page } from '@playwright/test';
import type { Affine } from '../../shared/volume/volume';
import { Desk } from '../e2e/support/desk';
import { resize } from '../e2e/support/launch';
import { writeStudy } from '../e2e/support/writtenStudy';

/*
 * How long the window takes to answer the hand, measured inside it: from the event to the frame in which every picture
 * that the event changes has been drawn. Printed with the machine; nothing fails, for how fast is enough depends on it.
 */
const size = 256;
const affine: Affine = [-1, 0, 0, 128, 0, 1, 0, -128, 0, 0, 1, -128, 0, 0, 0, 1];

/** A ball with textured inside, and a map with a hundred bright spots in it. */
function volumes(): { scan: Int16Array; iro: Float32Array } {
  const scan = new Int16Array(size ** 3);
  const iro = new Float32Array(size ** 3);
  for (let z = 0, at = 0; z < size; z += 1) {
    for (let y = 0; y < size; y += 1) {
      for (let x = 0; x < size; x += 1, at += 1) {
        if (Math.hypot(x - 128, y - 128, z - 128) > 110) continue;
        scan[at] = 400 + ((x * 7 + y * 13 + z * 5) % 97);
        iro[at] = (x >> 3) % 5 === 2 && (y >> 3) % 5 === 2 && (z >> 3) % 5 === 2 ? 0.8 : 0.3;
      }
    }
  }
  return { scan, iro };
}

/** A study of so many scans, the first of them with its result; the others are its file under other names. */
function writeBench(folder: string, scans: number): void {
  const { scan, iro } = volumes();
  const grid = { dims: [size, size, size], affine } as const;
  const others = Array.from({ length: scans - 1 }, (_, i) => ({ name: `scan${i + 1}.nii`, ...grid }));
  const study = writeStudy(folder, 'Bench', [
    { name: 'scan.nii', voxels: scan, iro, threshold: 0.6, ...grid },
    ...others,
  ]);
  for (const { name } of others) linkSync(path.join(study, 'scan.nii'), path.join(study, name));
}

/**
 * From here on each event of a kind (as Chromium hands it to the page, at the start of a frame) is measured until so many
 * pictures have been drawn after it; null: all that the first frame after it draws.
 */
async function watch(
  page: Page,
  kind: 'wheel' | 'pointermove' | 'input',
  pictures: number | null,
): Promise<void> {
  await page.evaluate(
    ([type, wanted]) => {
      const probe = {
        times: [] as number[],
        from: 0,
        took: 0,
        drawn: new Set<EventTarget>(),
        stop: new AbortController(),
      };
      (window as unknown as { probe: typeof probe }).probe = probe;
      const options = { capture: true, signal: probe.stop.signal };
      window.addEventListener(
        type,
        () => {
          if (probe.from !== 0) return;
          probe.from = performance.now();
          probe.drawn.clear();
        },
        options,
      );
      document.addEventListener(
        'cornerstoneimagerendered',
        ({ target }) => {
          if (probe.from === 0 || !target) return;
          probe.drawn.add(target);
          const took = performance.now() - probe.from;
          if (wanted === null && probe.drawn.size === 1) {
            // Each picture is drawn in a callback of the frame; tasks come after all of them.
            setTimeout(() => {
              probe.times.push(probe.took);
              probe.from = 0;
            });
          }
          probe.took = took;
          if (wanted === null || probe.drawn.size < wanted) return;
          probe.times.push(took);
          probe.from = 0;
        },
        options,
      );
    },
    [kind, pictures] as const,
  );
}

/** What was measured, in order, in ms. */
async function measured(page: Page): Promise<number[]> {
  const times = await page.evaluate(() => {
    const { probe } = window as unknown as { probe: { times: number[]; stop: AbortController } };
    probe.stop.abort();
    return probe.times;
  });
  return times.sort((a, b) => a - b);
}

/** What all processes of the program have in memory, in MB, once nothing is left to collect in the page. */
async function residentMb({ page, running }: Desk): Promise<number> {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send('HeapProfiler.collectGarbage');
  await devtools.detach();
  return running.app.evaluate(({ app }) =>
    app.getAppMetrics().reduce((sum, { memory }) => sum + memory.workingSetSize / 1024, 0),
  );
}

const at = (sorted: readonly number[], share: number): string =>
  (sorted[Math.floor(share * (sorted.length - 1))] ?? NaN).toFixed(1);

test('the window under the hand', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-bench-'));
  const scans = 50;
  writeBench(folder, scans);
  const desk = await Desk.open(folder);
  const { page, running } = desk;
  try {
    await desk.scanRows.nth(49).waitFor();
    const table = await page.evaluate(() => performance.now());
    await resize(running, 1920, 1080);
    await desk.goTo('Review');
    await desk.lesionTotal.filter({ hasText: /lesions?, / }).waitFor({ timeout: 60_000 });
    const renderer = await page.evaluate(() => navigator.hardwareConcurrency);
    const box = await desk.boxOf(desk.stage);
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);

    await watch(page, 'wheel', 1);
    for (let i = 0; i < 120; i += 1) await page.mouse.wheel(0, i % 40 < 20 ? 120 : -120);
    const wheel = await measured(page);

    const slider = await desk.boxOf(desk.thresholdSlider);
    await page.mouse.move(slider.x + slider.width * 0.4, slider.y + slider.height / 2);
    await page.mouse.down();
    await watch(page, 'input', 3);
    await page.mouse.move(slider.x + slider.width * 0.75, slider.y + slider.height / 2, { steps: 90 });
    const threshold = await measured(page);
    await page.mouse.up();
    await page.waitForTimeout(2000);

    await page.keyboard.press('Escape');
    await page.keyboard.press('b');
    // Two voxels and more a step, over what is not painted yet: an event that paints nothing would be measured to the next.
    await page.mouse.move(x - 300, y);
    await page.mouse.down();
    await watch(page, 'pointermove', null);
    await page.mouse.move(x + 300, y + 60, { steps: 60 });
    await page.mouse.move(x - 300, y + 120, { steps: 60 });
    const brush = await measured(page);
    await page.mouse.up();

    // Through all scans with a mask in each, as a cohort is reviewed.
    await page.keyboard.press('Escape');
    const memory: number[] = [];
    const picker = page.getByTestId('scan-picker');
    for (let scan = 1; scan < scans; scan += 1) {
      await picker.selectOption({ index: scan });
      await page.locator(`.main-stage[aria-label^="scan${scan}.nii"]`).waitFor();
      await page.getByTestId('loading-scan').waitFor({ state: 'detached' });
      await desk.choose('review.emptyMask');
      await desk.lesionTotal.filter({ hasText: '0 lesions' }).waitFor({ timeout: 60_000 });
      if (scan % 10 === 0 || scan === scans - 1) memory.push(await residentMb(desk));
    }

    const line = (name: string, sorted: readonly number[], goal: string): string =>
      `${name.padEnd(34)} ${sorted.length} times, median ${at(sorted, 0.5)} ms, 95th percentile ${at(sorted, 0.95)} ms (goal: ${goal})`;
    console.log(
      [
        `${cpus()[0]?.model ?? 'unknown'} x ${renderer}, ${process.platform}, 1920x1080, ${size}x${size}x${size}`,
        line('wheel to painted slice', wheel, '16 ms'),
        line('brush to pixels, where it paints', brush, '16 ms'),
        line('threshold drag, three planes', threshold, '33 ms'),
        `${scans} scans in the table ${table.toFixed(0)} ms after the page began (goal: 1000 ms)`,
        `memory of all processes after every tenth scan with a mask: ${memory.map((mb) => mb.toFixed(0)).join(', ')} MB`,
      ].join('\n'),
    );
  } finally {
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
