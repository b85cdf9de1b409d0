import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { createRandom } from '../../shared/random';
import { readJournal, type JournalledMask } from '../../shared/study/maskJournal';
import { Desk } from './support/desk';
import { writeStudy } from './support/writtenStudy';

/** How often the program is killed; the full proof, `npm run kills`, has 50. */
const kills = Number(process.env['ASCNET_KILLS'] ?? 4);
/** Strokes younger than this may be lost. */
const graceMs = 2000;

/** The one edited mask of the study of a profile, as its journal has it. */
function journal(folder: string): JournalledMask {
  const studies = path.join(folder, 'profile', 'studies');
  const masks = readdirSync(studies).map((name) => path.join(studies, name, 'masks'));
  const file = masks.flatMap((at) => readdirSync(at).map((name) => path.join(at, name)))[0] ?? '';
  const read = readJournal(readFileSync(file, 'utf8'));
  if (!read) throw new Error('the journal cannot be read');
  return read;
}

async function kill(desk: Desk): Promise<void> {
  const program = desk.running.app.process();
  const ended = new Promise((resolve) => program.once('exit', resolve));
  program.kill('SIGKILL');
  await ended;
}

test('a killed program comes back with every stroke that is older than two seconds', async () => {
  test.setTimeout(120_000 + kills * 30_000);
  const random = createRandom(Number(process.env['ASCNET_KILLS_SEED'] ?? 20261123));
  const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-kills-'));
  const side = 96;
  writeStudy(folder, 'Kills', [
    {
      name: 'scan.nii',
      voxels: Int16Array.from({ length: side ** 3 }, (_, i) => 100 + (i % 50)),
      iro: new Float32Array(side ** 3).fill(0.1),
      dims: [side, side, side],
      affine: [-1, 0, 0, 48, 0, 1, 0, -48, 0, 0, 1, -48, 0, 0, 0, 1],
    },
  ]);
  let desk = await Desk.open(folder);
  await desk.goTo('Review');
  await expect(desk.lesionTotal).toContainText('0 lesions', { timeout: 30_000 });
  try {
    await desk.page.keyboard.press('b');
    // One stroke before the first moment comes: however slow the machine, there is something to lose.
    const middle = await desk.boxOf(desk.stage);
    await desk.page.mouse.click(middle.x + middle.width / 2, middle.y + middle.height / 2);
    await expect(() => expect(journal(folder).history.done).toBe(1)).toPass({ timeout: 30_000 });
    let expected = 1;
    for (let round = 0; round < kills; round += 1) {
      const { page } = desk;
      const box = await desk.boxOf(desk.stage);
      const strokes: number[] = [];
      const killAt = Date.now() + 300 + random.next() * 3500;
      // Paints and goes through the slices until the moment comes, which may be in the middle of a stroke.
      const painting = (async () => {
        for (;;) {
          const at = (): [number, number] => [
            box.x + box.width * (0.3 + 0.4 * random.next()),
            box.y + box.height * (0.3 + 0.4 * random.next()),
          ];
          await page.mouse.move(...at());
          await page.mouse.down();
          await page.mouse.move(...at(), { steps: 4 });
          await page.mouse.up();
          strokes.push(Date.now());
          await page.mouse.wheel(0, random.next() < 0.5 ? 120 : -120);
        }
      })().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, killAt - Date.now()));
      await kill(desk);
      const killedAt = Date.now();
      await painting;

      const safe = strokes.filter((time) => time < killedAt - graceMs).length;
      const { history, broken } = journal(folder);
      expect(broken).toBe(false);
      expect(history.done).toBeGreaterThanOrEqual(expected + safe);
      expect(history.done).toBeLessThanOrEqual(expected + strokes.length + 1);

      desk = await Desk.open(folder);
      await desk.goTo('Review');
      await expect(desk.page.getByTestId('mask-picker')).toContainText('Edited mask 1', { timeout: 30_000 });
      await expect(desk.page.getByTestId('undo')).toHaveAttribute('aria-label', 'Undo: Brush');
      await desk.page.keyboard.press('b');
      expected = history.done;
      if (round % 2 === 0) {
        // Undo works across the end of the program.
        await desk.page.getByTestId('undo').click();
        await expect.poll(() => journal(folder).history.done).toBe(expected - 1);
        await expect(desk.page.getByTestId('redo')).toHaveAttribute('aria-label', 'Redo: Brush');
        await desk.page.getByTestId('redo').click();
        await expect.poll(() => journal(folder).history.done).toBe(expected);
      }
    }
  } finally {
    await desk.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
