import { Menu, type MenuItemConstructorOptions } from 'electron';
import type { MenuCommand } from '../shared/ipc/contract';

/**
 * The application menu. Its items carry out commands of the page's registry; keys are shown here but listened for in the
 * page alone, so that none works twice.
 */
export function setupMenu(send: (command: MenuCommand) => void, isMac = process.platform === 'darwin'): void {
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
        item('Export mask...', 'export.mask', 'CmdOrCtrl+E'),
        { type: 'separator' },
        item('Import a Keras model...', 'model.import'),
        item('Export the model as Keras files...', 'model.export'),
        ...(isMac ? [] : [{ type: 'separator' } as const, { role: 'quit' } as const]),
      ],
    },
    {
      label: '&Edit',
      submenu: [
        item('Undo', 'edit.undo', 'CmdOrCtrl+Z'),
        item('Redo', 'edit.redo', 'CmdOrCtrl+Shift+Z'),
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
  Menu.setApplicationMenu(Menu.buildFromTemplate(template));
}
