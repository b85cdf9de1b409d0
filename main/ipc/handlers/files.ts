import { stat } from 'node:fs/promises';
import path from 'node:path';
import { dialog, type BrowserWindow, type MessageBoxOptions, type OpenDialogOptions } from 'electron';
import { ExpectedError, toFailure, type Failure } from '../../../shared/failure';
import type { FileToken } from '../../../shared/ipc/contract';
import { writeFileAtomic } from '../../files/atomicWrite';
import { convertDicom, filesBelow, isDicomFile, type DicomSeries } from '../../files/dicom';
import { headerPath } from '../../files/readVolume';
import type { FileTokens } from '../../files/tokens';
import type { Handlers } from '../router';
import type { Services } from '../services';

const openOptions: OpenDialogOptions = {
  title: 'Open scans',
  properties: ['openFile', 'multiSelections'],
  filters: [
    {
      name: 'Scans and slice sets (NIfTI, NumPy, DICOM)',
      extensions: ['nii', 'nii.gz', 'gz', 'npy', 'hdr', 'img', 'dcm'],
    },
    { name: 'All files', extensions: ['*'] },
  ],
};

export function fileHandlers({
  tokens,
  study,
  window,
}: Services): Pick<Handlers, 'files:open' | 'files:adopt' | 'files:forget'> {
  const adopt = (paths: readonly string[]): ReturnType<typeof adoptPaths> =>
    adoptPaths(
      tokens,
      paths,
      () => study.nextImport(),
      (series) => askForSeries(series, window()),
    );
  return {
    'files:open': async () => {
      const owner = window();
      const { canceled, filePaths } = owner
        ? await dialog.showOpenDialog(owner, openOptions)
        : await dialog.showOpenDialog(openOptions);
      return adopt(canceled ? [] : filePaths);
    },
    'files:adopt': ({ paths }) => adopt(paths),
    'files:forget': ({ token }) => {
      tokens.forget(token);
      return {};
    },
  };
}

/** Which of several series are meant, by their place in the list. */
type ChooseSeries = (series: readonly DicomSeries[]) => Promise<readonly number[]>;

/**
 * Gives each file its token; what cannot be taken is refused with a sentence, and the others are taken all the same. Folders
 * and DICOM files become volumes first, one a series; of a pair the header stands for both.
 * @param newFolder makes a folder for converted volumes
 */
export async function adoptPaths(
  tokens: FileTokens,
  paths: readonly string[],
  newFolder: () => string,
  choose: ChooseSeries,
): Promise<{ files: FileToken[]; refused: Failure[] }> {
  const files: FileToken[] = [];
  const refused: Failure[] = [];
  const attempt = async (take: () => Promise<void>): Promise<void> => {
    try {
      await take();
    } catch (thrown) {
      refused.push(toFailure(thrown));
    }
  };
  const { dicom, others } = await sorted(paths);
  for (const filePath of others) {
    await attempt(async () => {
      const header = headerPath(path.resolve(filePath));
      files.push(tokens.adopt(header, 'file', await fileSize(header)));
    });
  }
  for (const [name, members] of dicom) {
    await attempt(async () => {
      for (const converted of await convertedFiles(name, members, newFolder, choose)) {
        files.push(tokens.adopt(converted, 'file', await fileSize(converted)));
      }
    });
  }
  return { files, refused };
}

/** Parts paths into what is converted (each folder by itself, loose DICOM files together) and what is opened as it is. */
async function sorted(
  paths: readonly string[],
): Promise<{ dicom: [name: string, files: string[]][]; others: string[] }> {
  const dicom: [string, string[]][] = [];
  const loose: string[] = [];
  const others: string[] = [];
  for (const filePath of paths) {
    const facts = await stat(filePath).catch(() => null);
    if (facts?.isDirectory()) dicom.push([path.basename(filePath), [filePath]]);
    else if (facts?.isFile() && (await isDicomFile(filePath))) loose.push(filePath);
    else others.push(filePath);
  }
  if (loose.length > 0) dicom.push([`${loose.length} DICOM files`, loose]);
  return { dicom, others };
}

/** The volumes of the chosen series, written below the study: without what names a patient (see convertDicom). */
async function convertedFiles(
  name: string,
  members: readonly string[],
  newFolder: () => string,
  choose: ChooseSeries,
): Promise<string[]> {
  const inside = await Promise.all(
    members.map(async (member) => ((await stat(member)).isDirectory() ? filesBelow(member) : [member])),
  );
  const series = await convertDicom(inside.flat(), name);
  const chosen = series.length === 1 ? [0] : await choose(series);
  const folder = newFolder();
  const written: string[] = [];
  for (const index of chosen) {
    const { label, nifti } = series[index] as DicomSeries;
    const target = path.join(folder, `${label.replaceAll(/[^\w.-]+/g, '_')}.nii`);
    await writeFileAtomic(target, nifti);
    written.push(target);
  }
  return written;
}

async function askForSeries(
  series: readonly DicomSeries[],
  owner: BrowserWindow | null,
): Promise<readonly number[]> {
  const all = series.map((_, index) => index);
  const options: MessageBoxOptions = {
    type: 'question',
    message: `There are ${series.length} series: which one is to be opened?`,
    buttons: [...series.map(({ label }) => label), 'All of them', 'Cancel'],
    cancelId: series.length + 1,
  };
  const { response } = owner
    ? await dialog.showMessageBox(owner, options)
    : await dialog.showMessageBox(options);
  if (response === series.length) return all;
  return all.filter((index) => index === response);
}

async function fileSize(filePath: string): Promise<number> {
  const name = path.basename(filePath);
  const facts = await stat(filePath).catch(() => null);
  if (!facts) throw new ExpectedError('file-missing', `${name} is not there any more.`);
  if (!facts.isFile()) throw new ExpectedError('file-unreadable', `${name} is not a file.`);
  return facts.size;
}
