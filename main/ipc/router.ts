import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron';
import { ExpectedError, toFailure } from '../../shared/failure';
import {
  contract,
  type Channel,
  type Envelope,
  type RequestOf,
  type ResponseOf,
} from '../../shared/ipc/contract';

/** What answers a channel: its request parsed, its answer parsed again before it leaves. */
export type Handlers = {
  readonly [C in Channel]: (request: RequestOf<C>) => ResponseOf<C> | Promise<ResponseOf<C>>;
};

export interface RouterOptions {
  /** The window's contents; null while there is none. */
  readonly contents: () => WebContents | null;
  /** Whether a page of this address is ours. */
  readonly isOurPage: (url: string) => boolean;
  readonly log: (line: string) => void;
}

/**
 * Connects the contract's channels with their handlers. The only place where a message is let in: it must come from the
 * main frame of our window, on a page of ours, in the shape of the contract. Every answer is a value; nothing is thrown
 * across.
 */
export function setupRouter(handlers: Handlers, options: RouterOptions): void {
  for (const channel of Object.keys(contract) as Channel[]) {
    ipcMain.handle(channel, async (event, request: unknown): Promise<Envelope> => {
      try {
        checkSender(event, options);
        return { ok: true, value: await answer(handlers, channel, request) };
      } catch (thrown) {
        const failure = toFailure(thrown);
        if (failure.kind !== 'cancelled')
          options.log(
            `${channel}: ${failure.kind}: ${failure.kind === 'internal' ? failure.detail : failure.message}`,
          );
        return { ok: false, failure };
      }
    });
  }
}

/** Parses, handles, and parses the answer; apart from Electron, so that it can be tested without it. */
export async function answer<C extends Channel>(
  handlers: Handlers,
  channel: C,
  request: unknown,
): Promise<ResponseOf<C>> {
  const parsed = contract[channel].request.safeParse(request);
  if (!parsed.success) {
    throw new ExpectedError(
      'denied',
      'The window asked for something that ASC-Net does not understand.',
      `${channel}: ${parsed.error.message}`,
    );
  }
  const handle = handlers[channel] as (request: unknown) => ResponseOf<C> | Promise<ResponseOf<C>>;
  return contract[channel].response.parse(await handle(parsed.data)) as ResponseOf<C>;
}

function checkSender(event: IpcMainInvokeEvent, options: RouterOptions): void {
  const contents = options.contents();
  const frame = event.senderFrame;
  const ours =
    contents !== null &&
    event.sender === contents &&
    frame !== null &&
    frame === contents.mainFrame &&
    options.isOurPage(frame.url);
  if (!ours) throw new ExpectedError('denied', 'This request did not come from the window of ASC-Net.');
}
