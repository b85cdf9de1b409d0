import { stat } from 'node:fs/promises';
import path from 'node:path';
import { dialog, type OpenDialogOptions } from 'electron';
import { ExpectedError, toFailure, type Failure } from '../../../shared/failure';
import type { FileToken } from '../../../shared/ipc/contract';
import type { FileTokens } from '../../files/tokens';
import type { Handlers } from '../router';
import type { Services } from '../services';

const openOptions: OpenDialogOptions = {
  title: 'Open scans',
  properties: ['openFile', 'multiSelections'],
  filters: [
    { name: 'Scans and slice sets (NIfTI, NumPy)', extensions: ['nii', 'nii.gz', 'gz', 'npy'] },
    { name: 'All files', extensions: ['*'] },
  ],
};

export function fileHandlers({
  tokens,
  window,
}: Services): Pick<Handlers, 'files:open' | 'files:adopt' | 'files:forget'> {
  return {
    'files:open': async () => {
      const owner = window();
      const { canceled, filePaths } = owner
        ? await dialog.showOpenDialog(owner, openOptions)
        : await dialog.showOpenDialog(openOptions);
      return adoptPaths(tokens, canceled ? [] : filePaths);
    },
    'files:adopt': ({ paths }) => adoptPaths(tokens, paths),
    'files:forget': ({ token }) => {
      tokens.forget(token);
      return {};
    },
  };
}

/** Gives each file its token; what is not a file is refused with a sentence, and the others are taken all the same. */
export async function adoptPaths(
  tokens: FileTokens,
  paths: readonly string[],
): Promise<{ files: FileToken[]; refused: Failure[] }> {
  const files: FileToken[] = [];
  const refused: Failure[] = [];
  for (const filePath of paths) {
    try {
      files.push(tokens.adopt(path.resolve(filePath), 'file', await fileSize(filePath)));
    } catch (thrown) {
      refused.push(toFailure(thrown));
    }
  }
  return { files, refused };
}

async function fileSize(filePath: string): Promise<number> {
  const name = path.basename(filePath);
  const facts = await stat(filePath).catch(() => null);
  if (!facts) throw new ExpectedError('file-missing', `${name} is not there any more.`);
  if (!facts.isFile()) {
    throw new ExpectedError('file-unreadable', `${name} is a folder: open the scans in it, not the folder.`);
  }
  return facts.size;
}
