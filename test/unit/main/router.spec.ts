import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Handlers } from '../../../main/ipc/router';
import type { Envelope } from '../../../shared/ipc/contract';

type Listener = (event: unknown, request: unknown) => Promise<Envelope>;
const listeners = vi.hoisted(() => new Map<string, unknown>());
vi.mock('electron', () => ({
  ipcMain: { handle: (channel: string, listener: unknown) => listeners.set(channel, listener) },
}));
const { setupRouter } = await import('../../../main/ipc/router');

const ourPage = 'ascnet://app/index.html';
const mainFrame = { url: ourPage };
const contents = { mainFrame };

function ask(
  channel: string,
  request: unknown,
  event: unknown = { sender: contents, senderFrame: mainFrame },
) {
  return (listeners.get(channel) as Listener)(event, request);
}

const answers = {
  'app:info': () => ({ version: '1', commit: 'abc', electron: '33', platform: 'linux' }),
} as unknown as Handlers;

describe('setupRouter', () => {
  let logged: string[];
  beforeEach(() => {
    listeners.clear();
    logged = [];
    setupRouter(answers, {
      contents: () => contents as never,
      isOurPage: (url) => url === ourPage,
      log: (line) => logged.push(line),
    });
  });

  it('answers our page', async () => {
    expect(await ask('app:info', {})).toEqual({
      ok: true,
      value: { version: '1', commit: 'abc', electron: '33', platform: 'linux' },
    });
  });

  it.each([
    ['another window', { sender: { mainFrame }, senderFrame: mainFrame }],
    ['a frame inside our page', { sender: contents, senderFrame: { url: ourPage } }],
    [
      'a page that is not ours',
      { sender: { mainFrame: { url: 'https://x' } }, senderFrame: { url: 'https://x' } },
    ],
    ['a frame that is gone', { sender: contents, senderFrame: null }],
  ])('refuses %s', async (_who, event) => {
    const answer = await ask('app:info', {}, event);
    expect(answer.ok).toBe(false);
    expect(!answer.ok && answer.failure.kind).toBe('denied');
  });

  it('refuses what the contract does not say, and unknown fields', async () => {
    for (const request of [undefined, null, 5, { extra: 1 }]) {
      const answer = await ask('app:info', request);
      expect(!answer.ok && answer.failure.kind).toBe('denied');
    }
  });

  it('never lets a wrong answer out, nor an exception', async () => {
    setupRouter({ 'app:info': () => ({ path: '/home' }) } as unknown as Handlers, {
      contents: () => contents as never,
      isOurPage: () => true,
      log: (line) => logged.push(line),
    });
    const answer = await ask('app:info', {});
    expect(!answer.ok && answer.failure.kind).toBe('internal');
    expect(logged).toHaveLength(1);
  });
});
