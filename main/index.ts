import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { app, type BrowserWindow, dialog, powerMonitor, powerSaveBlocker, session } from 'electron';
import { eventChannel } from '../shared/ipc/channels';
import type { PageEvent } from '../shared/ipc/contract';
import { EngineHost } from './engineHost';
import { startEngine } from './engineProcess';
import { SettingsFile } from './files/settings';
import { StudyFolder } from './files/studyFolder';
import { StudyStore } from './files/studyStore';
import { FileTokens } from './files/tokens';
import { Closing } from './closing';
import { guideFolder, GuideWindow } from './guideWindow';
import { allHandlers } from './ipc/handlers/all';
import { pageEventOf } from './ipc/pageEvents';
import { setupRouter } from './ipc/router';
import type { Services } from './ipc/services';
import { createLog, type Log } from './log';
import { setupMenu } from './menu';
import { Opening, pathsIn } from './opening';
import { isOurPage, pageOrigin } from './origins';
import { PageLink } from './pageLink';
import { PageRevival } from './pageRevival';
import { Power } from './power';
import { portableFolder } from './portable';
import { registerScheme, setupProtocol } from './protocol';
import { setupSecurity } from './security';
import { createWindow } from './window';

app.setName('ASC-Net');
const portable = app.isPackaged ? portableFolder(process.env, process.execPath) : null;
const userData = process.env['ASCNET_USER_DATA'] ?? portable;
if (userData) app.setPath('userData', path.resolve(userData));
if (portable !== null) process.env['ASCNET_NATIVE_DIR'] ??= path.join(portable, 'native');

let window: BrowserWindow | null = null;

function sendToPage(event: PageEvent): void {
  if (window && !window.isDestroyed()) window.webContents.send(eventChannel, event);
}

const opening = new Opening(() => sendToPage({ topic: 'given' }));
app.on('open-file', (event, file) => {
  event.preventDefault();
  opening.add([file]);
});
// A checkout's own folder stands before what is to be opened.
const given = process.argv.slice(1).filter((argument) => !argument.startsWith('-'));
const files = pathsIn(process.defaultApp ? given.slice(1) : given, process.cwd());
// One program for each profile: a second one hands over what it was asked to open, and ends.
// What is handed over is ASCII: with other characters in it Electron 33 blocks the program that gets it.
if (!app.requestSingleInstanceLock({ files: files.map(encodeURIComponent) })) {
  console.error('[asc-net] ASC-Net is running already: what is to be opened is opened there.');
  app.exit(0);
}
opening.add(files);
app.on('second-instance', (_event, _argv, _cwd, handedOver) => {
  const { files: more } = handedOver as { files: string[] };
  opening.add(more.map(decodeURIComponent));
  if (!window) return;
  if (window.isMinimized()) window.restore();
  window.show();
  window.focus();
});

registerScheme();
// Chromium's own habits of asking the network: proxy scripts and components.
app.commandLine.appendSwitch('no-proxy-server');
app.commandLine.appendSwitch('disable-component-update');
// Chromium looks names up at its start for services of its own; here no name leads anywhere.
app.commandLine.appendSwitch('host-resolver-rules', 'MAP * ~NOTFOUND');

/** How many processes Linux has killed for memory since it started. */
function memoryKills(): number | null {
  try {
    const found = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'))?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    return null;
  }
}

/** Starts a page that has crashed again; one that crashes again and again only where its reader wants that. */
async function revive(crashed: BrowserWindow, revival: PageRevival, notices: string[]): Promise<void> {
  if (!revival.crashed()) {
    const { response } = await dialog.showMessageBox({
      type: 'error',
      message: 'The window of ASC-Net crashes again and again.',
      detail: 'Your study is on disk. Close other programs, or start the computer again.',
      buttons: ['Start the window again', 'Quit'],
    });
    if (response === 1) return app.quit();
  }
  notices.push('The window had crashed and was started again. Your study is as it was saved last.');
  if (!crashed.isDestroyed()) crashed.webContents.reload();
}

function openWindow({ settings, closing, link, guide, log, notices }: Services, startUrl: string): void {
  const opened = createWindow(startUrl, settings.get().theme, !app.isPackaged);
  const revival = new PageRevival();
  window = opened;
  opened.webContents.on('render-process-gone', (_event, { reason, exitCode }) => {
    link.lost();
    if (reason === 'clean-exit') return;
    log(`the page ended: ${reason} (${exitCode})`);
    void revive(opened, revival, notices);
  });
  opened.webContents.on('did-start-navigation', ({ isMainFrame, isSameDocument }) => {
    if (isMainFrame && !isSameDocument) link.lost();
  });
  opened.on('unresponsive', () => log('the page does not answer'));
  closing.watch(opened);
  opened.on('closed', () => {
    window = null;
    link.lost();
    guide.close();
  });
}

/** What must not stand in the log: open files, the study's folder, who is at work on which machine. */
function privateNames(tokens: FileTokens, study: StudyFolder, settings: SettingsFile): string[] {
  const { reviewer } = settings.get();
  return [...tokens.names, path.basename(study.path), os.userInfo().username, os.hostname(), reviewer];
}

/** What nobody caught is written down and said; the program goes on. */
function surviveBugs(log: Log, link: PageLink): void {
  const tell = (thrown: unknown): void => {
    log(`nobody caught: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`);
    link.send({
      topic: 'notice',
      text: 'Something went wrong inside ASC-Net. Your study is kept; please report the problem (Help menu).',
    });
  };
  process.on('uncaughtException', tell);
  process.on('unhandledRejection', tell);
}

void app.whenReady().then(() => {
  const page = pageOrigin(app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL']);
  const tokens = new FileTokens();
  const profile = app.getPath('userData');
  const settings = new SettingsFile(profile);
  const study = new StudyFolder(profile);
  const log = createLog({
    folder: path.join(profile, 'logs'),
    names: () => privateNames(tokens, study, settings),
    toTerminal: !app.isPackaged,
  });
  log(
    `ASC-Net ${app.getVersion()} starts: Electron ${process.versions['electron']}, ${os.type()} ${os.release()}`,
  );
  if (settings.notice) log(settings.notice);
  const link = new PageLink(sendToPage);
  surviveBugs(log, link);
  const power = new Power(powerSaveBlocker);
  const engine = new EngineHost({
    fork: startEngine,
    onEvent: (event, request) => {
      if (event.type === 'failed')
        log(
          `${request.type} failed: ${event.failure.kind}: ${event.failure.message} ${event.failure.detail}`,
        );
      if (event.type === 'finished' || event.type === 'stopped') log(`${request.type} ${event.type}`);
      link.sendOf(request, pageEventOf(event, request, tokens));
    },
    log,
    onBusy: (busy) => power.setBusy(busy),
    memoryKills,
  });
  power.watch(powerMonitor, engine, log);
  const closing = new Closing({ engine, askPage: () => link.send({ topic: 'closing' }) });
  const services: Services = {
    tokens,
    engine,
    study,
    studies: new StudyStore(study, tokens, profile),
    settings,
    menu: setupMenu((command) => link.send({ topic: 'command', command })),
    closing,
    link,
    guide: new GuideWindow(),
    log,
    notices: settings.notice === null ? [] : [settings.notice],
    opening,
    window: () => window,
  };

  setupSecurity(session.defaultSession, page);
  setupProtocol(session.defaultSession, {
    pageFolder: path.join(__dirname, '../renderer'),
    guideFolder: guideFolder(),
    page,
    tokens,
  });
  setupRouter(allHandlers(services), {
    contents: () => window?.webContents ?? null,
    isOurPage: (url) => isOurPage(url, page),
    log,
  });

  openWindow(services, page.startUrl);
  app.on('activate', () => {
    if (!window) openWindow(services, page.startUrl);
  });
  app.on('will-quit', () => engine.dispose());
});

app.on('window-all-closed', () => {
  if (process.platform !== 'darwin') app.quit();
});
