import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt } from '../../../scripts/build.mjs';
import { recordSchema, type BatchRecord } from '../../../shared/cohort/record';
import { chunks } from '../../../main/engine/jobs/cluster/plan';
import { bidsFaults, ballCohort } from '../../helpers/cohort';
import { oraclePython, runOracle } from '../../helpers/oracles';
import { realData } from '../../helpers/realData';
import { startCluster, type Cluster } from '../../helpers/slurm';

// Blanks, a quote, a dollar and a percent sign: none may reach a shell or a pattern of SLURM's.
const folder = mkdtempSync(join(tmpdir(), `asc-net slurm's $HOME %a `));
const at = (...parts: string[]): string => join(folder, ...parts);
let cluster: Cluster | null = null;

beforeAll(async () => {
  await ensureBuilt({ wanted: ['node'] });
  cluster = await startCluster();
}, 120_000);
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
}, 60_000);

/** Six in the usual run; `npm run cohort` tries 60 whole scans in chunks, and keeps what came of it. */
const size = Number(process.env['ASCNET_COHORT'] ?? 6);
const chunk = size > 6 ? 4 : 1;
/** Every so many-th slice of the scans, which makes them quick. */
const crop = size > 6 ? 1 : 6;
/** How long a part may take. */
const patienceMs = size > 6 ? 1_800_000 : 150_000;

function cli(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [resolve('bin/asc-net.mjs'), ...args], {
    env: cluster?.env,
    encoding: 'utf8',
  });
}

/** Waits until the cluster has nothing left to do. */
async function allEnded({ command }: Cluster): Promise<void> {
  await vi.waitFor(() => expect(command('squeue', '--noheader')).toBe(''), {
    timeout: patienceMs,
    interval: 300,
  });
}

/** What was made goes where it can be looked at, with how long it took. */
function keep(target: string, began: number): void {
  cpSync(at('out'), join(target, 'derivatives'), { recursive: true });
  cpSync(at('raw'), join(target, 'raw'), { recursive: true });
  console.info(`${size} scans through SLURM in ${Math.round((Date.now() - began) / 1000)} s: ${target}`);
}

function recordOf(id: string): BatchRecord | null {
  const file = at('out', 'batch', `${id}.json`);
  return existsSync(file) ? recordSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
}

const jobOf = (said: string): string => /job (\d+)/.exec(said)?.[1] ?? 'none';

describe('a cohort on SLURM', () => {
  const ids = Array.from({ length: size }, (_, i) => `sub-${String(i + 1).padStart(2, '0')}_FLAIR`);
  const tasks = chunks(ids, chunk);
  const flags = ['--baseline', 'intensity', '--lanes', '1', '--cpus', '1'];
  const sized = ['--no-probe', '--mem', '2000', '--minutes', '10', '--chunk-size'];
  const state = (id: string): string => recordOf(id)?.state ?? 'none';
  const stateOf = (wanted: string): string[] => ids.filter((id) => state(id) === wanted);

  it(
    'goes on after a corrupt file, a killed task and a drained node, and resubmits only what is not done',
    async () => {
      const data = realData();
      const python = oraclePython();
      if (!cluster || !data || !python) return;
      const { command, node } = cluster;
      runOracle(resolve('test/cohort/makeCohort.py'), [data, at('raw'), String(size), '1', String(crop)]);
      const corrupt = at('raw', 'sub-02', 'anat', 'sub-02_FLAIR.nii.gz');
      cpSync(corrupt, at('whole.nii.gz'));
      truncateSync(corrupt, 100_000);

      // One at a time, so that there is a middle.
      command('scontrol', 'update', `NodeName=${node}`, 'State=drain', 'Reason=not yet');
      const began = Date.now();
      const submitted = cli('slurm', 'bids', at('raw'), at('out'), ...flags, ...sized, String(chunk));
      expect(submitted.stderr).toBe('');
      const job = jobOf(submitted.stdout);
      expect(cli('slurm', 'status', at('out')).stdout).toContain(`0 done, 0 running, ${size} waiting`);
      command('scontrol', 'update', `JobId=${job}`, 'ArrayTaskThrottle=1');
      command('scontrol', 'update', `NodeName=${node}`, 'State=resume');

      /** Waits for a task from this number on that has a scan in the middle. @returns its number */
      const inTheMiddle = (from: number): Promise<number> =>
        vi.waitFor(
          () => {
            const atWork = tasks.findIndex((scans, at) => at >= from && scans.map(state).includes('started'));
            if (atWork < 0) throw new Error(`no task from ${from} on is at work`);
            return atWork;
          },
          { timeout: patienceMs, interval: 20 },
        );
      const killed = await inTheMiddle(2);
      command('scancel', '--signal=KILL', `${job}_${killed}`);
      const drained = await inTheMiddle(killed + 1);
      command('scontrol', 'update', `NodeName=${node}`, 'State=drain', 'Reason=in the middle');
      // What runs is ended, and nothing more is begun.
      await vi.waitFor(() => expect(command('sinfo', '--noheader', '--format=%T').trim()).toBe('drained'), {
        timeout: patienceMs,
        interval: 200,
      });
      expect((tasks[drained] ?? []).map(state)).toEqual(tasks[drained]?.map(() => 'done'));
      const waiting = tasks.slice(drained + 1).flat();
      const lost = (tasks[killed] ?? []).filter((id) => state(id) !== 'done');
      expect(lost.map(state)).toEqual(lost.map((_, at) => (at === 0 ? 'started' : 'none')));
      expect(waiting.map(state)).toEqual(waiting.map(() => 'none'));
      const status = cli('slurm', 'status', at('out')).stdout;
      const done = size - waiting.length - lost.length - 1;
      expect(status).toContain(
        `${done} done, 0 running, ${waiting.length} waiting, 1 failed, ${lost.length} died`,
      );
      expect(status).toMatch(/sub-02_FLAIR: failed: .*cut short or damaged/);
      expect(status).toMatch(new RegExp(`${lost[0]}: died: \\S`));
      command('scontrol', 'update', `NodeName=${node}`, 'State=resume');
      await allEnded(cluster);
      expect(stateOf('done')).toHaveLength(size - 1 - lost.length);
      expect(state('sub-02_FLAIR')).toBe('failed');
      expect(state(lost[0] ?? '')).toBe('started');
      // The step after the array is for an array that ended well.
      expect(existsSync(at('out', 'group.html'))).toBe(false);

      cpSync(at('whole.nii.gz'), corrupt);
      const mask = (id: string): string =>
        at('out', id.slice(0, 6), 'anat', `${id.slice(0, 6)}_space-orig_label-lesion_mask.nii.gz`);
      const kept = stateOf('done');
      const times = (): number[] => kept.map((id) => statSync(mask(id)).mtimeMs);
      const before = times();
      expect(cli('slurm', 'resubmit', at('out')).stdout).toContain(`${1 + lost.length} scans in `);
      await allEnded(cluster);
      expect(stateOf('done')).toEqual(ids);
      expect(times()).toEqual(before);
      expect(readFileSync(at('out', 'group.html'), 'utf8')).toContain(`<h1>${size} of ${size} scans</h1>`);
      expect(cli('slurm', 'resubmit', at('out')).stdout).toMatch(/Nothing has failed or died/);
      expect(bidsFaults(python, at('out'))).toEqual([]);
      if (process.env['ASCNET_COHORT_OUT'] !== undefined) keep(process.env['ASCNET_COHORT_OUT'], began);
    },
    60_000 * Math.max(4, size),
  );

  it('sizes its tasks by a probe, which is then done', () => {
    ballCohort(at('balls'), ['01', '02']);
    const { stdout, stderr } = cli(
      'slurm',
      'batch',
      at('balls'),
      '--out',
      at('probed'),
      ...flags,
      '--dry-run',
    );
    expect(stderr).toBe('');
    expect(stdout).toMatch(/4 scans in 1 tasks of at most 5 min, 1 CPUs and \d+ MB: written to/);
    const script = readFileSync(at('probed', 'slurm', '1', 'tasks.sh'), 'utf8');
    const { stdout: words } = spawnSync('bash', ['-c', script.replace('exec ', 'printf "%s\\n" ')], {
      encoding: 'utf8',
    });
    expect(words.trim().split('\n').slice(-3)).toEqual([
      'slurm-task',
      at('probed', 'slurm', '1', 'plan.json'),
      '0',
    ]);
  });

  it('is refused with what SLURM says', () => {
    if (!cluster) return;
    const wrong = cli(
      'slurm',
      'batch',
      at('balls'),
      '--out',
      at('refused'),
      ...flags,
      ...sized,
      '1',
      '--partition',
      'nowhere',
    );
    expect(wrong.status).toBe(1);
    expect(wrong.stderr).toMatch(/sbatch refused: .*partition/i);
    const gpu = cli(
      'slurm',
      'batch',
      at('balls'),
      '--out',
      at('refused'),
      ...flags,
      ...sized,
      '1',
      '--gres',
      'gpu:1',
    );
    expect(gpu.stderr).toMatch(/sbatch refused: .*(gres|generic resource)/i);
  });
});

it('trains a sweep as an array, resubmits what was cancelled, and makes a table of it', async () => {
  if (!cluster) return;
  const { command, node } = cluster;
  ballCohort(at('balls'), ['01', '02']);
  const scan = at('balls', 'sub-01', 'anat', 'sub-01_FLAIR.nii.gz');
  expect(cli('prepare', '--reference', `${scan}#0-3`, '--input', scan, '--out', at('sets')).status).toBe(0);
  command('scontrol', 'update', `NodeName=${node}`, 'State=drain', 'Reason=not yet');
  const sweep = cli(
    ...['slurm', 'train', '--data', at('sets'), '--out', at('sweep'), '--backend', 'wasm', '--cpus', '1'],
    ...['--sweep', 'generatorRate=0.001,0.002', '--sweep', 'baseWidth=1', '--sweep', 'maxCycles=1'],
  );
  expect(sweep.stdout).toMatch(/2 trainings: job \d+/);
  const status = (): string => cli('slurm', 'status', at('sweep')).stdout;
  expect(status()).toContain('0 done, 0 running, 2 waiting, 0 failed, 0 died');
  command('scancel', `${jobOf(sweep.stdout)}_1`);
  command('scontrol', 'update', `NodeName=${node}`, 'State=resume');
  await allEnded(cluster);
  expect(status()).toContain('1 done, 0 running, 0 waiting, 0 failed, 1 died\nrun-1: died: ');
  const table = (): string[] => readFileSync(at('sweep', 'sweep.tsv'), 'utf8').trim().split('\n');
  expect(table()[2]).toMatch(/^run-1\t0\.002\t1\t1\tnot ended\tn\/a/);
  const before = statSync(at('sweep', 'run-0', 'run.json')).mtimeMs;
  expect(cli('slurm', 'resubmit', at('sweep')).stdout).toMatch(/1 trainings: job \d+/);
  await allEnded(cluster);
  expect(statSync(at('sweep', 'run-0', 'run.json')).mtimeMs).toBe(before);
  expect(table()).toHaveLength(3);
  expect(table()[0]).toBe(
    'run\tgeneratorRate\tbaseWidth\tmaxCycles\tended\tcycles\tseconds\tsplit\tiro_spread\tpasted_dice\treconstruction\tdisjointness\tadversarial\tdevice',
  );
  expect(table()[2]).toMatch(/^run-1\t0\.002\t1\t1\tcycles\t1\t\d+\t(yes|no)\t[\d.]+\t.*\t[\d.]+\t/);
  expect(existsSync(at('sweep', 'run-1', 'generator.weights'))).toBe(true);
}, 200_000);
