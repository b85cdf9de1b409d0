import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { recordSchema, type BatchRecord, type DoneRecord } from '../../../../shared/cohort/record';
import { writeFileAtomic } from '../../../files/atomicWrite';
import { below } from './items';

/** Where a batch keeps its records and locks. */
export const batchFolder = (outDir: string): string => join(outDir, 'batch');
export const lockFile = (outDir: string, id: string): string => join(batchFolder(outDir), `${id}.lock`);
const recordFile = (outDir: string, id: string): string => join(batchFolder(outDir), `${id}.json`);

/** @throws ExpectedError file-unwritable */
export async function writeRecord(outDir: string, record: BatchRecord): Promise<void> {
  await writeFileAtomic(recordFile(outDir, record.id), `${JSON.stringify(record)}\n`);
}

/** A scan's record; null where there is none that can be read, so that the scan is done again. */
export async function readRecord(outDir: string, id: string): Promise<BatchRecord | null> {
  const text = await readFile(recordFile(outDir, id), 'utf8').catch(() => '');
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** All records of a batch, in the order of their ids. */
export async function readRecords(outDir: string): Promise<BatchRecord[]> {
  const names = await readdir(batchFolder(outDir)).catch(() => [] as string[]);
  const records: BatchRecord[] = [];
  for (const name of names.filter((each) => each.endsWith('.json')).sort()) {
    const record = await readRecord(outDir, name.slice(0, -'.json'.length));
    if (record) records.push(record);
  }
  return records;
}

/** Whether every file that a record names is there with the size it had. */
export async function filesAreThere(outDir: string, record: DoneRecord): Promise<boolean> {
  for (const [name, bytes] of Object.entries(record.files)) {
    const facts = await stat(below(outDir, name)).catch(() => null);
    if (facts?.size !== bytes) return false;
  }
  return true;
}
