import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Failure, FailureKind } from '../../shared/failure';
import { failureFrom } from '../ipc/client';

export interface Message {
  readonly id: number;
  readonly tone: 'info' | 'success' | 'warning' | 'error';
  readonly text: string;
  readonly detail: string;
  /** Of a failure: what the guide's troubleshooting has it under. */
  readonly kind: FailureKind | null;
  readonly action: { readonly title: string; readonly run: () => void } | null;
}

/** Most messages at once: the oldest give way. */
const most = 4;
/** How long a message stays that needs no attention. */
const shownMs = 8000;

/** What the window tells its reader in passing. Errors stay until they are closed. */
export const useMessagesStore = defineStore('messages', () => {
  const messages = ref<Message[]>([]);
  let next = 1;

  function show(
    tone: Message['tone'],
    text: string,
    extra: { detail?: string; kind?: FailureKind; action?: NonNullable<Message['action']> } = {},
  ): void {
    const id = next;
    next += 1;
    // The same sentence twice says nothing more.
    const others = messages.value.filter((message) => message.text !== text);
    messages.value = [
      ...others.slice(1 - most),
      {
        id,
        tone,
        text,
        detail: extra.detail ?? '',
        kind: extra.kind ?? null,
        action: extra.action ?? null,
      },
    ];
    if (tone !== 'error') setTimeout(() => close(id), shownMs);
  }

  function close(id: number): void {
    messages.value = messages.value.filter((message) => message.id !== id);
  }

  /** @param action what leads on from here, where there is something better than the guide */
  function showFailure(failure: Failure, action: Message['action'] = null): void {
    const { kind, message, detail } = failure;
    if (kind !== 'cancelled') show('error', message, { detail, kind, ...(action ? { action } : {}) });
  }

  /** Runs something that may fail, and shows why it did. */
  async function guard(work: () => Promise<unknown> | void): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      showFailure(failureFrom(thrown));
    }
  }

  return { messages, show, close, showFailure, guard };
});
