import { readdir } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { ExpectedError } from '../../../../shared/failure';
import { stemOf } from '../../../files/outputs';
import { liesWithin, plainNames, refuseTwins, safeId, type BatchItem } from './items';

const isVolume = (name: string): boolean => /\.(nii|nii\.gz|hdr|npy)$/i.test(name);

/**
 * All volumes below a folder, in the order of their paths; a volume's id is its path without separators and ending. What
 * lies in the output folder, and what begins with a dot, is passed over.
 * @throws ExpectedError file-missing, empty-set
 */
export async function folderItems(folder: string, outDir: string): Promise<BatchItem[]> {
  const root = resolve(folder);
  const found: string[] = [];
  const visit = async (at: string): Promise<void> => {
    const entries = await readdir(at, { withFileTypes: true }).catch((error: Error) => {
      throw new ExpectedError(
        'file-missing',
        `The folder ${basename(at)} cannot be read (${error.message}); check the path.`,
      );
    });
    for (const entry of entries) {
      const path = join(at, entry.name);
      if (entry.name.startsWith('.') || (path !== root && liesWithin(outDir, path))) continue;
      if (entry.isDirectory()) await visit(path);
      else if (isVolume(entry.name)) found.push(path);
    }
  };
  await visit(root);
  if (found.length === 0) {
    throw new ExpectedError(
      'empty-set',
      `There are no volumes (.nii, .nii.gz, .hdr, .npy) in ${basename(root)}; name another folder or a list.`,
    );
  }
  const items = found.sort().map((source): BatchItem => {
    const id = safeId(stemOf(relative(root, source).split(sep).join('_')));
    return {
      id,
      subject: id,
      session: null,
      source,
      brainMask: null,
      sourceName: basename(source),
      names: plainNames(id),
    };
  });
  refuseTwins(items);
  return items;
}
