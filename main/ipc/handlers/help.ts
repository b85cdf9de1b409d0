import os from 'node:os';
import path from 'node:path';
import { app, type SaveDialogOptions } from 'electron';
import { redact } from '../../../shared/redact';
import { writeFileAtomic } from '../../files/atomicWrite';
import { collectReport, zipReport, type MachineFacts, type ReportFile } from '../../problemReport';
import { chosenTarget } from '../dialogs';
import type { Handlers } from '../router';
import type { Services } from '../services';

type HelpChannel = 'help:open' | 'help:collect' | 'help:saveReport';

export function helpHandlers({
  guide,
  settings,
  log,
  tokens,
  window,
}: Services): Pick<Handlers, HelpChannel> {
  let collected: ReportFile[] = [];
  return {
    'help:open': async ({ page, heading }) => {
      await guide.open(page, heading);
      return {};
    },
    'help:collect': () => {
      collected = collectReport(machineFacts(), settings.get(), log.read());
      return { files: collected };
    },
    'help:saveReport': async ({ note }) => {
      const options: SaveDialogOptions = {
        title: 'Save the report',
        defaultPath: `asc-net-report-${new Date().toISOString().slice(0, 10)}.zip`,
        properties: ['showOverwriteConfirmation', 'createDirectory'],
        filters: [{ name: 'Zip', extensions: ['zip'] }],
      };
      const target = await chosenTarget(options, window());
      if (target === null) return { saved: null };
      const words = note.trim() === '' ? [] : [{ name: 'note.txt', text: `${redact(note, tokens.names)}\n` }];
      await writeFileAtomic(target, zipReport([...collected, ...words]));
      return { saved: path.basename(target) };
    },
  };
}

function machineFacts(): MachineFacts {
  const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GB`;
  return {
    'ASC-Net': app.getVersion(),
    Electron: process.versions['electron'] ?? '',
    Chromium: process.versions['chrome'] ?? '',
    Node: process.versions.node,
    System: `${os.type()} ${os.release()} ${process.arch}`,
    Processor: `${os.cpus().length} x ${os.cpus()[0]?.model ?? ''}`,
    Memory: `${gigabytes(os.totalmem())}, ${gigabytes(os.freemem())} free`,
    Packaged: app.isPackaged ? 'yes' : 'no',
  };
}
