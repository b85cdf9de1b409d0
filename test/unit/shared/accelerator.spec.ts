import { describe, expect, it } from 'vitest';
import { accelerator } from '../../../shared/accelerator';

describe('accelerator', () => {
  // What Electron's documentation of accelerators lists.
  it.each([
    ['Ctrl+O', 'CmdOrCtrl+O'],
    ['Ctrl+Shift+Z', 'CmdOrCtrl+Shift+Z'],
    ['Alt+1', 'Alt+1'],
    ['ArrowUp', 'Up'],
    ['+', 'Plus'],
    ['Ctrl++', 'CmdOrCtrl+Plus'],
    ['N', 'N'],
  ])('%s is %s', (key, wanted) => expect(accelerator(key)).toBe(wanted));
});
