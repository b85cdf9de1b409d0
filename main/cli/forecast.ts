import { resolve } from 'node:path';
import type { Command } from 'commander';
import { forecast, type ScanCost } from '../../shared/cohort/simulation';
import { ExpectedError } from '../../shared/failure';
import { readRecords } from '../engine/jobs/batch/records';
import { parseCount, parseNumber, say } from './options';

interface ForecastFlags {
  readonly scans: number;
  readonly nodes?: number[];
  readonly tasksPerNode: number;
  readonly chunkMinutes: number;
  readonly startSeconds: number;
  readonly lanes: number;
  readonly killed: number;
  readonly seed: number;
}

/** `slurm forecast`: what many scans will take, from what some have taken. */
export function addForecast(slurm: Command): void {
  slurm
    .command('forecast')
    .description('hours, nodes and storage for many scans, by simulation from what a batch has measured')
    .argument('<output_dir>', 'folder of a batch, some scans of which are done')
    .option('--scans <n>', 'how many scans', parseCount, 10_000)
    .option(
      '--nodes <n...>',
      'numbers of nodes to compare (default: 1 4 16)',
      (text: string, before: number[] | undefined) => [...(before ?? []), parseCount(text)],
    )
    .option('--tasks-per-node <n>', 'tasks that a node runs at a time', parseCount, 1)
    .option('--chunk-minutes <n>', 'how long a task should take', parseNumber, 30)
    .option('--start-seconds <n>', 'starting the program and loading the model', parseNumber, 10)
    .option('--lanes <n>', 'scans of a task in memory at a time', parseCount, 3)
    .option('--killed <share>', 'share of the tasks that are killed once', parseNumber, 0.01)
    .option('--seed <n>', 'of the simulation', parseCount, 1)
    .action(async (outDir: string, flags: ForecastFlags) => {
      const measured = await measuredCosts(resolve(outDir));
      const mean = (of: (cost: ScanCost) => number): number =>
        measured.reduce((sum, cost) => sum + of(cost), 0) / measured.length;
      const seconds = (ms: number): string => (ms / 1000).toFixed(1);
      say(
        `Measured on ${measured.length} scans, mean: reading ${seconds(mean((cost) => cost.prepareMs))} s, network ${seconds(mean((cost) => cost.networkMs))} s, writing ${seconds(mean((cost) => cost.finishMs))} s, ${(mean(({ bytes }) => bytes) / 2 ** 20).toFixed(2)} MB`,
      );
      say(['nodes', 'tasks', 'hours', 'task_hours', 'storage_GB'].join('\t'));
      for (const nodes of flags.nodes ?? [1, 4, 16]) {
        const plan = {
          scans: flags.scans,
          chunkSize: 1,
          slots: nodes * flags.tasksPerNode,
          startMs: 1000 * flags.startSeconds,
          lanes: Math.max(1, flags.lanes),
          killedShare: flags.killed,
          seed: flags.seed,
        };
        const scanMs = forecast(measured, { ...plan, startMs: 0, killedShare: 0 }).taskMs / plan.scans;
        const chunkSize = Math.max(1, Math.floor((60_000 * flags.chunkMinutes - plan.startMs) / scanMs));
        const { tasks, wallMs, taskMs, bytes } = forecast(measured, { ...plan, chunkSize });
        const hours = (ms: number): string => (ms / 3_600_000).toFixed(1);
        say([nodes, tasks, hours(wallMs), hours(taskMs), (bytes / 2 ** 30).toFixed(1)].join('\t'));
      }
    });
}

/** @throws ExpectedError empty-set where no scan of the batch is done */
async function measuredCosts(outDir: string): Promise<ScanCost[]> {
  const costs = (await readRecords(outDir)).flatMap((record): ScanCost[] =>
    record.state === 'done'
      ? [
          {
            prepareMs: record.tookMs.prepare,
            networkMs: record.tookMs.network,
            finishMs: record.tookMs.finish,
            bytes: Object.values(record.files).reduce((sum, size) => sum + size, 0),
          },
        ]
      : [],
  );
  if (costs.length > 0) return costs;
  throw new ExpectedError(
    'empty-set',
    'Nothing has been segmented in this folder yet: run a batch of a few scans first.',
  );
}
