import { existsSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { ExpectedError } from '../../../shared/failure';
import { writeFileAtomic } from '../../files/atomicWrite';
import type { Handlers } from '../router';
import type { Services } from '../services';

/** A step begins with a line break (see maskJournal.ts); a journal does not. */
const isStart = (text: string): boolean => !text.startsWith('\n');

/** The journals of edited masks, beside the study. What is in them is the page's; here they are only texts that grow. */
export function maskHandlers({ study }: Services): Pick<Handlers, 'masks:append' | 'masks:read'> {
  return {
    'masks:append': async ({ id, text }) => {
      const file = study.journal(id);
      try {
        if (isStart(text)) {
          // A journal from its beginning takes the place of what is there: another folder's copy of it, perhaps longer.
          await writeFileAtomic(file, text);
          return {};
        }
        if (!existsSync(file)) {
          throw new ExpectedError(
            'file-missing',
            'The folder of the study is no longer where it was. Your edits are kept in memory, and written anew: save the study in another folder.',
          );
        }
        // Once this returns the text outlives this program; a flush guards against the machine's end as well.
        await appendFile(file, text, { flush: true });
      } catch (error) {
        if (error instanceof ExpectedError && error.kind === 'file-missing') throw error;
        throw new ExpectedError(
          'file-unwritable',
          `The study's folder cannot be written (${(error as Error).message}). They are kept in memory: make room, or save the study in another folder.`,
        );
      }
      return {};
    },
    'masks:read': async ({ id }) => {
      const text = await readFile(study.journal(id), 'utf8').catch(() => null);
      if (text === null)
        throw new ExpectedError(
          'file-missing',
          'An edited mask is no longer in the folder of the study: put the folder "masks" back.',
        );
      return { text };
    },
  };
}
