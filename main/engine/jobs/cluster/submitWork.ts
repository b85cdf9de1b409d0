import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '../../../files/atomicWrite';
import { nextPlanFolder, planFile, writePlan, type Plan, type Resources, type Work } from './plan';
import { programWords, script, submit } from './slurm';

/** An array of tasks that was submitted, or only written. */
export interface Submitted {
  readonly folder: string;
  readonly plan: Plan;
}

/** The step that sums up is small. */
const GROUP_MINUTES = 30;

export interface SubmitOptions {
  /** Only writes. */
  readonly dryRun?: boolean;
  /** Arrays that are still at work and that the last step waits for, however they end. */
  readonly alsoAfter?: readonly string[];
  /** Numbers of the tasks that are meant; all unless given. */
  readonly only?: readonly number[];
}

/**
 * Writes the plan of an array and its scripts, and submits them: the tasks, and the step that sums up: of scans when all
 * tasks have ended well, of trainings when all have ended, for its table says which have not.
 */
export async function submitWork(
  work: Work,
  resources: Resources,
  { dryRun = false, alsoAfter = [], only }: SubmitOptions = {},
): Promise<Submitted> {
  const folder = await nextPlanFolder(work.outDir);
  const words = programWords(resources);
  const file = planFile(folder);
  const plan: Plan = {
    format: 'asc-net-cluster-plan',
    version: 1,
    work,
    resources,
    jobId: null,
    groupJobId: null,
  };
  await writePlan(folder, plan);
  for (const [name, step] of [
    ['tasks.sh', 'slurm-task'],
    ['group.sh', 'slurm-group'],
  ] as const) {
    await writeFileAtomic(join(folder, name), script([...words, step, file]));
    await chmod(join(folder, name), 0o755);
  }
  if (dryRun) return { folder, plan };
  // In the name of a log % begins a pattern: a folder's own are doubled.
  const log = (name: string): string => join(folder.replaceAll('%', '%%'), name);
  const numbers = only?.join(',') ?? `0-${work.tasks.length - 1}`;
  const array = [`--array=${numbers}`, `--output=${log('%a.log')}`, '--open-mode=append'];
  const jobId = await submit(folder, 'tasks.sh', 'asc-net', array, resources);
  const ok = work.kind === 'sweep' ? 'afterany' : 'afterok';
  const wait = [`${ok}:${jobId}`, ...alsoAfter.map((id) => `afterany:${id}`)].join(',');
  const after = [`--dependency=${wait}`, '--kill-on-invalid-dep=yes', `--output=${log('group.log')}`];
  const small = { ...resources, cpus: 1, gres: null, minutes: GROUP_MINUTES };
  const groupJobId = await submit(folder, 'group.sh', 'asc-net-group', after, small);
  const submitted = { ...plan, jobId, groupJobId };
  await writePlan(folder, submitted);
  return { folder, plan: submitted };
}
