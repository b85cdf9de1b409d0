import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BatchRecord } from '../../../../shared/cohort/record';
import type { BatchItem } from '../batch/items';
import { filesAreThere, readRecord } from '../batch/records';
import { planFolders, readPlan, type Plan, type Work } from './plan';
import { queuedTasks } from './slurm';
import { hasEnded } from './sweep';

/** Where a scan of an array, or a training of a sweep, stands. */
export interface Standing {
  /** The scan's id, or the run's name. */
  readonly id: string;
  readonly state: 'done' | 'failed' | 'running' | 'waiting' | 'died';
  /** Why it failed or died; '' for the others. */
  readonly why: string;
}
export interface ScanState extends Standing {
  readonly item: BatchItem;
}
export interface TrainingState extends Standing {
  /** What its training changes. */
  readonly changes: Readonly<Record<string, unknown>>;
}

/** A plan of one kind of work, with where it lies. */
export interface Placed<K extends Work['kind']> {
  readonly folder: string;
  readonly plan: Omit<Plan, 'work'> & { readonly work: Extract<Work, { kind: K }> };
}

/** All arrays of one kind that were submitted for an output folder, the oldest first. */
export async function plansOf<K extends Work['kind']>(outDir: string, kind: K): Promise<Placed<K>[]> {
  const plans: Placed<K>[] = [];
  for (const folder of await planFolders(outDir)) {
    const plan = await readPlan(join(folder, 'plan.json'));
    if (plan.work.kind === kind)
      plans.push({ folder, plan: { ...plan, work: plan.work as Extract<Work, { kind: K }> } });
  }
  return plans;
}

/** Where each training of a sweep stands: by its newest array, its run and what waits or runs. */
export async function trainingStates(outDir: string): Promise<TrainingState[]> {
  const states: TrainingState[] = [];
  const plans = await plansOf(outDir, 'sweep');
  const jobs = plans.flatMap(({ plan }) => plan.jobId ?? []);
  const queued = await Promise.all(jobs.map(queuedTasks));
  const { work } = plans.at(-1)?.plan ?? {};
  for (const [task, changes] of work?.tasks.entries() ?? []) {
    const about = { id: `run-${task}`, changes };
    const inQueue = queued.flat().find((each) => each.task === task);
    const log = plans
      .map(({ folder }) => join(folder, `${task}.log`))
      .filter((file) => existsSync(file))
      .at(-1);
    if (work && hasEnded(work, task)) states.push({ ...about, state: 'done', why: '' });
    else if (inQueue)
      states.push({ ...about, state: inQueue.state === 'PENDING' ? 'waiting' : 'running', why: '' });
    else states.push({ ...about, state: 'died', why: await lastWords(log ?? `${task}.log`) });
  }
  return states;
}

/** Where each scan stands: by its newest array, its record and what waits or runs. */
export async function scanStates(outDir: string): Promise<ScanState[]> {
  const states = new Map<string, ScanState>();
  for (const { folder, plan } of await plansOf(outDir, 'segment')) {
    const queued = plan.jobId === null ? [] : await queuedTasks(plan.jobId);
    for (const [task, items] of plan.work.tasks.entries()) {
      const inQueue = queued.find((each) => each.task === task);
      for (const item of items) {
        const record = await readRecord(outDir, item.id);
        states.set(item.id, await stateOf(item, record, inQueue?.state, folder, task, outDir));
      }
    }
  }
  return [...states.values()];
}

async function stateOf(
  item: BatchItem,
  record: BatchRecord | null,
  queued: string | undefined,
  folder: string,
  task: number,
  outDir: string,
): Promise<ScanState> {
  const about = { item, id: item.id };
  if (record?.state === 'done' && (await filesAreThere(outDir, record)))
    return { ...about, state: 'done', why: '' };
  if (queued !== undefined) {
    const running = queued !== 'PENDING' && record?.state === 'started';
    return { ...about, state: running ? 'running' : 'waiting', why: '' };
  }
  if (record?.state === 'failed') return { ...about, state: 'failed', why: record.failure.message };
  return { ...about, state: 'died', why: await lastWords(join(folder, `${task}.log`)) };
}

/** What the scheduler said when it ended a task, or else the task's own last line. */
async function lastWords(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const told = text.split('\n').filter((line) => /^slurmstepd|oom|Killed/i.test(line));
  const last = text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .at(-1);
  return (told.at(-1) ?? last)?.trim() ?? `its task ended before it was done; see ${basename(log)}`;
}
