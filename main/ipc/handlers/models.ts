import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { dialog, type OpenDialogOptions } from 'electron';
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
  const choose = async (options: OpenDialogOptions): Promise<string | null> => {
    const owner = window();
    const { canceled, filePaths } = owner
      ? await dialog.showOpenDialog(owner, options)
      : await dialog.showOpenDialog(options);
    return canceled ? null : (filePaths[0] ?? null);
  };
  return {
    'model:import': async () => {
      const model = await choose(importOptions);
      if (model === null) return { jobId: null };
      const jobId = randomUUID();
      engine.start({ jobId, type: 'importModel', model, outDir: path.join(study.nextRun(), 'run') });
      return { jobId };
    },
    'model:export': async ({ run }) => {
      const model = tokens.pathOf(run, 'run');
      const outDir = await choose(exportOptions);
      if (outDir === null) return { jobId: null };
      const jobId = randomUUID();
      engine.start({ jobId, type: 'exportModel', model, outDir });
      return { jobId };
    },
  };
}
