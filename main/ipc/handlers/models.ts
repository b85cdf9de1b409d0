import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { BrowserWindow, MessageBoxOptions, OpenDialogOptions } from 'electron';
import { KERAS_FILES } from '../../engine/keras/kerasFiles';
import { answerTo, chosenPath } from '../dialogs';
import type { Handlers } from '../router';
import type { Services } from '../services';

const importOptions: OpenDialogOptions = {
  title: 'Import a Keras model',
  properties: ['openFile'],
  filters: [
    { name: 'Keras models (HDF5)', extensions: ['h5', 'hdf5'] },
    { name: 'All files', extensions: ['*'] },
  ],
};

const exportOptions: OpenDialogOptions = {
  title: 'Export the model as Keras files',
  buttonLabel: 'Export here',
  properties: ['openDirectory', 'createDirectory'],
};

/** Keras files in and out. The engine reads and writes them: they are large, and their library is. */
export function modelHandlers({
  tokens,
  engine,
  study,
  window,
}: Services): Pick<Handlers, 'model:import' | 'model:export'> {
  return {
    'model:import': async () => {
      const model = await chosenPath(importOptions, window());
      if (model === null) return { jobId: null };
      const jobId = randomUUID();
      engine.start({ jobId, type: 'importModel', model, outDir: path.join(study.nextRun(), 'run') });
      return { jobId };
    },
    'model:export': async ({ run }) => {
      const model = tokens.pathOf(run, 'run');
      const outDir = await chosenPath(exportOptions, window());
      if (outDir === null) return { jobId: null };
      const there = Object.values(KERAS_FILES).filter((name) => existsSync(path.join(outDir, name)));
      if (there.length > 0 && !(await mayReplace(there, window()))) return { jobId: null };
      const jobId = randomUUID();
      engine.start({ jobId, type: 'exportModel', model, outDir, overwrite: there.length > 0 });
      return { jobId };
    },
  };
}

/** Asks before files are replaced: a folder dialog does not. */
async function mayReplace(names: readonly string[], owner: BrowserWindow | null): Promise<boolean> {
  const options: MessageBoxOptions = {
    type: 'question',
    message:
      names.length === 1 ? `${names[0]} exists already.` : `${names.length} of the files exist already.`,
    detail: `Replace ${names.join(', ')}?`,
    buttons: ['Replace', 'Cancel'],
    defaultId: 1,
    cancelId: 1,
  };
  return (await answerTo(options, owner)) === 0;
}
