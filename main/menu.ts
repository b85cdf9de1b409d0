import { Menu, type MenuItemConstructorOptions } from 'electron';
import { accelerator } from '../shared/accelerator';
import type { MenuCommand, ShownCommand } from '../shared/ipc/contract';

/** The menu as far as others change it. */
export interface AppMenu {
  /** Puts the words, keys and states of the page's commands into their items. */
  show(commands: readonly ShownCommand[]): void;
}

type Entry = MenuCommand | '-' | MenuItemConstructorOptions;

/** Where each command stands. What it is called, and its key, the page's registry says. */
const layout: readonly (readonly [label: string, entries: readonly Entry[]])[] = [
  [
    '&File',
    [
      'data.open',
      'data.openFolder',
      'data.openSample',
      '-',
      'study.new',
      'study.open',
      'study.saveAs',
      '-',
      'review.importMasks',
      'review.emptyMask',
      'export.mask',
      'view.snapshot',
      '-',
      'model.import',
      'model.export',
      ...(process.platform === 'darwin' ? [] : (['-', { role: 'quit' }] as const)),
    ],
  ],
  [
    '&Edit',
    [
      'edit.undo',
      'edit.redo',
      '-',
      'edit.copyBelow',
      'edit.copyAbove',
      'edit.fillBetween',
      'edit.removeLesion',
      '-',
      { role: 'cut' },
      { role: 'copy' },
      { role: 'paste' },
      { role: 'selectAll' },
    ],
  ],
  [
    '&View',
    [
      'place.data',
      'place.train',
      'place.review',
      'place.export',
      '-',
      'view.toggleMask',
      'view.toggleTruth',
      'view.nextStyle',
      'view.toggleCrosshair',
      'view.toggleConvention',
      '-',
      'view.nextPlane',
      'view.zoomIn',
      'view.zoomOut',
      'view.reset',
      '-',
      'view.toggleTheme',
      { role: 'togglefullscreen' },
    ],
  ],
  ['&Training', ['training.start', 'training.stop', '-', 'review.segment']],
  [
    '&Review',
    [
      'review.nextLesion',
      'review.previousLesion',
      'review.nextUndecided',
      '-',
      'review.accepted',
      'review.rejected',
      'review.flagged',
      '-',
      'review.sliceDone',
      'review.sliceFlagged',
      'review.nextSlice',
      '-',
      'review.scanDone',
      'review.scanFlagged',
      'review.nextScan',
      '-',
      'review.openTruth',
      'review.threshold',
    ],
  ],
  ['&Help', ['help.guide', 'help.tour', 'help.keys', '-', 'help.report', 'help.about']],
];

/**
 * The application menu. Its items carry out commands of the page's registry, which also names them; keys are shown here
 * but listened for in the page alone, so that none works twice.
 */
export function setupMenu(send: (command: MenuCommand) => void): AppMenu {
  let shown = '';
  Menu.setApplicationMenu(menuOf(send, []));
  return {
    show: (commands) => {
      // The words and the key of an item cannot change once it is made; whether it can be chosen can.
      const words = JSON.stringify(commands.map(({ id, title, key }) => [id, title, key]));
      if (words !== shown) Menu.setApplicationMenu(menuOf(send, commands));
      shown = words;
      for (const { id, enabled } of commands) {
        const item = Menu.getApplicationMenu()?.getMenuItemById(id);
        if (item) item.enabled = enabled;
      }
    },
  };
}

function menuOf(send: (command: MenuCommand) => void, commands: readonly ShownCommand[]): Menu {
  const known = new Map(commands.map((command) => [command.id, command]));
  const item = (id: MenuCommand): MenuItemConstructorOptions[] => {
    const command = known.get(id);
    if (!command) return [];
    const keys =
      command.key === null ? {} : { accelerator: accelerator(command.key), registerAccelerator: false };
    return [{ label: command.title, id, ...keys, click: () => send(id) }];
  };
  const submenu = (entries: readonly Entry[]): MenuItemConstructorOptions[] =>
    entries.flatMap((entry): MenuItemConstructorOptions[] => {
      if (entry === '-') return [{ type: 'separator' }];
      return typeof entry === 'string' ? item(entry) : [entry];
    });
  return Menu.buildFromTemplate([
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } as const] : []),
    ...layout.map(([label, entries]) => ({ label, submenu: submenu(entries) })),
  ]);
}
