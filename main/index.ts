import path from 'node:path';
import { app, type BrowserWindow, session, utilityProcess } from 'electron';
import { eventChannel } from '../shared/ipc/channels';
import type { PageEvent } from '../shared/ipc/contract';
import { EngineHost } from './engineHost';
import { SettingsFile } from './files/settings';
import { StudyFolder } from './files/studyFolder';
import { StudyStore } from './files/studyStore';
import { FileTokens } from './files/tokens';
import { Closing } from './closing';
import { appHandlers } from './ipc/handlers/app';
import { exportHandlers } from './ipc/handlers/export';
import { modelHandlers } from './ipc/handlers/models';
import { exportFolderHandlers } from './ipc/handlers/exportFolder';
import { fileHandlers } from './ipc/handlers/files';
import { jobHandlers } from './ipc/handlers/jobs';
import { maskHandlers } from './ipc/handlers/masks';
import { runHandlers } from './ipc/handlers/runs';
import { studyHandlers } from './ipc/handlers/study';
import { pageEventOf } from './ipc/pageEvents';
import { setupRouter } from './ipc/router';
import type { Services } from './ipc/services';
import { setupMenu } from './menu';
import { isOurPage, pageOrigin } from './origins';
import { registerScheme, setupProtocol } from './protocol';
import { setupSecurity } from './security';
import { createWindow } from './window';

const log = (line: string): void => console.error(`[asc-net] ${line}`);

app.setName('ASC-Net');
const userData = process.env['ASCNET_USER_DATA'];
if (userData) app.setPath('userData', path.resolve(userData));
registerScheme();
// Chromium's own habits of asking the network: proxy scripts and components.
app.commandLine.appendSwitch('no-proxy-server');
app.commandLine.appendSwitch('disable-component-update');

let window: BrowserWindow | null = null;

function sendToPage(event: PageEvent): void {
  if (window && !window.isDestroyed()) window.webContents.send(eventChannel, event);
}

function startEngine(): ReturnType<typeof utilityProcess.fork> {
  // Inside a packed app the engine lies beside the archive: a process cannot be forked from within it.
  const entry = path.join(__dirname, 'engine.cjs').replace('app.asar', 'app.asar.unpacked');
  const engine = utilityProcess.fork(entry, [], { serviceName: 'ASC-Net engine', stdio: 'pipe' });
  engine.stderr?.on('data', (chunk: Buffer) => process.stderr.write(chunk));
  engine.stdout?.resume();
  return engine;
}

function openWindow(services: Services, startUrl: string): void {
  window = createWindow(startUrl, services.settings.get().theme, !app.isPackaged);
  window.webContents.on('render-process-gone', (_event, { reason }) => {
    if (reason === 'clean-exit') return;
    log(`the page ended: ${reason}`);
    window?.webContents.reload();
  });
  services.closing.watch(window);
  window.on('closed', () => {
    window = null;
  });
}

void app.whenReady().then(() => {
  const page = pageOrigin(app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']);
  const tokens = new FileTokens();
  const engine = new EngineHost({
    fork: startEngine,
    onEvent: (event, request) => sendToPage(pageEventOf(event, request, tokens)),
    log,
  });
  const study = new StudyFolder(app.getPath('userData'));
  const closing = new Closing({ engine, askPage: () => sendToPage({ topic: 'closing' }) });
  const services: Services = {
    tokens,
    engine,
    study,
    studies: new StudyStore(study, tokens, app.getPath('userData')),
    settings: new SettingsFile(app.getPath('userData')),
    menu: setupMenu((command) => sendToPage({ topic: 'command', command })),
    closing,
    window: () => window,
  };

  setupSecurity(session.defaultSession, page);
  setupProtocol(session.defaultSession, { pageFolder: path.join(__dirname, '../renderer'), page, tokens });
  setupRouter(
    {
      ...appHandlers(services),
      ...fileHandlers(services),
      ...jobHandlers(services),
      ...exportHandlers(services),
      ...modelHandlers(services),
      ...runHandlers(services),
      ...exportFolderHandlers(services),
      ...maskHandlers(services),
      ...studyHandlers(services),
    },
    { contents: () => window?.webContents ?? null, isOurPage: (url) => isOurPage(url, page), log },
  );

  openWindow(services, page.startUrl);
  app.on('activate', () => {
    if (!window) openWindow(services, page.startUrl);
  });
  app.on('will-quit', () => engine.dispose());
});

app.on('window-all-closed', () => {
  if (process.platform !== 'darwin') app.quit();
});
