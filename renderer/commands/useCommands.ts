import { computed, inject, onBeforeUnmount, onMounted, provide, watch, type InjectionKey } from 'vue';
import { menuCommandSchema, type ShownCommand } from '../../shared/ipc/contract';
import { ask } from '../ipc/client';
import { useMessagesStore } from '../stores/messages';
import { useViewStore } from '../stores/view';
import { createCommands } from './appCommands';
import { keyOf, type Command, type CommandRegistry } from './registry';

export interface Commands {
  readonly registry: CommandRegistry;
  /** Carries a command out where it is enabled, and shows why it failed. */
  run(id: string): void;
  enabled(id: string): boolean;
  /** "Export mask... (Ctrl+E)": for a tooltip. */
  hint(id: string): string;
}

const key: InjectionKey<Commands> = Symbol('commands');

/** Makes the commands and listens for their keys; once, at the top of the app. */
export function provideCommands(): Commands {
  const registry = createCommands();
  const messages = useMessagesStore();
  const view = useViewStore();

  const find = (id: string): Command => {
    const command = registry.get(id);
    if (!command) throw new Error(`there is no command ${id}`);
    return command;
  };
  const commands: Commands = {
    registry,
    run: (id) => {
      const command = find(id);
      if (command.enabled()) void messages.guard(() => command.run());
    },
    enabled: (id) => find(id).enabled(),
    hint: (id) => {
      const [key] = registry.keysOf(id);
      const command = find(id);
      const title = command.now?.() ?? command.title;
      return key ? `${title} (${key})` : title;
    },
  };

  // The menu shows what the registry says: words, keys (also those that the reader has changed) and what can be done now.
  const inMenu = computed<ShownCommand[]>(() =>
    menuCommandSchema.options.flatMap((id): ShownCommand[] => {
      const command = registry.get(id);
      if (!command) return [];
      const title = command.now?.() ?? command.title;
      return [{ id, title, key: registry.keysOf(id)[0] ?? null, enabled: command.enabled() }];
    }),
  );
  watch(
    () => JSON.stringify(inMenu.value),
    () =>
      void messages.guard(() => ask('app:showCommands', { commands: inMenu.value }).then(() => undefined)),
    { immediate: true },
  );

  const onKeyDown = (event: KeyboardEvent): void => {
    const pressed = keyOf(event);
    if (view.keyAsked) return;
    if (isTyping(event.target)) return;
    if (pressed === 'Space' && !isButton(event.target)) {
      event.preventDefault();
      view.peeking = true;
      return;
    }
    const command = registry.forKey(pressed);
    if (!command?.enabled() || usesKey(event.target, pressed)) return;
    event.preventDefault();
    commands.run(command.id);
  };
  const onKeyUp = (event: KeyboardEvent): void => {
    if (keyOf(event) === 'Space') view.peeking = false;
  };
  const onBlur = (): void => {
    view.peeking = false;
  };

  onMounted(() => {
    window.addEventListener('keydown', onKeyDown);
    window.addEventListener('keyup', onKeyUp);
    window.addEventListener('blur', onBlur);
  });
  onBeforeUnmount(() => {
    window.removeEventListener('keydown', onKeyDown);
    window.removeEventListener('keyup', onKeyUp);
    window.removeEventListener('blur', onBlur);
  });
  provide(key, commands);
  return commands;
}

export function useCommands(): Commands {
  const commands = inject(key);
  if (!commands) throw new Error('the commands are provided by the app');
  return commands;
}

/** In a field, keys write. */
function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLTextAreaElement ||
    (target instanceof HTMLInputElement && !['range', 'checkbox', 'radio', 'button'].includes(target.type))
  );
}

function isButton(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && target.closest('button, [role="button"], input, a, summary') !== null
  );
}

/** Sliders, lists and menus move with the arrows themselves. */
function usesKey(target: EventTarget | null, pressed: string): boolean {
  return (
    /^(Arrow|Page)/.test(pressed) &&
    target instanceof HTMLElement &&
    target.closest('[role="slider"], [role="radiogroup"], [role="listbox"], [role="menu"], input') !== null
  );
}
