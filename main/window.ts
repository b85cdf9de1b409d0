import path from 'node:path';
import { BrowserWindow, nativeTheme, screen } from 'electron';

/** Makes the one window; it shows itself once it has something to show. */
export function createWindow(startUrl: string, theme: 'dark' | 'light', devTools: boolean): BrowserWindow {
  nativeTheme.themeSource = theme;
  const room = screen.getPrimaryDisplay().workAreaSize;
  const window = new BrowserWindow({
    // No larger than the screen: a small one would cut it off.
    width: Math.min(1440, room.width),
    height: Math.min(900, room.height),
    minWidth: 1024,
    minHeight: 640,
    show: false,
    title: 'ASC-Net',
    backgroundColor: theme === 'dark' ? '#16181b' : '#f4f5f6',
    webPreferences: {
      preload: path.join(__dirname, '../preload/preload.cjs'),
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools,
      // A training's progress must not stall because the window is behind another.
      backgroundThrottling: false,
    },
  });
  window.once('ready-to-show', () => window.show());
  void window.loadURL(startUrl);
  return window;
}
