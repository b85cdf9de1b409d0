import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { cohortLesionRows, groupPage, groupRows } from '../../../../shared/cohort/groupPage';
import { rankBySuspicion, SUSPICIOUS } from '../../../../shared/cohort/outliers';
import type { BatchRecord } from '../../../../shared/cohort/record';
import { ExpectedError } from '../../../../shared/failure';
import { writeFileAtomic } from '../../../files/atomicWrite';
import { SOFTWARE } from '../../../version';
import { readRecords } from './records';

/** The files of a whole cohort, in its folder. */
export const groupFiles = { page: 'group.html', scans: 'scans.tsv', lesions: 'lesions.tsv' } as const;

export interface GroupResult {
  readonly records: readonly BatchRecord[];
  readonly suspicious: number;
}

/**
 * The cohort as a page and as tables, from the records of its scans.
 * @throws ExpectedError empty-set where nothing was segmented in the folder
 */
export async function writeGroup(outDir: string): Promise<GroupResult> {
  const records = await readRecords(outDir);
  if (records.length === 0) {
    throw new ExpectedError(
      'empty-set',
      'Nothing has been segmented in this folder yet: run the batch (or the level "participant") first.',
    );
  }
  const facts = { software: SOFTWARE, at: new Date().toISOString() };
  const tsv = (rows: (string | number)[][]): string => stringify(rows, { delimiter: '\t' });
  await writeFileAtomic(join(outDir, groupFiles.page), groupPage(records, facts));
  await writeFileAtomic(join(outDir, groupFiles.scans), tsv(groupRows(records)));
  await writeFileAtomic(join(outDir, groupFiles.lesions), tsv(cohortLesionRows(records)));
  const done = records.filter((record) => record.state === 'done');
  return {
    records,
    suspicious: rankBySuspicion(done).filter(({ suspicion }) => suspicion > SUSPICIOUS).length,
  };
}
