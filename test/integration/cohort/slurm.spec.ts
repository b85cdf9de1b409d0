import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, cpSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ensureBuilt } from '../../../scripts/build.mjs';
import { recordSchema, type BatchRecord } from '../../../shared/cohort/record';
import { ballCohort } from '../../helpers/cohort';
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

function cli(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [resolve('bin/asc-net.mjs'), ...args], {
    env: cluster?.env,
    encoding: 'utf8',
  });
}

/** Waits until the cluster has nothing left to do. */
async function allEnded({ command }: Cluster): Promise<void> {
  await vi.waitFor(() => expect(command('squeue', '--noheader')).toBe(''), {
    timeout: 150_000,
    interval: 300,
  });
}

function recordOf(id: string): BatchRecord | null {
  const file = at('out', 'batch', `${id}.json`);
  return existsSync(file) ? recordSchema.parse(JSON.parse(readFileSync(file, 'utf8'))) : null;
}

const jobOf = (said: string): string => /job (\d+)/.exec(said)?.[1] ?? 'none';

describe('a cohort on SLURM', () => {
  const ids = ['01', '02', '03', '04', '05', '06'].map((label) => `sub-${label}_FLAIR`);
  const flags = ['--baseline', 'intensity', '--lanes', '1', '--cpus', '1'];
  const sized = ['--no-probe', '--mem', '2000', '--minutes', '10', '--chunk-size', '1'];

  it('goes on after a corrupt file, a killed task and a drained node, and resubmits only what is not done', async () => {
    const data = realData();
    if (!cluster || !data || !oraclePython()) return;
    const { command, node } = cluster;
    runOracle(resolve('test/cohort/makeCohort.py'), [data, at('raw'), '6', '1', '6']);
    const corrupt = at('raw', 'sub-02', 'anat', 'sub-02_FLAIR.nii.gz');
    cpSync(corrupt, at('whole.nii.gz'));
    truncateSync(corrupt, 100_000);

    // One at a time, so that there is a middle.
    command('scontrol', 'update', `NodeName=${node}`, 'State=drain', 'Reason=not yet');
    const submitted = cli('slurm', 'bids', at('raw'), at('out'), ...flags, ...sized);
    expect(submitted.stderr).toBe('');
    const job = jobOf(submitted.stdout);
    expect(cli('slurm', 'status', at('out')).stdout).toMatch(/0 done, 0 running, 6 waiting/);
    command('scontrol', 'update', `JobId=${job}`, 'ArrayTaskThrottle=1');
    command('scontrol', 'update', `NodeName=${node}`, 'State=resume');

    const started = (id: string): Promise<void> =>
      vi.waitFor(() => expect(recordOf(id)?.state).toBe('started'), { timeout: 60_000, interval: 20 });
    await started('sub-03_FLAIR');
    command('scancel', '--signal=KILL', `${job}_2`);
    await started('sub-04_FLAIR');
    command('scontrol', 'update', `NodeName=${node}`, 'State=drain', 'Reason=in the middle');
    // What runs is ended, and nothing more is begun.
    await vi.waitFor(() => expect(command('sinfo', '--noheader', '--format=%T').trim()).toBe('drained'), {
      timeout: 60_000,
      interval: 200,
    });
    expect(recordOf('sub-04_FLAIR')?.state).toBe('done');
    expect(recordOf('sub-05_FLAIR')).toBeNull();
    const status = cli('slurm', 'status', at('out')).stdout;
    expect(status).toMatch(/2 done, 0 running, 2 waiting, 1 failed, 1 died/);
    expect(status).toMatch(/sub-02_FLAIR: failed: .*cut short or damaged/);
    expect(status).toMatch(/sub-03_FLAIR: died: \S/);
    command('scontrol', 'update', `NodeName=${node}`, 'State=resume');
    await allEnded(cluster);
    expect(ids.map((id) => recordOf(id)?.state)).toEqual([
      'done',
      'failed',
      'started',
      'done',
      'done',
      'done',
    ]);
    // The step after the array is for an array that ended well.
    expect(existsSync(at('out', 'group.html'))).toBe(false);

    cpSync(at('whole.nii.gz'), corrupt);
    const mask = (label: string): string =>
      at('out', `sub-${label}`, 'anat', `sub-${label}_space-orig_label-lesion_mask.nii.gz`);
    const untouched = ['01', '04', '05', '06'].map((label) => statSync(mask(label)).mtimeMs);
    expect(cli('slurm', 'resubmit', at('out')).stdout).toMatch(/2 scans in 2 tasks/);
    await allEnded(cluster);
    expect(ids.map((id) => recordOf(id)?.state)).toEqual(Array.from(ids, () => 'done'));
    expect(['01', '04', '05', '06'].map((label) => statSync(mask(label)).mtimeMs)).toEqual(untouched);
    expect(readFileSync(at('out', 'group.html'), 'utf8')).toContain('<h1>6 of 6 scans</h1>');
    expect(cli('slurm', 'resubmit', at('out')).stdout).toMatch(/Nothing has failed or died/);
  }, 240_000);

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
      '--gres',
      'gpu:1',
    );
    expect(gpu.stderr).toMatch(/sbatch refused: .*(gres|generic resource)/i);
  });
});

it('trains a sweep as an array and makes a table of it', async () => {
  if (!cluster) return;
  ballCohort(at('balls'), ['01', '02']);
  const scan = at('balls', 'sub-01', 'anat', 'sub-01_FLAIR.nii.gz');
  expect(cli('prepare', '--reference', `${scan}#0-3`, '--input', scan, '--out', at('sets')).status).toBe(0);
  const sweep = cli(
    ...['slurm', 'train', '--data', at('sets'), '--out', at('sweep'), '--backend', 'wasm', '--cpus', '1'],
    ...['--sweep', 'generatorRate=0.001,0.002', '--sweep', 'baseWidth=1', '--sweep', 'maxCycles=1'],
  );
  expect(sweep.stdout).toMatch(/2 trainings: job \d+/);
  await allEnded(cluster);
  const table = readFileSync(at('sweep', 'sweep.tsv'), 'utf8').trim().split('\n');
  expect(table).toHaveLength(3);
  expect(table[0]).toBe('run\tgeneratorRate\tbaseWidth\tmaxCycles\tended\tcycles\tseconds\tdevice');
  expect(table[2]).toMatch(/^run-1\t0\.002\t1\t1\tcycles\t1\t/);
  expect(existsSync(at('sweep', 'run-1', 'generator.weights'))).toBe(true);
}, 200_000);
