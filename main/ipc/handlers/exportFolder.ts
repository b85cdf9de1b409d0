import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { stringify } from 'csv-stringify/sync';
import type { OpenDialogOptions } from 'electron';
import { ExpectedError } from '../../../shared/failure';
import { exportName, type ExportPart } from '../../../shared/study/exportNames';
import { sidecarName } from '../../../shared/volume/maskSidecar';
import { niftiBytes, trueValues } from '../../../shared/volume/nifti';
import { npyValues } from '../../../shared/volume/npy';
import { writeOutputs } from '../../files/outputs';
import { readVolumeFile } from '../../files/readVolume';
import { chosenPath } from '../dialogs';
import type { Handlers } from '../router';
import type { Services } from '../services';
import { maskFacts, maskFile } from './export';
import { printPdf } from '../../printPdf';

const options: OpenDialogOptions = {
  title: 'Export into a folder',
  properties: ['openDirectory', 'createDirectory'],
};

/** Exports of several scans into one folder: of each scan all files or none. */
export function exportFolderHandlers({
  tokens,
  window,
}: Services): Pick<Handlers, 'export:chooseFolder' | 'export:look' | 'export:into'> {
  return {
    'export:chooseFolder': async () => {
      const chosen = await chosenPath(options, window());
      if (chosen === null) return { folder: null };
      const { token, name } = tokens.adopt(path.resolve(chosen), 'folder', 0);
      return { folder: { token, name, files: await filesIn(chosen) } };
    },
    'export:look': async ({ folder }) => ({ files: await filesIn(tokens.pathOf(folder, 'folder')) }),
    'export:into': async (wanted) => {
      const { folder, stem, overwrite, scan, dims, mask, origin, iro, lesions, report, pdf } = wanted;
      const { lesionsJson } = wanted;
      const into = tokens.pathOf(folder, 'folder');
      const source = tokens.pathOf(scan, 'file');
      const named = (part: ExportPart): string => exportName(stem, part);
      const made: [string, Uint8Array | string][] = [];
      if (mask) {
        made.push([named('mask'), await maskFile(source, { dims, mask })]);
        made.push([sidecarName(named('mask')), await maskFacts(source, origin)]);
      }
      if (iro !== null) made.push([named('iro'), await mapFile(source, tokens.pathOf(iro, 'file'))]);
      if (lesions) made.push([named('lesions'), stringify(lesions)]);
      if (lesionsJson !== null) made.push([named('lesionsJson'), lesionsJson]);
      if (report !== null) made.push([named('report'), report]);
      if (pdf !== null) made.push([named('pdf'), await printPdf(pdf)]);
      const names = made.map(([name]) => name);
      const there = names.find((name) => existsSync(path.join(into, name)));
      if (there !== undefined && !overwrite) {
        throw new ExpectedError(
          'file-exists',
          `${there} exists already: allow replacing it, or choose other names.`,
        );
      }
      if (names.some((name) => path.resolve(into, name) === path.resolve(source)))
        throw new ExpectedError('file-exists', 'That would replace the scan itself: choose other names.');
      await writeOutputs(into, made, overwrite);
      return { written: names };
    },
  };
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw new ExpectedError(
      'file-unreadable',
      `The folder cannot be read (${(error as Error).message}): choose another.`,
    );
  }
}

/** The bytes of an I_ro map as NIfTI on its scan's grid. */
async function mapFile(source: string, map: string): Promise<Uint8Array> {
  const scan = await readVolumeFile(source);
  // A batch's map is NIfTI; one of the window's own is an array in the volume's order.
  const data = /\.npy$/i.test(map)
    ? npyValues(new Uint8Array(await readFile(map)))
    : trueValues(await readVolumeFile(map)).values;
  if (data.length !== scan.data.length) {
    throw new ExpectedError(
      'shape-mismatch',
      `${path.basename(source)} has changed since it was segmented: segment it again.`,
    );
  }
  return niftiBytes({ dims: scan.dims, data, like: scan, description: 'ASC-Net reconstruction I_ro' });
}
