import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, type ElectronApplication, type Page } from '@playwright/test';
import { appLaunch } from '../../../scripts/electron.mjs';

/** The running program with a profile of its own, and a folder for what a test writes. */
export interface Running {
  readonly app: ElectronApplication;
  readonly page: Page;
  readonly folder: string;
  /** What the page said on its console as errors, and errors that nobody caught. */
  readonly complaints: string[];
  /** The address of everything that the page has asked for. */
  readonly requests: string[];
  close(): Promise<void>;
}

/**
 * Starts the built program, in a folder of its own or in one where it ran before. Unless it is the first start that is looked
 * at, the tour has been taken.
 * @param options given: what it is to open; environment: what is added to ours; starter: what starts it in the place of its
 *   executable
 */
export async function launch(
  folder = mkdtempSync(path.join(tmpdir(), 'asc-net-e2e-')),
  options: {
    readonly firstStart?: boolean;
    readonly given?: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
    readonly starter?: string;
  } = {},
): Promise<Running> {
  const { firstStart = false, given = [], environment = {}, starter } = options;
  const settings = path.join(folder, 'profile', 'settings.json');
  if (!firstStart && !existsSync(settings)) {
    mkdirSync(path.dirname(settings), { recursive: true });
    writeFileSync(settings, JSON.stringify({ version: 2, tourSeen: true }));
  }
  const { executablePath, args, env } = await appLaunch({
    args: given,
    env: { ASCNET_USER_DATA: path.join(folder, 'profile'), ...environment },
  });
  const app = await _electron.launch({ executablePath: starter ?? executablePath, args, env });
  retryCollected(app);
  const page = await app.firstWindow();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.locator('.desk').waitFor();
  return {
    app,
    page,
    folder,
    complaints,
    requests,
    close: async () => {
      const program = app.process();
      const ended = new Promise((resolve) => program.once('exit', resolve));
      // Not as a reader closes the window, which asks about what is running: see closing.spec.ts.
      if (program.exitCode === null && program.signalCode === null) {
        await app.evaluate(({ app: own }) => own.exit(0)).catch(() => undefined);
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/**
 * On a busy machine Electron sometimes loses the answer of what is asked in main ("promise was garbage collected"): it is
 * asked once more.
 */
function retryCollected(app: ElectronApplication): void {
  const once = app.evaluate.bind(app) as (...args: unknown[]) => Promise<unknown>;
  const twice = (...args: unknown[]): Promise<unknown> =>
    once(...args).catch((error: unknown) => {
      if (!String(error).includes('garbage collected')) throw error;
      return once(...args);
    });
  app.evaluate = twice as typeof app.evaluate;
}

/** Sets the size of the page itself, as on a screen of that size without a window frame. */
export async function resize({ app, page }: Running, width: number, height: number): Promise<void> {
  await app.evaluate(
    ({ BrowserWindow }, size) => BrowserWindow.getAllWindows()[0]?.setContentSize(size.width, size.height),
    { width, height },
  );
  await page.waitForFunction(
    (size) => window.innerWidth === size.width && window.innerHeight === size.height,
    { width, height },
  );
}
