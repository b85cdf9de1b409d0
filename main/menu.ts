import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { MenuCommand } from '../shared/ipc/contract';

/** The menu as far as others change it. */
export interface AppMenu {
  /** Puts what undo and redo would do into their items; null where there is nothing. */
  nameUndo(names: UndoNames): void;
}

interface UndoNames {
  readonly undo: string | null;
  readonly redo: string | null;
}

/**
 * The application menu. Its items carry out commands of the page's registry; keys are shown here but listened for in the
 * page alone, so that none works twice.
 */
export function setupMenu(send: (command: MenuCommand) => void): AppMenu {
  const build = (names: UndoNames): void => Menu.setApplicationMenu(menuOf(send, names));
  let shown: UndoNames = { undo: null, redo: null };
  build(shown);
  return {
    nameUndo: (names) => {
      // An item's words cannot change once it is made.
      if (names.undo === shown.undo && names.redo === shown.redo) return;
      shown = names;
      build(names);
    },
  };
}

function menuOf(
  send: (command: MenuCommand) => void,
  { undo, redo }: UndoNames,
  isMac = process.platform === 'darwin',
): Menu {
  const item = (label: string, command: MenuCommand, accelerator?: string): MenuItemConstructorOptions => ({
    label,
    id: command,
    ...(accelerator ? { accelerator, registerAccelerator: false } : {}),
    click: () => send(command),
  });
  const template: MenuItemConstructorOptions[] = [
    ...(isMac ? [{ role: 'appMenu' } as const] : []),
    {
      label: '&File',
      submenu: [
        item('Open scans...', 'data.open', 'CmdOrCtrl+O'),
        item('Open sample study', 'data.openSample'),
        { type: 'separator' },
        item('New study', 'study.new'),
        item('Open study...', 'study.open', 'CmdOrCtrl+Shift+O'),
        item('Save study as...', 'study.saveAs', 'CmdOrCtrl+Shift+S'),
        { type: 'separator' },
        item('Take in masks from files...', 'review.importMasks'),
        item('Export mask...', 'export.mask', 'CmdOrCtrl+E'),
        item('Save the large picture as PNG...', 'view.snapshot', 'CmdOrCtrl+Shift+E'),
        { type: 'separator' },
        item('Import a Keras model...', 'model.import'),
        item('Export the model as Keras files...', 'model.export'),
        ...(isMac ? [] : [{ type: 'separator' } as const, { role: 'quit' } as const]),
      ],
    },
    {
      label: '&Edit',
      submenu: [
        item(undo === null ? 'Undo' : `Undo: ${undo}`, 'edit.undo', 'CmdOrCtrl+Z'),
        item(redo === null ? 'Redo' : `Redo: ${redo}`, 'edit.redo', 'CmdOrCtrl+Shift+Z'),
        { type: 'separator' },
        { role: 'cut' },
        { role: 'copy' },
        { role: 'paste' },
        { role: 'selectAll' },
      ],
    },
    {
      label: '&View',
      submenu: [
        item('Data', 'place.data', 'Alt+1'),
        item('Train', 'place.train', 'Alt+2'),
        item('Review', 'place.review', 'Alt+3'),
        item('Export', 'place.export', 'Alt+4'),
        { type: 'separator' },
        item('Show or hide the mask', 'view.toggleMask', 'M'),
        item('Reset the view', 'view.reset', '0'),
        item('Dark or light', 'view.toggleTheme'),
        { type: 'separator' },
        { role: 'togglefullscreen' },
      ],
    },
    {
      label: '&Training',
      submenu: [item('Start training', 'training.start'), item('Stop the running job', 'training.stop')],
    },
    {
      label: '&Help',
      submenu: [item('Keys', 'help.keys', '?'), item('About ASC-Net', 'help.about')],
    },
  ];
  return Menu.buildFromTemplate(template);
}
