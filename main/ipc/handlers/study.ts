import path from 'node:path';
import type { SaveDialogOptions } from 'electron';
import { chosenPath, chosenTarget } from '../dialogs';
import type { Handlers } from '../router';
import type { Services } from '../services';

type StudyChannel =
  'study:current' | 'study:save' | 'study:saveAs' | 'study:open' | 'study:new' | 'study:locate';

/** The study file: what it holds is the page's, where it lies is the reader's. */
export function studyHandlers({ study, studies, engine, window }: Services): Pick<Handlers, StudyChannel> {
  /** The folder that the reader chooses; null where the dialog was cancelled. */
  const chooseFolder = (title: string): Promise<string | null> =>
    chosenPath({ title, properties: ['openDirectory'] }, window());
  return {
    'study:current': () => studies.current(),
    'study:save': async ({ study: document }) => ({ savedAt: await studies.save(document) }),
    'study:saveAs': async () => {
      engine.mustRest();
      const options: SaveDialogOptions = {
        title: 'Save study in a folder',
        defaultPath: path.basename(study.path),
        properties: ['createDirectory', 'showOverwriteConfirmation'],
      };
      const chosen = await chosenTarget(options, window());
      if (chosen === null) return { name: null };
      await studies.saveAs(path.resolve(chosen));
      return { name: path.basename(chosen) };
    },
    'study:open': async () => {
      engine.mustRest();
      const folder = await chooseFolder('Open study: choose its folder, or that of a batch\u2019s results');
      if (folder === null) return { opened: false };
      await studies.open(folder);
      return { opened: true };
    },
    'study:new': async () => {
      engine.mustRest();
      await studies.startNew();
      return {};
    },
    'study:locate': async () => {
      const folder = await chooseFolder('Where are the missing scans?');
      return { found: folder === null ? 0 : await studies.locate(folder) };
    },
  };
}
