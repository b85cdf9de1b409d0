import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ExpectedError } from '../../shared/failure';
import { presets, type PresetName } from '../../shared/study/trainingSettings';
import type { BackendChoice } from '../engine/backend/backend';
import { ensureDerivatives } from '../engine/jobs/batch/bidsDataset';
import { folderItems } from '../engine/jobs/batch/folderItems';
import { groupFiles, writeGroup } from '../engine/jobs/batch/group';
import type { BatchItem } from '../engine/jobs/batch/items';
import { listItems } from '../engine/jobs/batch/listItems';
import { readRecords } from '../engine/jobs/batch/records';
import type { BatchSettings } from '../engine/jobs/batch/settings';
import { estimate, scanMsOf, type Probe } from '../engine/jobs/cluster/estimate';
import { chunks, readPlan, type Plan, type Resources } from '../engine/jobs/cluster/plan';
import { cancel, queuedTasks } from '../engine/jobs/cluster/slurm';
import {
  plansOf,
  scanStates,
  trainingStates,
  type Placed,
  type Standing,
} from '../engine/jobs/cluster/status';
import { submitWork } from '../engine/jobs/cluster/submitWork';
import { combinations, sweepTable, trainOne, writeSweepTable } from '../engine/jobs/cluster/sweep';
import { addManyFlags, batchSettings, endOf, runMany, type ManyFlags } from './batch';
import { addBidsFlags, bidsScans, type BidsFlags } from './bids';
import { addForecast } from './forecast';
import { backendOption, parseCount, say, withView, WrongUsage } from './options';

/** What is asked of the scheduler. */
interface ClusterFlags {
  readonly cpus: number;
  readonly mem?: number;
  readonly minutes?: number;
  readonly chunkSize?: number;
  readonly chunkMinutes: number;
  readonly gres?: string;
  readonly partition?: string;
  readonly account?: string;
  readonly container?: string;
  readonly bind: string[];
  readonly probe: boolean;
  readonly dryRun?: boolean;
}

function addClusterFlags(command: Command): Command {
  return command
    .option('--cpus <n>', 'CPUs of a task', parseCount, 2)
    .option('--mem <mb>', 'memory of a task in MB (default: from a probe)', parseCount)
    .option('--minutes <n>', 'time limit of a task (default: from a probe)', parseCount)
    .option('--gres <list>', 'generic resources, e.g. gpu:1')
    .option('--partition <name>', 'partition')
    .option('--account <name>', 'account')
    .option('--container <image>', 'Apptainer image that holds asc-net (see resources/containers)')
    .option('--bind <dir...>', 'folders that the container sees', [])
    .option('--dry-run', 'write the plan and the scripts, and submit nothing');
}

function addChunkFlags(command: Command): Command {
  return command
    .option('--chunk-size <n>', 'scans of a task (default: from a probe)', parseCount)
    .option('--chunk-minutes <n>', 'how long a task should take, where the probe decides', parseCount, 30)
    .option('--no-probe', 'segment no scan here first: then --mem, --minutes and --chunk-size say it all');
}

function resourcesOf(flags: ClusterFlags, memoryMb: number, minutes: number): Resources {
  return {
    cpus: Math.max(1, flags.cpus),
    memoryMb: flags.mem ?? memoryMb,
    minutes: flags.minutes ?? minutes,
    gres: flags.gres ?? null,
    partition: flags.partition ?? null,
    account: flags.account ?? null,
    container: flags.container === undefined ? null : resolve(flags.container),
    bind: flags.bind.map((folder) => resolve(folder)),
  };
}

/** The commands for SLURM, and the two that its jobs run. */
export function addSlurm(program: Command): void {
  const slurm = program.command('slurm').description('the same work as job arrays of a SLURM cluster');

  const batch = slurm
    .command('batch')
    .description('asc-net batch as a job array')
    .argument('[folder]', 'folder of volumes, with its subfolders')
    .option('--list <file>', 'CSV or TSV with a column "path"')
    .requiredOption('--out <dir>', 'where to write');
  addClusterFlags(addChunkFlags(addManyFlags(batch))).action(
    async (
      folder: string | undefined,
      flags: ManyFlags & ClusterFlags & { list?: string; out: string },
      command: Command,
    ) => {
      if ((folder === undefined) === (flags.list === undefined))
        command.error('error: give either a folder or --list FILE');
      const items =
        folder === undefined ? await listItems(flags.list as string) : await folderItems(folder, flags.out);
      await submitScans(items, batchSettings(flags, command), flags.out, flags);
    },
  );

  const bids = slurm
    .command('bids')
    .description('asc-net bids as a job array, with the level "group" after it')
    .argument('<bids_dir>', 'BIDS data set')
    .argument('<output_dir>', 'data set of derivatives');
  addClusterFlags(addChunkFlags(addBidsFlags(addManyFlags(bids)))).action(
    async (bidsDir: string, outDir: string, flags: BidsFlags & ClusterFlags, command: Command) => {
      const settings = batchSettings(flags, command);
      const items = await bidsScans(bidsDir, flags);
      await ensureDerivatives(bidsDir, outDir);
      await submitScans(items, settings, outDir, flags);
    },
  );

  addForecast(slurm);

  const train = slurm
    .command('train')
    .description('trainings with different settings as a job array, with a table of results')
    .requiredOption('--data <dir>', 'folder that prepare wrote')
    .requiredOption('--out <dir>', 'where the runs are written')
    .addOption(
      new Option('--preset <name>', 'settings to start from').choices(Object.keys(presets)).default('quick'),
    )
    .requiredOption(
      '--sweep <name=v1,v2...>',
      'a setting and its values; may be repeated',
      parseAxis,
      new Map(),
    )
    .addOption(backendOption());
  addClusterFlags(train).action(
    async (
      flags: ClusterFlags & {
        data: string;
        out: string;
        preset: PresetName;
        sweep: ReadonlyMap<string, unknown[]>;
        backend: BackendChoice;
      },
    ) => {
      const tasks = combinations(flags.sweep);
      const work = {
        kind: 'sweep' as const,
        outDir: real(flags.out),
        dataDir: real(flags.data),
        preset: flags.preset,
      };
      const resources = resourcesOf(flags, 4096, 24 * 60);
      tellSubmitted(
        await submitWork({ ...work, backend: flags.backend, tasks }, resources, {
          dryRun: flags.dryRun === true,
        }),
        `${tasks.length} trainings`,
      );
    },
  );

  slurm
    .command('status')
    .description('where the scans of an output folder, or the trainings of a sweep, stand')
    .argument('<output_dir>', 'folder that was given to slurm batch, slurm bids or slurm train')
    .action(async (outDir: string) => {
      const states = [...(await scanStates(real(outDir))), ...(await trainingStates(real(outDir)))];
      const count = (state: string): number => states.filter((each) => each.state === state).length;
      say(
        `${count('done')} done, ${count('running')} running, ${count('waiting')} waiting, ${count('failed')} failed, ${count('died')} died`,
      );
      for (const { id, state, why } of states)
        if (state === 'failed' || state === 'died') say(`${id}: ${state}: ${why}`);
    });

  slurm
    .command('resubmit')
    .description('submit again what failed or died, and nothing of what is done, runs or waits')
    .argument('<output_dir>', 'folder that was given to slurm batch, slurm bids or slurm train')
    .action((outDir: string) => resubmit(real(outDir)));

  program
    .command('slurm-task <plan> <task>', { hidden: true })
    .action((plan: string, task: string) => runTask(plan, Number(task)));
  program.command('slurm-group <plan> <task>', { hidden: true }).action((plan: string) => runGroup(plan));
}

async function submitScans(
  items: readonly BatchItem[],
  settings: BatchSettings,
  out: string,
  flags: ManyFlags & ClusterFlags,
): Promise<void> {
  const outDir = resolve(out);
  const overwrite = flags.overwrite === true;
  const lanes = Math.max(1, flags.lanes ?? (settings.model === null ? flags.cpus : 3));
  const probe = flags.probe ? await probeOf(items, settings, outDir, overwrite) : null;
  if (!probe && (flags.mem === undefined || flags.minutes === undefined || flags.chunkSize === undefined)) {
    throw new WrongUsage('--no-probe needs --mem, --minutes and --chunk-size.');
  }
  const given = flags.chunkSize ?? null;
  const found = probe && estimate(probe, items.length, lanes, flags.chunkMinutes, given);
  const chunkSize = given ?? found?.chunkSize ?? 1;
  const resources = resourcesOf(flags, found?.memoryMb ?? 0, found?.minutes ?? 0);
  const tasks = chunks(items, chunkSize);
  tellSubmitted(
    await submitWork({ kind: 'segment', outDir, settings, overwrite, lanes, tasks }, resources, {
      dryRun: flags.dryRun === true,
    }),
    `${items.length} scans in ${tasks.length} tasks of at most ${resources.minutes} min, ${resources.cpus} CPUs and ${resources.memoryMb} MB`,
  );
}

/** Segments the first scan here, and measures. The scan is then done. */
async function probeOf(
  items: readonly BatchItem[],
  settings: BatchSettings,
  outDir: string,
  overwrite: boolean,
): Promise<Probe> {
  say('Segmenting one scan here, to see what it takes ...');
  const totals = await runMany(items.slice(0, 1), settings, outDir, { lanes: 1, overwrite });
  const scanMs = scanMsOf(await readRecords(outDir));
  if (scanMs === null) {
    endOf(totals);
    throw new ExpectedError(
      'settings-invalid',
      'The probe measured nothing: another worker has its scan. Use --no-probe.',
    );
  }
  return {
    scanMs,
    startMs: 1000 * process.uptime() - Math.min(totals.wallMs, scanMs),
    peakMb: process.resourceUsage().maxRSS / 1024,
  };
}

function tellSubmitted({ folder, plan }: Awaited<ReturnType<typeof submitWork>>, what: string): void {
  say(
    plan.jobId === null
      ? `${what}: written to ${folder}, not submitted.`
      : `${what}: job ${plan.jobId}, and job ${plan.groupJobId} after it; logs are in ${folder}.`,
  );
}

async function resubmit(outDir: string): Promise<void> {
  const [scans, sweeps] = [await plansOf(outDir, 'segment'), await plansOf(outDir, 'sweep')];
  const [lastScans, lastSweep] = [scans.at(-1), sweeps.at(-1)];
  if (lastScans) await resubmitScans(scans, lastScans, outDir);
  if (lastSweep) await resubmitTrainings(sweeps, lastSweep, outDir);
  if (!lastScans && !lastSweep)
    throw new ExpectedError(
      'file-missing',
      'Nothing was submitted for this folder: use slurm batch, slurm bids or slurm train.',
    );
}

const hasToBeDone = ({ state }: Standing): boolean => state === 'failed' || state === 'died';

async function resubmitScans(
  plans: readonly Placed<'segment'>[],
  last: Placed<'segment'>,
  outDir: string,
): Promise<void> {
  const items = (await scanStates(outDir)).filter(hasToBeDone).map(({ item }) => item);
  if (items.length === 0) {
    say('Nothing has failed or died.');
    return;
  }
  const { work, resources } = last.plan;
  const tasks = chunks(items, Math.max(...work.tasks.map((task) => task.length)));
  const atWork = await readyForMore(plans);
  tellSubmitted(
    await submitWork({ ...work, tasks }, resources, { alsoAfter: atWork }),
    `${items.length} scans in ${tasks.length} tasks`,
  );
}

/** Tasks of a sweep keep their numbers, which are those of their runs: only some of them are submitted. */
async function resubmitTrainings(
  plans: readonly Placed<'sweep'>[],
  last: Placed<'sweep'>,
  outDir: string,
): Promise<void> {
  const numbers = (await trainingStates(outDir)).flatMap((training, task) =>
    hasToBeDone(training) ? [task] : [],
  );
  if (numbers.length === 0) {
    say('Nothing has failed or died.');
    return;
  }
  const atWork = await readyForMore(plans);
  tellSubmitted(
    await submitWork(last.plan.work, last.plan.resources, { alsoAfter: atWork, only: numbers }),
    `${numbers.length} trainings`,
  );
}

/**
 * Takes the last step of the newest array back, for it may have waited for tasks that cannot end well any more.
 * @returns the arrays that still have work: the next last step waits for them
 */
async function readyForMore(
  plans: readonly { readonly plan: Pick<Plan, 'jobId' | 'groupJobId'> }[],
): Promise<string[]> {
  const last = plans.at(-1)?.plan.groupJobId ?? null;
  if (last !== null) await cancel(last);
  const atWork: string[] = [];
  for (const { plan } of plans)
    if (plan.jobId !== null && (await queuedTasks(plan.jobId)).length > 0) atWork.push(plan.jobId);
  return atWork;
}

async function runTask(file: string, task: number): Promise<void> {
  const { work } = await readPlan(file);
  if (work.kind === 'sweep') {
    await withView((view) => trainOne(work, task, view));
    return;
  }
  const items = work.tasks[task];
  if (!items) throw new ExpectedError('settings-invalid', `The plan has no task ${task}.`);
  const { settings, outDir, lanes, overwrite } = work;
  endOf(await runMany(items, settings, outDir, { lanes, overwrite }));
}

async function runGroup(file: string): Promise<void> {
  const { work } = await readPlan(file);
  if (work.kind === 'sweep') {
    const ended = await writeSweepTable(work);
    say(`${sweepTable}: ${ended} of ${work.tasks.length} trainings have ended.`);
    return;
  }
  const { suspicious } = await writeGroup(work.outDir);
  say(`${groupFiles.page} is written; ${suspicious} scans should be looked at.`);
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** "name=1,2,3", the values as JSON or, where they are none, as text. */
function parseAxis(text: string, before: ReadonlyMap<string, unknown[]>): Map<string, unknown[]> {
  const at = text.indexOf('=');
  if (at < 1 || at === text.length - 1) throw new InvalidArgumentError('It must be NAME=VALUE,VALUE.');
  const values = text
    .slice(at + 1)
    .split(',')
    .map((value): unknown => {
      try {
        return JSON.parse(value);
      } catch {
        return value;
      }
    });
  return new Map([...before, [text.slice(0, at), values]]);
}
