import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import { settingsFrom } from '../../../../shared/study/chooseSettings';
import { ExpectedError } from '../../../../shared/failure';
import { writeFileAtomic } from '../../../files/atomicWrite';
import type { JobContext } from '../context';
import { trainRun } from '../trainRun';
import type { Work } from './plan';

type Sweep = Extract<Work, { kind: 'sweep' }>;

/** The table of a sweep's results, in its folder. */
export const sweepTable = 'sweep.tsv';

const resultSchema = z.object({
  cycles: z.number(),
  ended: z.string(),
  durationMs: z.number(),
  device: z.object({ label: z.string() }),
});

const resultFile = (work: Sweep, task: number): string =>
  join(work.outDir, `run-${task}`, 'sweep-result.json');

/** Every combination of the values, in the order given: the last name changes fastest. */
export function combinations(axes: ReadonlyMap<string, readonly unknown[]>): Record<string, unknown>[] {
  return [...axes].reduce<Record<string, unknown>[]>(
    (all, [name, values]) => all.flatMap((before) => values.map((value) => ({ ...before, [name]: value }))),
    [{}],
  );
}

/** One training of a sweep, below its folder in run-N. What a killed one left is gone on with. */
export async function trainOne(work: Sweep, task: number, context: JobContext): Promise<void> {
  const changes = work.tasks[task];
  if (!changes) throw new ExpectedError('settings-invalid', `The sweep has no training ${task}.`);
  const outDir = join(work.outDir, `run-${task}`);
  const settings = settingsFrom(work.preset, changes);
  const { dataDir, backend } = work;
  const result = await trainRun({ dataDir, outDir, plan: { kind: 'new', settings }, backend }, context);
  await writeFileAtomic(resultFile(work, task), JSON.stringify(result));
}

/** The table: a line for each training, with what was changed and how it ended. @returns how many have ended */
export async function writeSweepTable(work: Sweep): Promise<number> {
  const names = [...new Set(work.tasks.flatMap((task) => Object.keys(task)))];
  const lines: (string | number)[][] = [];
  let ended = 0;
  for (const [task, changes] of work.tasks.entries()) {
    const text = await readFile(resultFile(work, task), 'utf8').catch(() => null);
    const result = text === null ? null : resultSchema.parse(JSON.parse(text));
    if (result) ended += 1;
    lines.push([
      `run-${task}`,
      ...names.map((name) => JSON.stringify(changes[name] ?? null)),
      ...(result
        ? [result.ended, result.cycles, Math.round(result.durationMs / 1000), result.device.label]
        : ['not ended', 'n/a', 'n/a', 'n/a']),
    ]);
  }
  const table = [['run', ...names, 'ended', 'cycles', 'seconds', 'device'], ...lines];
  await writeFileAtomic(join(work.outDir, sweepTable), stringify(table, { delimiter: '\t' }));
  return ended;
}
