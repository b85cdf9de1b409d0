/** Something that a person can do: one definition for its button, its key and its place in the menu. */
export interface Command {
  readonly id: string;
  readonly title: string;
  /** What it would do now, where that is more than its title: "Undo: Brush". */
  readonly now?: () => string;
  /** Keys as {@link keyOf} spells them, e.g. "Ctrl+O", "N". */
  readonly keys: readonly string[];
  /** Whether it would do something now. */
  readonly enabled: () => boolean;
  readonly run: () => void | Promise<void>;
}

/** All commands by id and by key. */
export class CommandRegistry {
  readonly #commands = new Map<string, Command>();
  readonly #changed: () => Readonly<Record<string, readonly string[]>>;

  /** @param changed keys that the reader has changed, by command. */
  constructor(changed: () => Readonly<Record<string, readonly string[]>> = () => ({})) {
    this.#changed = changed;
  }

  /** @throws Error for an id or a key that is taken: a bug. */
  add(command: Command): void {
    if (this.#commands.has(command.id)) throw new Error(`the command ${command.id} exists already`);
    for (const key of command.keys) {
      if (this.all().some(({ keys }) => keys.includes(key))) throw new Error(`the key ${key} is taken`);
    }
    this.#commands.set(command.id, command);
  }

  get(id: string): Command | null {
    return this.#commands.get(id) ?? null;
  }

  all(): readonly Command[] {
    return [...this.#commands.values()];
  }

  /** The keys of a command now. A key that the reader gave to another command is not among its own any more. */
  keysOf(id: string): readonly string[] {
    const changed = this.#changed();
    const own = changed[id];
    if (own) return own;
    const taken = new Set(Object.values(changed).flat());
    return (this.#commands.get(id)?.keys ?? []).filter((key) => !taken.has(key));
  }

  forKey(key: string): Command | null {
    return this.all().find((command) => this.keysOf(command.id).includes(key)) ?? null;
  }
}

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** A key press as commands spell it: "Ctrl+O", "Alt+1", "N", "?", "ArrowUp". On a Mac, Cmd counts as Ctrl. */
export function keyOf(press: KeyPress): string {
  const letter = press.key.length === 1 && press.key !== ' ';
  const name = press.key === ' ' ? 'Space' : letter ? press.key.toUpperCase() : press.key;
  const parts = [];
  if (press.ctrlKey || press.metaKey) parts.push('Ctrl');
  if (press.altKey) parts.push('Alt');
  // For signs, shift is how they are typed on some keyboards and says nothing.
  if (press.shiftKey && (!letter || /[A-Z]/.test(name))) parts.push('Shift');
  return [...parts, name].join('+');
}
