import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BatchRecord } from '../../../../shared/cohort/record';
import type { BatchItem } from '../batch/items';
import { filesAreThere, readRecord } from '../batch/records';
import { planFolders, readPlan, type Plan } from './plan';
import { queuedTasks } from './slurm';

/** Where a scan of an array stands. */
export interface ScanState {
  readonly item: BatchItem;
  readonly state: 'done' | 'failed' | 'running' | 'waiting' | 'died';
  /** Why it failed or died; '' for the others. */
  readonly why: string;
}

/** A plan of segmentation with where it lies. */
interface SegmentPlan {
  readonly folder: string;
  readonly plan: Plan & { readonly work: Extract<Plan['work'], { kind: 'segment' }> };
}

/** All segmentations that were submitted for an output folder, the oldest first. */
export async function segmentPlans(outDir: string): Promise<SegmentPlan[]> {
  const plans: SegmentPlan[] = [];
  for (const folder of await planFolders(outDir)) {
    const plan = await readPlan(join(folder, 'plan.json'));
    if (plan.work.kind === 'segment') plans.push({ folder, plan: { ...plan, work: plan.work } });
  }
  return plans;
}

/** Where each scan stands: by its newest array, its record and what waits or runs. */
export async function scanStates(outDir: string): Promise<ScanState[]> {
  const states = new Map<string, ScanState>();
  for (const { folder, plan } of await segmentPlans(outDir)) {
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
  if (record?.state === 'done' && (await filesAreThere(outDir, record)))
    return { item, state: 'done', why: '' };
  if (queued !== undefined) {
    const running = queued !== 'PENDING' && record?.state === 'started';
    return { item, state: running ? 'running' : 'waiting', why: '' };
  }
  if (record?.state === 'failed') return { item, state: 'failed', why: record.failure.message };
  return { item, state: 'died', why: await lastWords(join(folder, `${task}.log`)) };
}

/** What the scheduler said when it ended a task. */
async function lastWords(log: string): Promise<string> {
  const text = await readFile(log, 'utf8').catch(() => '');
  const told = text.split('\n').filter((line) => /^slurmstepd|oom|Killed/i.test(line));
  return told.at(-1)?.trim() ?? `its task ended before it was done; see ${basename(log)}`;
}
