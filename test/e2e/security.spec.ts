import path from 'node:path';
import { expect, test } from '@playwright/test';
import { Desk } from './support/desk';

/** One refusal, one test: what the page must not be able to do even if a stranger's script ran in it. */

let desk: Desk;
test.beforeAll(async () => {
  desk = await Desk.open();
});
test.afterAll(() => desk.close());

interface Answer {
  readonly ok: boolean;
  readonly failure?: { readonly kind: string };
}
interface TestWindow {
  ascnet: { invoke(channel: string, request: unknown): Promise<Answer> };
  ran?: boolean;
}

test('the page has no Node and no Electron', async () => {
  const found = await desk.page.evaluate(() =>
    ['require', 'process', 'module', 'Buffer', 'electron', 'ipcRenderer'].filter((name) => name in window),
  );
  expect(found).toEqual([]);
});

test('the page is sandboxed and isolated', async () => {
  const preferences = await desk.running.app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>;
    };
    const { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag } =
      contents.getLastWebPreferences();
    return { sandbox, contextIsolation, nodeIntegration, webSecurity, webviewTag };
  });
  expect(preferences).toEqual({
    sandbox: true,
    contextIsolation: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
  });
});

test('no switch of the window opens what its defaults shut', async () => {
  const preferences = await desk.running.app.evaluate(({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents as unknown as {
      getLastWebPreferences(): Record<string, unknown>;
    };
    const {
      allowRunningInsecureContent,
      experimentalFeatures,
      enableBlinkFeatures,
      nodeIntegrationInWorker,
    } = contents.getLastWebPreferences();
    return [allowRunningInsecureContent, experimentalFeatures, enableBlinkFeatures, nodeIntegrationInWorker];
  });
  // Where a default was never touched Electron leaves it out.
  expect(preferences.filter((value) => value !== false && value !== undefined && value !== '')).toEqual([]);
  const switches = await desk.running.app.evaluate(({ app }) =>
    ['disable-web-security', 'allow-running-insecure-content', 'enable-blink-features', 'js-flags'].filter(
      (name) => app.commandLine.hasSwitch(name),
    ),
  );
  expect(switches).toEqual([]);
});

test('the bridge has three functions and passes on no channel of its own', async () => {
  const found = await desk.page.evaluate(async () => {
    const { ascnet } = window as unknown as { ascnet: Record<string, unknown> & TestWindow['ascnet'] };
    const channels = ['event', 'files:adopt', 'constructor', '__proto__', 'ELECTRON_BROWSER_REQUIRE'];
    const passed = channels.map((channel) =>
      ascnet.invoke(channel, {}).then(
        () => true,
        () => false,
      ),
    );
    return { names: Object.keys(ascnet).sort(), passed: await Promise.all(passed) };
  });
  expect(found).toEqual({
    names: ['adoptFiles', 'invoke', 'onEvent'],
    passed: [false, false, false, false, false],
  });
});

test('it cannot open another window', async () => {
  expect(await desk.page.evaluate(() => window.open('ascnet://app/index.html') === null)).toBe(true);
  expect(desk.running.app.windows()).toHaveLength(1);
});

test('it cannot reach the network: not by image, socket or fetch', async () => {
  const reached = await desk.page.evaluate(async () => {
    const image = new Promise<boolean>((resolve) => {
      const picture = new Image();
      picture.onload = () => resolve(true);
      picture.onerror = () => resolve(false);
      picture.src = 'https://example.com/a.png';
    });
    const socket = new Promise<boolean>((resolve) => {
      try {
        const ws = new WebSocket('wss://example.com');
        ws.onopen = () => resolve(true);
        ws.onerror = () => resolve(false);
      } catch {
        resolve(false);
      }
    });
    const fetched = ['https://example.com', 'file:///etc/hostname'].map((url) =>
      fetch(url).then(
        () => true,
        () => false,
      ),
    );
    return Promise.all([image, socket, ...fetched]);
  });
  expect(reached).toEqual([false, false, false, false]);
});

test('the session itself refuses every address but ours, whatever the page may', async () => {
  const errors = await desk.running.app.evaluate(async ({ session }) => {
    const tryOut = (url: string): Promise<string> =>
      session.defaultSession.fetch(url).then(
        () => 'loaded',
        (error: unknown) => String(error),
      );
    return Promise.all([tryOut('https://example.com/'), tryOut('http://127.0.0.1:9/')]);
  });
  for (const error of errors) expect(error).toContain('ERR_BLOCKED_BY_CLIENT');
});

test('scripts that are not ours do not run', async () => {
  const ran = await desk.page.evaluate(() => {
    const script = document.createElement('script');
    script.textContent = 'window.ran = true';
    document.head.append(script);
    const frame = document.createElement('div');
    frame.innerHTML = '<img src="x:" onerror="window.ran = true">';
    document.body.append(frame);
    return (window as unknown as TestWindow).ran ?? false;
  });
  expect(ran).toBe(false);
  await desk.page.evaluate(() => document.body.lastElementChild?.remove());
});

test('the policy allows neither inline scripts nor eval nor foreign sources', async () => {
  const policy = await desk.page.evaluate(async () =>
    (await fetch('ascnet://app/index.html')).headers.get('content-security-policy'),
  );
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toMatch(/unsafe|https?:|\*/);
});

test('styles that are not ours do not apply', async () => {
  const colour = await desk.page.evaluate(() => {
    const style = document.createElement('style');
    style.textContent = 'body { outline: 7px solid red !important }';
    document.head.append(style);
    return getComputedStyle(document.body).outlineWidth;
  });
  expect(colour).not.toBe('7px');
});

test('permissions are refused', async () => {
  const answers = await desk.page.evaluate(async () => {
    const states = await Promise.all(
      (['geolocation', 'notifications', 'camera', 'microphone'] as PermissionName[]).map(async (name) => {
        const { state } = await navigator.permissions.query({ name });
        return state;
      }),
    );
    const camera = await navigator.mediaDevices?.getUserMedia({ video: true }).then(
      () => 'granted',
      () => 'denied',
    );
    return [...states, camera ?? 'denied'];
  });
  expect(answers).toEqual(['denied', 'denied', 'denied', 'denied', 'denied']);
});

test('files outside the page cannot be had from our scheme', async () => {
  const statuses = await desk.page.evaluate(async () => {
    const paths = [
      'ascnet://app/../../package.json',
      'ascnet://app/..%2f..%2fpackage.json',
      'ascnet://app/%2e%2e/main/index.cjs',
      'ascnet://app//etc/passwd',
      'ascnet://app/%00',
      'ascnet://app/assets/../../main/index.cjs',
    ];
    return Promise.all(paths.map(async (url) => (await fetch(url).catch(() => ({ status: 404 }))).status));
  });
  expect(new Set(statuses)).toEqual(new Set([404]));
});

test('a token that was never given out opens nothing', async () => {
  const statuses = await desk.page.evaluate(async () => {
    const tokens = ['0'.repeat(32), '..%2f..%2fetc%2fpasswd', '', 'constructor'];
    return Promise.all(tokens.map(async (token) => (await fetch(`ascnet://file/${token}`)).status));
  });
  expect(statuses).toEqual([403, 403, 403, 403]);
});

test('the page cannot name a path', async () => {
  const refused = await desk.page.evaluate(() =>
    (window as unknown as TestWindow).ascnet.invoke('files:adopt', { paths: ['/etc/hostname'] }).then(
      () => 'answered',
      () => 'refused',
    ),
  );
  expect(refused).toBe('refused');
});

test('requests that are not what the contract says are refused as values', async () => {
  const answers = await desk.page.evaluate(async () => {
    const { ascnet } = window as unknown as TestWindow;
    const requests: [string, unknown][] = [
      ['app:info', null],
      ['app:info', { extra: 1 }],
      ['jobs:stop', { jobId: 5 }],
      ['files:forget', { token: '../x' }],
      ['inference:segment', { run: '0'.repeat(32), scan: '0'.repeat(32), backend: 'auto' }],
      ['training:start', { reference: [], input: [], preset: 'quick', overrides: {}, backend: 'auto' }],
      ['export:mask', { scan: '0'.repeat(32), dims: [1, 1, 1], mask: [1] }],
      ['app:saveSettings', JSON.parse('{"__proto__": {"theme": "dark"}}')],
    ];
    return Promise.all(requests.map(async ([channel, request]) => ascnet.invoke(channel, request)));
  });
  expect(answers.map(({ ok, failure }) => [ok, failure?.kind])).toEqual(answers.map(() => [false, 'denied']));
});

test('another window gets no answer, even with our page and our preload', async () => {
  const preload = path.resolve('out/preload/preload.cjs');
  const kind = await desk.running.app.evaluate(async ({ BrowserWindow }, preloadPath) => {
    const stranger = new BrowserWindow({
      show: false,
      webPreferences: { preload: preloadPath, sandbox: true },
    });
    try {
      await stranger.loadURL('ascnet://app/index.html');
      const answer = (await stranger.webContents.executeJavaScript(
        "window.ascnet.invoke('app:info', {})",
      )) as Answer;
      return answer.ok ? 'answered' : answer.failure?.kind;
    } finally {
      stranger.destroy();
    }
  }, preload);
  expect(kind).toBe('denied');
});

test('nothing can be downloaded and no webview attached', async () => {
  const before = desk.page.url();
  await desk.page.evaluate(() => {
    const link = document.createElement('a');
    link.href = 'data:text/plain,hello';
    link.download = 'hello.txt';
    link.click();
    document.body.append(document.createElement('webview'));
  });
  expect(desk.page.url()).toBe(before);
  expect(desk.running.app.windows()).toHaveLength(1);
});

// The last test: Playwright waits for ever for the navigation that is refused.
test('it cannot navigate away', async () => {
  await desk.page.evaluate(() => {
    window.location.href = 'https://example.com/';
  });
  const places = await desk.running.app.evaluate(async ({ BrowserWindow }) => {
    const contents = BrowserWindow.getAllWindows()[0]?.webContents;
    return [
      contents?.getURL(),
      await contents?.executeJavaScript('location.href'),
      await contents?.executeJavaScript('document.querySelector(".desk") !== null'),
    ] as unknown[];
  });
  expect(places).toEqual(['ascnet://app/index.html', 'ascnet://app/index.html', true]);
});
