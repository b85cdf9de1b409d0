import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { z } from 'zod';
import { ExpectedError } from '../../../../shared/failure';

/** Names of what a batch writes for one scan, below the output folder, with forward slashes. */
const namesSchema = z.strictObject({
  mask: z.string(),
  maskSidecar: z.string(),
  score: z.string(),
  scoreSidecar: z.string(),
  /** The spread of I_ro, where several predictions were made. */
  spread: z.string(),
  spreadSidecar: z.string(),
  /** Each lesion with the number of its row. */
  labels: z.string(),
  lesions: z.string(),
  lesionsSidecar: z.string(),
  page: z.string(),
});
export type ItemNames = z.infer<typeof namesSchema>;

/** One scan of a batch. Plain data: it goes to threads and into plans. */
export const batchItemSchema = z.strictObject({
  /** Unique within the batch, and fit to be a file name. */
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.+-]*$/),
  subject: z.string(),
  session: z.string().nullable(),
  /** Absolute path of the scan, and of its brain mask where the user gave one. */
  source: z.string(),
  brainMask: z.string().nullable(),
  /** How sidecars name the source: a BIDS URI, or the file's name. */
  sourceName: z.string(),
  names: namesSchema,
});
export type BatchItem = z.infer<typeof batchItemSchema>;

/** The usual names of a scan in a folder of its own: ID/ID_mask.nii.gz and so on. */
export function plainNames(id: string): ItemNames {
  const name = (rest: string): string => `${id}/${id}_${rest}`;
  return {
    mask: name('mask.nii.gz'),
    maskSidecar: name('mask.json'),
    score: name('score.nii.gz'),
    scoreSidecar: name('score.json'),
    spread: name('spread.nii.gz'),
    spreadSidecar: name('spread.json'),
    labels: name('labels.nii.gz'),
    lesions: name('lesions.tsv'),
    lesionsSidecar: name('lesions.json'),
    page: `reports/${id}.html`,
  };
}

/** What may stand in a file name everywhere: everything else becomes "_". */
export function safeId(text: string): string {
  const safe = text.replace(/[^A-Za-z0-9_.+-]+/g, '_').replace(/^[^A-Za-z0-9]+/, '');
  return safe === '' ? 'scan' : safe.slice(0, 120);
}

/** @throws ExpectedError settings-invalid where two have one id: they would write over each other */
export function refuseTwins(items: readonly BatchItem[]): void {
  const seen = new Map<string, BatchItem>();
  for (const item of items) {
    const twin = seen.get(item.id.toLowerCase());
    if (twin) {
      throw new ExpectedError(
        'settings-invalid',
        `Two scans would both be called ${item.id}: ${twin.source} and ${item.source}. Give each an id of its own in a list (--list).`,
      );
    }
    seen.set(item.id.toLowerCase(), item);
  }
}

/** Whether a path lies within a folder. */
export function liesWithin(folder: string, path: string): boolean {
  const inside = relative(resolve(folder), resolve(path));
  return inside === '' || (!inside.startsWith(`..${sep}`) && inside !== '..' && !isAbsolute(inside));
}

/** A path below the output folder. */
export function below(outDir: string, name: string): string {
  return join(outDir, ...name.split('/'));
}
