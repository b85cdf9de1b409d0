import { existsSync } from 'node:fs';
import path from 'node:path';
import { app, BrowserWindow } from 'electron';
import type { GuidePage } from '../shared/study/guidePages';
import { guideOrigin } from './origins';

/** The guide's pages: beside the program where it is installed, else where the build puts them. */
export function guideFolder(): string {
  const installed = path.join(process.resourcesPath, 'guide');
  return app.isPackaged && existsSync(installed) ? installed : path.join(__dirname, '../guide');
}

/** The user guide in a window of its own, to be read beside the work. Its pages run no script and know no bridge. */
export class GuideWindow {
  #window: BrowserWindow | null = null;

  async open(page: GuidePage, heading: string): Promise<void> {
    const address = `${guideOrigin}/${page}.html${heading === '' ? '' : `#${heading}`}`;
    this.#window ??= this.#make();
    const window = this.#window;
    await window.loadURL(address);
    if (window.isMinimized()) window.restore();
    window.show();
  }

  /** With the program's own window. */
  close(): void {
    this.#window?.destroy();
  }

  #make(): BrowserWindow {
    const window = new BrowserWindow({
      width: 980,
      height: 860,
      show: false,
      title: 'ASC-Net: user guide',
      autoHideMenuBar: true,
      webPreferences: {
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        javascript: false,
        spellcheck: false,
        devTools: false,
      },
    });
    window.on('closed', () => {
      this.#window = null;
    });
    return window;
  }
}
