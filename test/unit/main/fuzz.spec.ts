import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, expect, it, vi } from 'vitest';
import { contract, envelopeSchema, type Channel, type Envelope } from '../../../shared/ipc/contract';
import { messages } from '../../helpers/fuzz';
import { startMain, strangerToken, type MainProcess } from '../../helpers/mainProcess';

/*
 * Every request of the contract, with every kind of wrong message, against the real handlers and files of main. A thousand
 * messages here; `npm run fuzz` sends a hundred thousand.
 */

type Listener = (event: unknown, request: unknown) => Promise<unknown>;

interface Request {
  readonly channel: Channel;
  readonly message: unknown;
  /** Who sends it. */
  readonly from: string;
}
const listeners = vi.hoisted(() => new Map<string, unknown>());
vi.mock('electron', () => {
  const cancelled = { canceled: true, filePaths: [], filePath: '' };
  return {
    app: { getVersion: () => '1', getAppPath: () => process.cwd() },
    nativeTheme: {},
    dialog: {
      showOpenDialog: () => Promise.resolve(cancelled),
      showSaveDialog: () => Promise.resolve(cancelled),
      showMessageBox: (options: { cancelId?: number }) =>
        Promise.resolve({ response: options.cancelId ?? 0 }),
    },
    ipcMain: { handle: (channel: string, listener: unknown) => listeners.set(channel, listener) },
  };
});
vi.mock('../../../main/printPdf', () => ({ printPdf: () => Promise.resolve(new Uint8Array(1)) }));
const { setupRouter } = await import('../../../main/ipc/router');
const { allHandlers } = await import('../../../main/ipc/handlers/all');

const count = Number(process.env['ASCNET_FUZZ'] ?? 1000);
const seed = Number(process.env['ASCNET_FUZZ_SEED'] ?? 1);
/** Then main starts anew: what it has been given, and what it keeps of it, stays small. */
const batchSize = 1000;

const place = mkdtempSync(path.join(tmpdir(), 'asc-net-fuzz-'));
const inside = path.join(place, 'main');
/** Beside the folder that main may write to. */
const canary = path.join(place, 'passwd');
writeFileSync(canary, 'untouched');
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** What main has said last of a refusal. */
let said = '';
const page = { url: 'ascnet://app/index.html' };
const window = { mainFrame: page };

/** A new main on an empty folder. */
function start(): MainProcess {
  rmSync(inside, { recursive: true, force: true });
  const main = startMain(inside);
  setupRouter(allHandlers(main.services), {
    contents: () => window as never,
    isOurPage: (url) => url === page.url,
    log: (line) => (said = line),
  });
  return main;
}

const ours = { sender: window, senderFrame: page };
const others: Readonly<Record<string, unknown>> = {
  'another window with our page': { sender: { mainFrame: page }, senderFrame: page },
  'a frame in our page': { sender: window, senderFrame: { url: page.url } },
  'our window on a page of others': { sender: window, senderFrame: { url: 'https://example.com/' } },
  'a frame that is gone': { sender: window, senderFrame: null },
};

/** As it comes out of Electron's channel; undefined for what cannot be sent. */
function sent(message: unknown): { message: unknown } | undefined {
  try {
    return { message: structuredClone(message) };
  } catch {
    return undefined;
  }
}

const channels = Object.keys(contract) as Channel[];
const requests = ({ scan, run, exports }: MainProcess['tokens']): fc.Arbitrary<Request> => {
  const known = [scan, scan, scan, run, exports, strangerToken()];
  return fc.constantFrom(...channels).chain((channel) =>
    fc.record({
      channel: fc.constant(channel),
      message: messages(contract[channel].request, known),
      from: fc.oneof(
        { weight: 9, arbitrary: fc.constant('our page') },
        { weight: 1, arbitrary: fc.constantFrom(...Object.keys(others)) },
      ),
    }),
  );
};

/** Sends messages and holds each answer against what it must be. */
async function batch(
  main: MainProcess,
  size: number,
  number: number,
  seen: { refused: Set<Channel>; taken: Set<Channel> },
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(requests(main.tokens), async ({ channel, message, from }) => {
      const clone = sent(message);
      if (!clone) return;
      const listener = listeners.get(channel) as Listener;
      const answer = await listener(from === 'our page' ? ours : others[from], clone.message);
      const envelope = envelopeSchema.parse(answer) as Envelope;
      const kind = envelope.ok ? 'ok' : envelope.failure.kind;
      const isRight = from === 'our page' && contract[channel].request.safeParse(clone.message).success;
      (isRight ? seen.taken : seen.refused).add(channel);
      if (!isRight) expect(kind).toBe('denied');
      expect(kind, said).not.toBe('internal');
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
    }),
    { numRuns: size, seed: seed + number },
  );
  // Nothing was written, nor asked of the engine to be, beside main's own folder.
  for (const request of main.asked)
    if ('outDir' in request) expect(path.relative(inside, request.outDir)).not.toMatch(/^\.\./);
  expect(readFileSync(canary, 'utf8')).toBe('untouched');
  expect(readdirSync(place).sort()).toEqual(['main', 'passwd']);
}

it(
  `answers ${count} messages with a value, each refusal with its kind`,
  async () => {
    const seen = { refused: new Set<Channel>(), taken: new Set<Channel>() };
    for (let done = 0; done < count; done += batchSize) {
      await batch(start(), Math.min(batchSize, count - done), done / batchSize, seen);
      if (count > batchSize) console.log(`${done + batchSize} messages`);
    }
    // Each channel was asked rightly and wrongly, or the messages say nothing about it.
    expect([...seen.refused].sort()).toEqual([...channels].sort());
    expect([...seen.taken].sort()).toEqual([...channels].sort());
  },
  count * 60 + 30_000,
);
