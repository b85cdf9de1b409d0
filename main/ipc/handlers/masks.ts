import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import type { BrowserWindow, MessageBoxOptions, OpenDialogOptions } from 'electron';
import { ExpectedError } from '../../../shared/failure';
import type { FileToken } from '../../../shared/ipc/contract';
import { mustLieOnGrid } from '../../../shared/imaging/preparation';
import { isStart } from '../../../shared/study/maskJournal';
import { reviewIn } from '../../../shared/study/maskReview';
import { sidecarName } from '../../../shared/volume/maskSidecar';
import { niftiBytes } from '../../../shared/volume/nifti';
import { writeFileAtomic, writeNiftiFile } from '../../files/atomicWrite';
import { stemOf } from '../../files/outputs';
import { readMaskOf } from '../../files/readMask';
import { headerPath, readVolumeFile } from '../../files/readVolume';
import type { StudyFolder } from '../../files/studyFolder';
import { answerTo, chosenPath } from '../dialogs';
import type { Handlers } from '../router';
import type { Services } from '../services';

/** The journals of edited masks, beside the study. What is in them is the page's; here they are only texts that grow. */
export function maskHandlers({
  study,
  tokens,
  window,
}: Services): Pick<
  Handlers,
  'masks:choose' | 'contrasts:choose' | 'masks:take' | 'masks:append' | 'masks:read'
> {
  /** A mask on the grid of a scan, as a file of the study; null where the reader does not want it resampled. */
  const onGrid = async (mask: string, scan: string): Promise<FileToken | null> => {
    const path = await maskOnGrid(mask, scan, study, (grids) => mayResample(grids, window()));
    return path === null ? null : tokens.adopt(path, 'file', (await stat(path)).size);
  };
  return {
    'masks:take': async ({ mask: token, scan }) => {
      const file = tokens.pathOf(token, 'file');
      const beside = path.join(path.dirname(file), sidecarName(path.basename(file)));
      const sidecar = await readFile(beside, 'utf8').catch(() => null);
      return {
        mask: await onGrid(file, tokens.pathOf(scan, 'file')),
        review: sidecar === null ? null : reviewIn(sidecar),
      };
    },
    'masks:choose': async ({ scan, purpose }) => {
      const options: OpenDialogOptions = {
        title: purpose === 'brain' ? 'Open a brain mask of this scan' : 'Open a lesion mask of this scan',
        properties: ['openFile'],
        filters: [
          { name: 'Masks (NIfTI, NumPy)', extensions: ['nii', 'nii.gz', 'gz', 'hdr', 'img', 'npy'] },
          { name: 'All files', extensions: ['*'] },
        ],
      };
      const chosen = await chosenPath(options, window());
      if (chosen === null) return { mask: null };
      return { mask: await onGrid(headerPath(chosen), tokens.pathOf(scan, 'file')) };
    },
    'contrasts:choose': async ({ scan, contrast }) => {
      const options: OpenDialogOptions = {
        title: `Open the ${contrast} of this scan`,
        properties: ['openFile'],
        filters: [
          { name: 'Volumes (NIfTI)', extensions: ['nii', 'nii.gz', 'gz', 'hdr', 'img'] },
          { name: 'All files', extensions: ['*'] },
        ],
      };
      const chosen = await chosenPath(options, window());
      if (chosen === null) return { file: null };
      const other = headerPath(chosen);
      mustLieOnGrid(contrast, await readVolumeFile(other), await readVolumeFile(tokens.pathOf(scan, 'file')));
      return { file: tokens.adopt(other, 'file', (await stat(other)).size) };
    },
    'masks:append': async ({ id, text }) => {
      const file = study.journal(id);
      try {
        if (isStart(text)) {
          // A journal from its beginning takes the place of what is there: another folder's copy of it, perhaps longer.
          await writeFileAtomic(file, text);
          return {};
        }
        // Once this returns the text outlives this program; a flush guards against the machine's end as well.
        await appendToExisting(file, text);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT')
          throw new ExpectedError(
            'file-missing',
            'The folder of the study is no longer where it was. Your edits are kept in memory, and written anew: save the study in another folder.',
          );
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

/**
 * Adds text to the end of a file, flushed. Where there is none, none is made: a journal without its beginning is worth
 * nothing.
 * @throws ENOENT, also where the file went away while it was written
 */
async function appendToExisting(file: string, text: string): Promise<void> {
  const handle = await open(file, constants.O_WRONLY | constants.O_APPEND);
  try {
    await handle.writeFile(text);
    await handle.sync();
    // The open file takes what is written also where it has been renamed or deleted meanwhile.
    await stat(file);
  } finally {
    await handle.close();
  }
}

/**
 * A mask that lies on a scan's grid: the file itself, or, where it lies on another and the reader wants that, one that was
 * taken over to the grid and written below the study.
 * @returns null where the reader does not
 */
async function maskOnGrid(
  mask: string,
  scan: string,
  study: StudyFolder,
  ask: (grids: string) => Promise<boolean>,
): Promise<string | null> {
  const volume = await readVolumeFile(scan);
  let answer: boolean | null = null;
  const voxels = await readMaskOf(mask, volume, path.basename(scan), async (grids) => {
    answer = await ask(grids);
    return answer;
  }).catch((error: unknown) => {
    if (answer === false) return null;
    throw error;
  });
  if (voxels === null) return null;
  if (answer === null) return mask;
  const target = path.join(study.nextImport(), `${stemOf(mask)}_resampled.nii.gz`);
  const description = 'ASC-Net mask resampled';
  await writeNiftiFile(target, niftiBytes({ dims: volume.dims, data: voxels, like: volume, description }));
  return target;
}

async function mayResample(grids: string, owner: BrowserWindow | null): Promise<boolean> {
  const options: MessageBoxOptions = {
    type: 'question',
    message: 'The mask lies on another grid.',
    detail: `${grids}\n\nResample takes it over to the scan by the nearest voxel; the file stays as it is.`,
    buttons: ['Resample', 'Cancel'],
    defaultId: 0,
    cancelId: 1,
  };
  return (await answerTo(options, owner)) === 0;
}
