import { ExpectedError, fromFailure, toFailure, type Failure } from '../../shared/failure';
import type { Bridge } from '../../shared/ipc/bridge';
import type { PublicChannel } from '../../shared/ipc/channels';
import {
  contract,
  envelopeSchema,
  pageEventSchema,
  type PageEvent,
  type RequestOf,
  type ResponseOf,
} from '../../shared/ipc/contract';

/**
 * The page's one way to main. Requests are typed by the contract; answers and events are parsed by it, and a failure on
 * the other side is thrown here as the ExpectedError that it was there.
 */
const bridge = (): Bridge => (window as unknown as { ascnet: Bridge }).ascnet;

/** Asks main. @throws ExpectedError */
export async function ask<C extends PublicChannel>(
  channel: C,
  request: RequestOf<C>,
): Promise<ResponseOf<C>> {
  const value = opened(await bridge().invoke(channel, request));
  return contract[channel].response.parse(value) as ResponseOf<C>;
}

/** Makes dropped files known to main. @throws ExpectedError */
export async function adoptFiles(files: readonly File[]): Promise<ResponseOf<'files:adopt'>> {
  return contract['files:adopt'].response.parse(opened(await bridge().adoptFiles([...files])));
}

/** Calls the listener with every event from main. */
export function onPageEvent(listener: (event: PageEvent) => void): () => void {
  return bridge().onEvent((raw) => {
    const event = pageEventSchema.safeParse(raw);
    if (event.success) listener(event.data);
    else console.error('an event from main is not what the contract says', event.error.message);
  });
}

function opened(answer: unknown): unknown {
  const envelope = envelopeSchema.parse(answer);
  if (envelope.ok) return envelope.value;
  throw fromFailure(envelope.failure as Failure);
}

/** Writes an error that nobody expected into the log. */
export function complain(thrown: unknown): void {
  const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  ask('app:complain', { text: text.slice(0, 8000) }).catch(() => undefined);
}

/** What was thrown anywhere in the page, as a failure to show. */
export function failureFrom(thrown: unknown): Failure {
  if (!(thrown instanceof ExpectedError)) {
    console.error(thrown);
    complain(thrown);
  }
  return toFailure(thrown);
}
