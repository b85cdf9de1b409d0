import { defineStore } from 'pinia';
import { ref } from 'vue';
import type { Failure } from '../../shared/failure';
import { failureFrom } from '../ipc/client';

export interface Message {
  readonly id: number;
  readonly tone: 'info' | 'success' | 'warning' | 'error';
  readonly text: string;
  readonly detail: string;
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
    extra: { detail?: string; action?: NonNullable<Message['action']> } = {},
  ): void {
    const id = next;
    next += 1;
    // The same sentence twice says nothing more.
    const others = messages.value.filter((message) => message.text !== text);
    messages.value = [
      ...others.slice(1 - most),
      { id, tone, text, detail: extra.detail ?? '', action: extra.action ?? null },
    ];
    if (tone !== 'error') setTimeout(() => close(id), shownMs);
  }

  function close(id: number): void {
    messages.value = messages.value.filter((message) => message.id !== id);
  }

  function showFailure(failure: Failure): void {
    if (failure.kind !== 'cancelled') show('error', failure.message, { detail: failure.detail });
  }

  /** Runs something that may fail, and shows why it did. */
  async function guard(work: () => Promise<void> | void): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      showFailure(failureFrom(thrown));
    }
  }

  return { messages, show, close, showFailure, guard };
});
