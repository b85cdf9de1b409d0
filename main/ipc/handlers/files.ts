import { stat } from 'node:fs/promises';
import path from 'node:path';
import type { BrowserWindow, MessageBoxOptions, OpenDialogOptions } from 'electron';
import { ExpectedError, toFailure, type Failure } from '../../../shared/failure';
import type { FileToken, ResponseOf } from '../../../shared/ipc/contract';
import { distinctNames } from '../../../shared/study/scanNames';
import { writeFileAtomic } from '../../files/atomicWrite';
import { convertDicom, filesBelow, isDicomFile, type DicomSeries } from '../../files/dicom';
import { questionOf, takeAs } from '../../files/imports';
import { headerPath } from '../../files/readVolume';
import type { FileTokens } from '../../files/tokens';
import { unreadable } from '../../files/uncompressed';
import { studyFolderOf } from '../../opening';
import { answerTo, chosenPath, chosenPaths } from '../dialogs';
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
  engine,
  study,
  studies,
  opening,
  window,
}: Services): Pick<
  Handlers,
  | 'files:open'
  | 'files:openFolder'
  | 'files:given'
  | 'files:adopt'
  | 'files:question'
  | 'files:answer'
  | 'files:forget'
> {
  const adopt = (paths: readonly string[]): ReturnType<typeof adoptPaths> =>
    adoptPaths(
      tokens,
      paths,
      () => study.nextImport(),
      (series) => askForSeries(series, window()),
    );
  return {
    'files:open': async () => adopt(await chosenPaths(openOptions, window())),
    'files:openFolder': async () => {
      const options: OpenDialogOptions = { title: 'Open a folder of scans', properties: ['openDirectory'] };
      const chosen = await chosenPath(options, window());
      return { folder: chosen === null ? null : await volumesIn(path.resolve(chosen), tokens) };
    },
    'files:given': async () => {
      const paths = opening.take();
      const [folder] = paths.map(studyFolderOf).filter((found) => found !== null);
      const scans = paths.filter((each) => studyFolderOf(each) === null);
      if (folder === undefined) return { ...(await adopt(scans)), study: false };
      try {
        engine.mustRest();
        await studies.open(folder);
      } catch (thrown) {
        const { files, refused } = await adopt(scans);
        return { files, refused: [toFailure(thrown), ...refused], study: false };
      }
      // For the page that comes now: the one that asks is about to go.
      opening.keep(scans);
      return { files: [], refused: [], study: true };
    },
    'files:adopt': ({ paths }) => adopt(paths),
    'files:question': async ({ token }) => ({ question: await questionOf(tokens.pathOf(token, 'file')) }),
    'files:answer': async ({ token, answer }) => {
      const asked = tokens.pathOf(token, 'file');
      const taken = await takeAs(asked, answer, () => study.nextImport());
      const file = tokens.adopt(taken, 'file', await fileSize(taken));
      if (taken !== asked) tokens.forget(token);
      return { file };
    },
    'files:forget': ({ token }) => {
      tokens.forget(token);
      return {};
    },
  };
}

/** Most volumes that a folder is listed with. */
const mostVolumes = 2000;

/** The volumes below a folder, each with its token; of a pair the header stands for both. */
async function volumesIn(
  folder: string,
  tokens: FileTokens,
): Promise<NonNullable<ResponseOf<'files:openFolder'>['folder']>> {
  const volumes = (await filesBelow(folder))
    .filter((file) => /\.(nii|nii\.gz|hdr|npy)$/i.test(file))
    .sort((a, b) => a.localeCompare(b, undefined, { numeric: true }));
  if (volumes.length === 0) {
    throw new ExpectedError(
      'file-missing',
      `There are no volumes (.nii, .nii.gz, .hdr, .npy) below ${path.basename(folder)}. A folder of DICOM files is opened by dropping it on the window.`,
    );
  }
  const kept = volumes.slice(0, mostVolumes);
  const names = namesOf(kept, tokens);
  const files = await Promise.all(
    kept.map(async (file, i) => ({
      file: tokens.adopt(file, 'file', (await stat(file)).size, names[i]),
      within: path.relative(folder, file).split(path.sep).join('/'),
    })),
  );
  return { name: path.basename(folder), files, more: volumes.length > kept.length };
}

/** What files are called in the window: two of one file name are told apart by their folders. */
function namesOf(paths: readonly string[], tokens: FileTokens): (string | undefined)[] {
  const fresh = paths.filter((file) => !tokens.knows(file, 'file'));
  const names = distinctNames(
    fresh.map((file) => file.split(path.sep)),
    tokens.namesBeside(fresh),
  );
  return paths.map((file) => names[fresh.indexOf(file)]);
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
  const headers = others.map((filePath) => headerPath(path.resolve(filePath)));
  const names = namesOf(headers, tokens);
  for (const [i, header] of headers.entries()) {
    await attempt(async () => {
      files.push(tokens.adopt(header, 'file', await fileSize(header), names[i]));
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
  const response = await answerTo(options, owner);
  if (response === series.length) return all;
  return all.filter((index) => index === response);
}

async function fileSize(filePath: string): Promise<number> {
  const name = path.basename(filePath);
  const facts = await stat(filePath).catch((error: unknown) => {
    throw unreadable(name, error as NodeJS.ErrnoException);
  });
  if (!facts.isFile()) throw new ExpectedError('file-unreadable', `${name} is not a file.`);
  return facts.size;
}
