import { appendFile, mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import type { Handlers } from '../router';
import type { Services } from '../services';

/** The journals of edited masks, beside the study. What is in them is the page's; here they are only texts that grow. */
export function maskHandlers({ study }: Services): Pick<Handlers, 'masks:append' | 'masks:read'> {
  return {
    'masks:append': async ({ id, text }) => {
      const file = study.journal(id);
      try {
        await mkdir(path.dirname(file), { recursive: true });
        // Once this returns the text outlives this program; a flush guards against the machine's end as well.
        await appendFile(file, text, { flush: true });
      } catch (error) {
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
