import type { PublicChannel } from './channels';

/**
 * All that the page can reach outside itself, put on `window.ascnet` by the preload script. Untyped on purpose: the
 * page's client parses whatever comes back by the contract.
 */
export interface Bridge {
  /** Asks main; answers with an Envelope. */
  invoke(channel: PublicChannel, request: unknown): Promise<unknown>;
  /** Makes dropped files known to main; answers with an Envelope. What was not dropped from a disk is passed over. */
  adoptFiles(files: readonly unknown[]): Promise<unknown>;
  /** Calls the listener with every PageEvent; returns what ends that. */
  onEvent(listener: (event: unknown) => void): () => void;
}
