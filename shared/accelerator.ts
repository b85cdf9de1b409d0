const named: Readonly<Record<string, string>> = {
  Ctrl: 'CmdOrCtrl',
  ArrowUp: 'Up',
  ArrowDown: 'Down',
  ArrowLeft: 'Left',
  ArrowRight: 'Right',
  '+': 'Plus',
};

/** A key as the page's commands spell it ("Ctrl+O", "ArrowUp", "+"), as Electron spells an accelerator. */
export function accelerator(key: string): string {
  // The last part may be the sign "+" itself.
  const parts = key.endsWith('+') ? [...key.slice(0, -1).split('+').filter(Boolean), '+'] : key.split('+');
  return parts.map((part) => named[part] ?? part).join('+');
}
