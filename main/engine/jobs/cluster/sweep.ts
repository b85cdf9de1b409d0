import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { stringify } from 'csv-stringify/sync';
import { pastedAgreement } from '../../../../shared/imaging/trainedThreshold';
import { settingsFrom } from '../../../../shared/study/chooseSettings';
import { ExpectedError } from '../../../../shared/failure';
import { writeFileAtomic } from '../../../files/atomicWrite';
import { CheckpointStore } from '../../training/checkpointFile';
import { readRun, RUN_FILES, type Run } from '../../training/runFile';
import type { JobContext } from '../context';
import { trainRun, type TrainPlan } from '../trainRun';
import type { Work } from './plan';

type Sweep = Extract<Work, { kind: 'sweep' }>;

/** The table of a sweep's results, in its folder. */
export const sweepTable = 'sweep.tsv';

const runOf = (work: Sweep, task: number): string => join(work.outDir, `run-${task}`);

/** Whether the training of a task has ended: run.json is written last. */
export const hasEnded = (work: Sweep, task: number): boolean =>
  existsSync(join(runOf(work, task), RUN_FILES.run));

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
  if (hasEnded(work, task)) return;
  const outDir = runOf(work, task);
  const { dataDir, backend } = work;
  const plan: TrainPlan = (await new CheckpointStore(outDir).any())
    ? { kind: 'resume', changes: {} }
    : { kind: 'new', settings: settingsFrom(work.preset, changes) };
  await trainRun({ dataDir, outDir, plan, backend }, context);
}

/** What a training came to, as far as it can be told without a true mask. */
const results = [
  'ended',
  'cycles',
  'seconds',
  'split',
  'iro_spread',
  'pasted_dice',
  'reconstruction',
  'disjointness',
  'adversarial',
  'device',
] as const;

/** The table: a line for each training, with what was changed and how it ended. @returns how many have ended */
export async function writeSweepTable(work: Sweep): Promise<number> {
  const names = [...new Set(work.tasks.flatMap((task) => Object.keys(task)))];
  const lines: (string | number)[][] = [];
  let ended = 0;
  for (const [task, changes] of work.tasks.entries()) {
    const run = hasEnded(work, task) ? await readRun(runOf(work, task)) : null;
    if (run) ended += 1;
    const found: Partial<Record<string, string | number>> = run ? resultsOf(run) : { ended: 'not ended' };
    lines.push([
      basename(runOf(work, task)),
      ...names.map((name) => JSON.stringify(changes[name] ?? null)),
      ...results.map((name) => found[name] ?? 'n/a'),
    ]);
  }
  const table = [['run', ...names, ...results], ...lines];
  await writeFileAtomic(join(work.outDir, sweepTable), stringify(table, { delimiter: '\t' }));
  return ended;
}

function resultsOf(run: Run): Partial<Record<(typeof results)[number], string | number>> {
  const last = run.history.at(-1);
  const { reconstruction, disjointness, adversarial } = last?.generator ?? {};
  const pasted = run.pastedCounts && pastedAgreement(run.pastedCounts);
  return {
    ended: run.ended,
    cycles: run.history.length,
    seconds: Math.round(run.durationMs / 1000),
    split: last?.split === true ? 'yes' : 'no',
    iro_spread: rounded(last?.iroSpread),
    pasted_dice: rounded(pasted?.dice),
    reconstruction: rounded(reconstruction),
    disjointness: rounded(disjointness),
    adversarial: rounded(adversarial),
    device: run.device.label,
  };
}

const rounded = (value: number | null | undefined): string | number =>
  value === null || value === undefined ? 'n/a' : Number(value.toPrecision(4));
