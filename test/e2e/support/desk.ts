import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, type Locator, type Page } from '@playwright/test';
import { launch, type Running } from './launch';

let segmented: Promise<string> | null = null;

/** Makes the study that {@link Desk.openSegmented} opens. @returns its folder */
async function makeSegmented(): Promise<string> {
  const desk = await Desk.open();
  await desk.segmentSample();
  await desk.saved();
  const { folder } = JSON.parse(
    readFileSync(path.join(desk.running.folder, 'profile', 'last-study.json'), 'utf8'),
  ) as { folder: string };
  const kept = mkdtempSync(path.join(tmpdir(), 'asc-net-segmented-'));
  process.once('exit', () => rmSync(kept, { recursive: true, force: true }));
  cpSync(folder, kept, { recursive: true });
  await desk.close();
  return kept;
}

/** The window as its reader knows it: four places, each with what can be done there. */
export class Desk {
  readonly running: Running;
  readonly page: Page;

  constructor(running: Running) {
    this.running = running;
    this.page = running.page;
  }

  /** @param folder where the program ran before; a new one unless given. */
  static async open(folder?: string): Promise<Desk> {
    return new Desk(await launch(folder));
  }

  /**
   * The sample study with a mask, in Review. It is trained once in each process of tests; what is opened is a copy of the
   * study that this left.
   */
  static async openSegmented(): Promise<Desk> {
    segmented ??= makeSegmented();
    const folder = mkdtempSync(path.join(tmpdir(), 'asc-net-e2e-'));
    const study = path.join(folder, 'profile', 'studies', 'segmented');
    mkdirSync(study, { recursive: true });
    cpSync(await segmented, study, { recursive: true });
    writeFileSync(path.join(folder, 'profile', 'last-study.json'), JSON.stringify({ folder: study }));
    const desk = await Desk.open(folder);
    await desk.goTo('Review');
    await expect(desk.lesionTotal).toContainText(/lesions?, /, { timeout: 60_000 });
    return desk;
  }

  close(): Promise<void> {
    return this.running.close();
  }

  async goTo(place: 'Data' | 'Train' | 'Review' | 'Export'): Promise<void> {
    await this.page.getByRole('navigation', { name: 'Places' }).getByRole('button', { name: place }).click();
  }

  /** What the open dialog will answer from now on. */
  async answerOpenDialog(paths: readonly string[]): Promise<void> {
    await this.running.app.evaluate(
      ({ dialog }, filePaths) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: filePaths.length === 0, filePaths });
      },
      [...paths],
    );
  }

  /** What the save dialog will answer from now on; null cancels it. */
  async answerSaveDialog(path: string | null): Promise<void> {
    await this.running.app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () =>
        Promise.resolve({ canceled: filePath === null, filePath: filePath ?? '' });
    }, path);
  }

  async openScans(paths: readonly string[]): Promise<void> {
    await this.answerOpenDialog(paths);
    await this.page.getByRole('button', { name: 'Open scans...' }).click();
  }

  /** Drops files on the window as a file manager does: real files, which have a path that the page cannot see. */
  async drop(paths: readonly string[]): Promise<void> {
    await this.page.evaluate(() => {
      const input = document.createElement('input');
      input.type = 'file';
      input.multiple = true;
      input.id = 'files-to-drop';
      document.body.append(input);
    });
    await this.page.setInputFiles('#files-to-drop', [...paths]);
    await this.page.evaluate(() => {
      const input = document.querySelector<HTMLInputElement>('#files-to-drop');
      const dataTransfer = new DataTransfer();
      for (const file of Array.from(input?.files ?? [])) dataTransfer.items.add(file);
      input?.remove();
      document.querySelector('.desk')?.dispatchEvent(new DragEvent('drop', { dataTransfer, bubbles: true }));
    });
  }

  async openSample(): Promise<void> {
    await this.page.getByRole('button', { name: 'Open sample study' }).first().click();
    await expect(this.scanRows).toHaveCount(1, { timeout: 90_000 });
    await expect(this.referenceCount).not.toHaveText(/^0 of/);
  }

  /** The sample study with a mask, by way of the shortest training. */
  async segmentSample(): Promise<void> {
    await this.openSample();
    await this.trainShortly();
  }

  /** The shortest training on what is marked, and the mask of the selected scan. */
  async trainShortly(): Promise<void> {
    await this.goTo('Train');
    await this.setShortTraining();
    await this.train.click();
    await expect(this.headline).toContainText('Finished', { timeout: 150_000 });
    await this.goTo('Review');
    await expect(this.lesionTotal).toContainText(/lesions?, /, { timeout: 150_000 });
  }

  async setTheme(theme: 'dark' | 'light'): Promise<void> {
    if (await this.page.locator(`.v-theme--${theme}`).first().isVisible()) return;
    await this.choose('view.toggleTheme');
    await expect(this.page.locator(`.v-theme--${theme}`).first()).toBeVisible();
  }

  /** One of the three planes of Review. */
  plane(plane: 'axial' | 'coronal' | 'sagittal'): Locator {
    return this.page.getByTestId(`stage-${plane}`);
  }

  /** Number of the slice that a plane shows, from 1. */
  async sliceOf(plane: 'axial' | 'coronal' | 'sagittal'): Promise<number> {
    const label = await this.plane(plane).getAttribute('aria-label');
    return Number(/slice (\d+) of/.exec(label ?? '')?.[1]);
  }

  async boxOf(of: Locator): Promise<{ x: number; y: number; width: number; height: number }> {
    const box = await of.boundingBox();
    if (!box) throw new Error('it has no box');
    return box;
  }

  /** "x y z" of the voxel that the status line names. */
  async voxelUnderPointer(): Promise<string> {
    await expect(this.status).toContainText(/voxel \d+ \d+ \d+/);
    return /voxel (\d+ \d+ \d+)/.exec((await this.status.textContent()) ?? '')?.[1] ?? '';
  }

  async setBrushRadius(mm: number): Promise<void> {
    const size = this.page.getByTestId('brush-size');
    await size.focus();
    await size.press('Home');
    const wanted = this.page.getByText(`${mm} mm`, { exact: true });
    while (!(await wanted.isVisible())) await size.press('ArrowRight');
    await this.stage.focus();
  }

  /** Exports the mask of the selected scan to a file. */
  async exportTo(file: string): Promise<void> {
    await this.goTo('Export');
    await this.answerSaveDialog(file);
    await this.page.getByTestId('export-mask').click();
    await expect(this.messages.filter({ hasText: `Saved ${path.basename(file)}` })).toBeVisible();
  }

  /** Waits until the study file has every change so far. */
  async saved(): Promise<void> {
    await expect(this.page.getByTestId('saved')).toHaveAttribute('data-behind', 'false');
  }

  get scanRows(): Locator {
    return this.page.getByTestId('scan-row');
  }

  get referenceCount(): Locator {
    return this.page.getByTestId('reference-count');
  }

  get sliceSlider(): Locator {
    return this.page.getByRole('slider', { name: 'Slice' });
  }

  get stage(): Locator {
    return this.page.locator('.main-stage');
  }

  get status(): Locator {
    return this.page.getByTestId('status-line');
  }

  get messages(): Locator {
    return this.page.getByTestId('message');
  }

  /** Sets up the shortest training that still goes through every part of one. */
  async setShortTraining(): Promise<void> {
    await this.page.getByTestId('cycles').fill('1');
    await this.page.getByTestId('width').fill('1');
    await this.page.getByTestId('slices-per-epoch').fill('8');
  }

  get train(): Locator {
    return this.page.getByTestId('train');
  }

  get headline(): Locator {
    return this.page.getByTestId('training-headline');
  }

  get thresholdSlider(): Locator {
    return this.page.getByTestId('threshold-slider');
  }

  get lesionTotal(): Locator {
    return this.page.getByTestId('lesion-total');
  }

  /** Chooses an item of the application menu. */
  async choose(command: string): Promise<void> {
    await this.running.app.evaluate(
      ({ Menu }, id) => Menu.getApplicationMenu()?.getMenuItemById(id)?.click(),
      command,
    );
  }

  /** How many pixels of a picture, the large one unless given, have the mask's colour. */
  async maskPixels(of: Locator = this.stage): Promise<number> {
    return of.locator('canvas').evaluate((canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      const context = (canvas as HTMLCanvasElement).getContext('2d');
      const data = context?.getImageData(0, 0, width, height).data ?? new Uint8ClampedArray();
      let found = 0;
      for (let i = 0; i < data.length; i += 4) {
        // Grey pictures have no colour: whatever is clearly more red than blue is mask.
        if ((data[i] as number) - (data[i + 2] as number) > 60) found += 1;
      }
      return found;
    });
  }
}
