import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { ExpectedError } from '../../../../shared/failure';
import { stemOf } from '../../../files/outputs';
import { plainNames, refuseTwins, safeId, type BatchItem } from './items';

const rowSchema = z.object({
  path: z.string().min(1),
  id: z.string().optional(),
  subject: z.string().optional(),
  session: z.string().optional(),
  brain: z.string().optional(),
});

/**
 * The scans of a list: CSV, or TSV where its name ends so, with a header. The column `path` (from the list's own folder)
 * must be there; `id`, `subject`, `session` and `brain` (a brain mask) may be; others are passed over.
 * @throws ExpectedError file-missing, settings-invalid, empty-set
 */
export async function listItems(file: string): Promise<BatchItem[]> {
  const name = basename(file);
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ExpectedError('file-missing', `The list ${name} cannot be read (${error.message}).`);
  });
  const items = rowsOf(text, name).map((raw, at): BatchItem => {
    const row = rowSchema.safeParse(raw);
    if (!row.success) {
      throw new ExpectedError(
        'settings-invalid',
        `Line ${at + 2} of ${name} names no scan: its column "path" is missing or empty.`,
        row.error.message,
      );
    }
    const { path, id: given, subject, session, brain } = row.data;
    const folder = dirname(resolve(file));
    const id = safeId(given || [subject, session].filter(Boolean).join('_') || stemOf(path));
    return {
      id,
      subject: subject || id,
      session: session || null,
      source: resolve(folder, path),
      brainMask: brain ? resolve(folder, brain) : null,
      sourceName: basename(path),
      names: plainNames(id),
    };
  });
  if (items.length === 0)
    throw new ExpectedError(
      'empty-set',
      `The list ${name} names no scans: one line for each, below a header.`,
    );
  refuseTwins(items);
  return items;
}

function rowsOf(text: string, name: string): unknown[] {
  try {
    return parse(text, {
      columns: true,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      delimiter: /\.tsv$/i.test(name) ? '\t' : ',',
    });
  } catch (error) {
    throw new ExpectedError(
      'settings-invalid',
      `The list ${name} is no table (${(error as Error).message}): write a header with the column "path", then one line for each scan.`,
    );
  }
}
