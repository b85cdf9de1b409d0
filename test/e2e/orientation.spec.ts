import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { oraclePython, runOracle } from '../helpers/oracles';
import { Desk } from './support/desk';

/** What the window says, and shows, at one place of a picture. */
interface Reading {
  readonly file: string;
  readonly world: readonly [number, number, number];
  readonly voxel: readonly [number, number, number];
  readonly value: number;
  /** The value that the picture's grey stands for, and by how much one step of grey differs. */
  readonly picture: number;
  readonly greyStep: number;
}

const script = path.join(import.meta.dirname, 'support', 'orientedScans.py');
/** Where on the picture (share of its height, from its middle) and in the stack (share of the slices) is looked. */
const places = [
  [-0.22, -0.3, 0.3],
  [0.28, -0.2, 0.7],
  [-0.3, 0.25, 0.45],
  [0.2, 0.3, 0.6],
  [0.05, -0.08, 0.25],
] as const;

test.describe('scans in four orientations', () => {
  test.skip(oraclePython() === null, 'no Python with nibabel');
  let desk: Desk;
  let folder: string;
  let scans: { name: string; axcodes: string }[];

  test.beforeAll(async () => {
    desk = await Desk.open();
    folder = path.join(desk.running.folder, 'oriented');
    mkdirSync(folder);
    scans = JSON.parse(runOracle(script, ['write', folder])) as typeof scans;
    await desk.openScans(scans.map(({ name }) => path.join(folder, name)));
    await expect(desk.scanRows).toHaveCount(4);
  });
  test.afterAll(() => desk.close());

  /** Moves the pointer to a place of the picture and reads the status line and the canvas there. */
  async function readAt(file: string, across: number, down: number, range: number[]): Promise<Reading> {
    const box = await desk.stage.boundingBox();
    if (!box) throw new Error('the stage has no box');
    const x = Math.round(box.width / 2 + across * box.height);
    const y = Math.round(box.height / 2 + down * box.height);
    await desk.page.mouse.move(box.x + x, box.y + y);
    await expect(desk.status).toContainText('voxel');
    const text = (await desk.status.textContent()) ?? '';
    const numbers = (pattern: RegExp): [number, number, number] =>
      (pattern.exec(text)?.slice(1).map(Number) ?? []) as [number, number, number];
    const grey = await desk.stage.locator('canvas').evaluate(
      (canvas, [px, py]) => {
        const context = (canvas as HTMLCanvasElement).getContext('2d');
        return context?.getImageData(px as number, py as number, 1, 1).data[0] ?? -1;
      },
      [x, y],
    );
    const [low, high] = range as [number, number];
    const step = (high - low) / 255;
    return {
      file,
      world: numbers(/R (-?[\d.]+) A (-?[\d.]+) S (-?[\d.]+) mm/),
      voxel: numbers(/voxel (\d+) (\d+) (\d+)/),
      value: Number(/value (-?[\d.]+)/.exec(text)?.[1]),
      // Greys are rounded down.
      picture: low + (grey + 0.5) * step,
      greyStep: step,
    };
  }

  test('letters, millimetres, values and the picture itself are nibabel’s at 20 places', async () => {
    const readings: Reading[] = [];
    for (const { name, axcodes } of scans) {
      const row = desk.scanRows.filter({ hasText: name });
      await expect(row).toContainText(axcodes);
      await row.getByRole('button', { name, exact: true }).click();
      await expect(desk.stage).toHaveAttribute('aria-label', new RegExp(name));
      await desk.page.keyboard.press('3');
      const slices = Number(await desk.sliceSlider.getAttribute('max'));
      const range = JSON.parse(runOracle(script, ['range', folder, name])) as number[];
      const [width] = [(range[1] as number) - (range[0] as number)];
      await expect(desk.stage).toContainText(new RegExp(`width ${Number(width.toPrecision(3))}`));
      for (const [across, down, depth] of places) {
        await desk.sliceSlider.fill(String(1 + Math.round(depth * (slices - 1))));
        readings.push(await readAt(name, across, down, range));
      }
      // The letters at the borders: the way towards them leads to that side of the patient.
      const sideOf = (from: Reading, to: Reading): string => {
        const way = to.world.map((mm, axis) => mm - (from.world[axis] as number));
        const axis = way.findIndex((mm) => Math.abs(mm) === Math.max(...way.map(Math.abs)));
        return ['RL', 'AP', 'SI'][axis]?.[(way[axis] as number) > 0 ? 0 : 1] ?? '';
      };
      const [left, right] = [await readAt(name, -0.3, 0, range), await readAt(name, 0.3, 0, range)];
      const [top, bottom] = [await readAt(name, 0, -0.3, range), await readAt(name, 0, 0.3, range)];
      await expect(desk.stage.locator('.letter.right')).toHaveText(sideOf(left, right));
      await expect(desk.stage.locator('.letter.left')).toHaveText(sideOf(right, left));
      await expect(desk.stage.locator('.letter.bottom')).toHaveText(sideOf(top, bottom));
      await expect(desk.stage.locator('.letter.top')).toHaveText(sideOf(bottom, top));
    }
    expect(readings).toHaveLength(20);
    expect(new Set(readings.map(({ world }) => world.join())).size).toBe(20);
    const list = path.join(folder, 'readings.json');
    writeFileSync(list, JSON.stringify(readings));
    expect(JSON.parse(runOracle(script, ['check', folder, list]))).toEqual([]);
  });
});
