import { execFile, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { runCli } from '../../../main/cli/program';
import { ensureBuilt } from '../../../scripts/build.mjs';
import { takeLock } from '../../../main/engine/jobs/batch/lock';
import { recordSchema } from '../../../shared/cohort/record';
import { ballCohort, bidsFaults } from '../../helpers/cohort';
import { oraclePython, runOracle } from '../../helpers/oracles';

const folder = mkdtempSync(join(tmpdir(), "asc-net cohort's "));
const at = (...parts: string[]): string => join(folder, ...parts);
let out = '';
let err = '';

beforeEach(() => {
  out = '';
  err = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());
beforeAll(() => ballCohort(at('raw'), ['01', '02', '03']));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]): Promise<number> => runCli(['node', 'asc-net', ...args]);
const intensity = ['--baseline', 'intensity'];
const record = (outDir: string, id: string) =>
  recordSchema.parse(JSON.parse(readFileSync(at(outDir, 'batch', `${id}.json`), 'utf8')));
const doneRecord = (outDir: string, id: string) => {
  const found = record(outDir, id);
  if (found.state !== 'done') throw new Error(`${id} is ${found.state}`);
  return found;
};

describe('a BIDS App', () => {
  const mask = 'derivatives/sub-01/anat/sub-01_space-orig_label-lesion_mask.nii.gz';

  it('segments the participants asked for, then all, without touching what was done', async () => {
    const bids = ['bids', at('raw'), at('derivatives'), 'participant', ...intensity];
    expect(await run(...bids, '--participant-label', 'sub-01', '02')).toBe(0);
    expect(out).toMatch(/2 done, 0 done before/);
    expect(existsSync(at('derivatives/sub-03'))).toBe(false);
    const before = statSync(at(mask)).mtimeMs;
    out = '';
    expect(await run(...bids)).toBe(0);
    expect(out).toMatch(/2 done, 2 done before, 0 taken by another worker, 0 failed/);
    expect(statSync(at(mask)).mtimeMs).toBe(before);
    expect(await run('bids', at('raw'), at('derivatives'), 'group')).toBe(0);
    const scans = readFileSync(at('derivatives/scans.tsv'), 'utf8').trim().split('\n');
    expect(scans).toHaveLength(5);
    expect(scans.filter((line) => line.includes('\tdone\t1\t'))).toHaveLength(4);
  });

  it('writes derivatives that the BIDS validator accepts', () => {
    const python = oraclePython();
    if (!python) return;
    expect(bidsFaults(python, at('derivatives'))).toEqual([]);
  });

  it('has the Dice that evaluate has, in Python', async () => {
    if (!oraclePython()) return;
    const truth = join(at('raw'), 'derivatives/truth/sub-01/anat/sub-01_label-lesion_mask.nii.gz');
    for (const id of ['sub-01', 'sub-02', 'sub-03_ses-a', 'sub-03_ses-b'])
      cpSync(truth, at('truths', `${id}_FLAIR.nii.gz`));
    const table = runOracle(resolve('resources/python/diceOfBatch.py'), [
      at('derivatives'),
      at('truths', '{id}.nii.gz'),
    ]);
    expect(table.trim().split('\n')).toHaveLength(5);
    const python = Number(/sub-01_FLAIR\t([\d.]+)/.exec(table)?.[1]);
    await run('evaluate', '--json', '--prediction', at(mask), '--truth', truth);
    const { dice } = JSON.parse(out) as { dice: number };
    expect(dice).toBeGreaterThan(0.75);
    expect(Math.abs(python - dice)).toBeLessThan(1e-6);
  });

  it('has the changes between the sessions of a participant', async () => {
    expect(await run('pairs', at('derivatives'))).toBe(0);
    const table = readFileSync(at('derivatives/pairs/pairs.tsv'), 'utf8').trim().split('\n');
    expect(table).toEqual([
      'pair\tstable\tnew\tgone\tgrown\tshrunk\tfailure',
      'sub-03_ses-a_FLAIR_to_ses-b\t1\t0\t0\t0\t0',
    ]);
    const two = ['pairs', '--before', at(mask), '--out', at('two'), '--after'];
    expect(await run(...two, at('raw/derivatives/truth/sub-01/anat/sub-01_label-lesion_mask.nii.gz'))).toBe(
      0,
    );
    expect(out).toMatch(/0 new, 0 gone, 0 grown, 0 shrunk, 1 stable/);
    expect(await run('pairs')).toBe(2);
  });

  it('refuses participants that are not there and folders of other programs', async () => {
    expect(
      await run('bids', at('raw'), at('d2'), 'participant', ...intensity, '--participant-label', '77'),
    ).toBe(1);
    expect(err).toMatch(/no participant 77; it has 01, 02, 03/);
    expect(existsSync(at('d2'))).toBe(false);
    expect(await run('bids', at('raw'), at('raw'), 'participant', ...intensity)).toBe(1);
    expect(err).toMatch(/another program made/);
    expect(await run('bids', at('raw'), at('d2'), 'group')).toBe(1);
    expect(err).toMatch(/Nothing has been segmented/);
  });
});

describe('a list', () => {
  it('goes on after a failure, records its sentence, ends with 1, and tries it again', async () => {
    writeFileSync(
      at('bad.nii.gz'),
      readFileSync(at('raw/sub-01/anat/sub-01_FLAIR.nii.gz')).subarray(0, 5000),
    );
    writeFileSync(
      at('list.csv'),
      'path,id,subject,age\nbad.nii.gz,bad,x,4\n"raw/sub-02/anat/sub-02_FLAIR.nii.gz",good,y,5\nnowhere.nii,gone,z,6\n',
    );
    const batch = ['batch', '--list', at('list.csv'), '--out', at('listed'), ...intensity];
    expect(await run(...batch)).toBe(1);
    expect(err).toMatch(/2 of 3 scans failed \((bad, gone|gone, bad)\); the others are done/);
    const bad = record('listed', 'bad');
    expect(bad.state === 'failed' && bad.failure.message).toMatch(/cut short or damaged/);
    expect(doneRecord('listed', 'good').subject).toBe('y');
    expect(existsSync(at('listed/bad'))).toBe(false);
    // The file is mended: only it is done.
    writeFileSync(at('bad.nii.gz'), readFileSync(at('raw/sub-01/anat/sub-01_FLAIR.nii.gz')));
    writeFileSync(at('list.csv'), readFileSync(at('list.csv'), 'utf8').replace(/nowhere.*\n/, ''));
    out = '';
    expect(await run(...batch)).toBe(0);
    expect(out).toMatch(/1 done, 1 done before/);
  });

  it('does again what was left half done, or has lost a file, or has other settings or another scan', async () => {
    const list = ['batch', '--list', at('list.csv'), '--out', at('listed'), ...intensity];
    const file = at('listed/batch/good.json');
    const whole = doneRecord('listed', 'good');
    const again = async (...more: string[]): Promise<void> => {
      out = '';
      expect(await run(...list, ...more)).toBe(0);
      expect(out).toMatch(/good: 1 lesions/);
      expect(doneRecord('listed', 'good').files).toEqual(
        more.length > 0 ? (expect.anything() as unknown) : whole.files,
      );
    };
    // Killed in the middle: its record says that it was begun.
    writeFileSync(file, JSON.stringify({ ...whole, state: 'started' }));
    await again();
    truncateSync(at('listed', whole.mask), 10);
    await again();
    writeFileSync(file, '{"half a rec');
    rmSync(at('listed', 'good'), { recursive: true });
    rmSync(at('listed', 'reports', 'good.html'));
    await again();
    await again('--threshold', '2.9');
    out = '';
    writeFileSync(at('bad.nii.gz'), readFileSync(at('raw/sub-03/ses-a/anat/sub-03_ses-a_FLAIR.nii.gz')));
    expect(await run(...list, '--threshold', '2.9')).toBe(0);
    expect(out).toMatch(/1 done, 1 done before/);
  });

  it("leaves somebody else's files alone", async () => {
    rmSync(at('listed/batch/good.json'));
    expect(await run('batch', '--list', at('list.csv'), '--out', at('listed'), ...intensity)).toBe(1);
    expect(err).toMatch(/no record of this batch speaks of it/);
  });

  it('of two scans with one id is refused, as is one without paths', async () => {
    writeFileSync(at('twins.csv'), 'path,id\na.nii,x\nb.nii,X\n');
    expect(await run('batch', '--list', at('twins.csv'), '--out', at('t'), ...intensity)).toBe(1);
    expect(err).toMatch(/Two scans would both be called X/);
    writeFileSync(at('empty.csv'), 'file,id\na.nii,x\n');
    expect(await run('batch', '--list', at('empty.csv'), '--out', at('t'), ...intensity)).toBe(1);
    expect(err).toMatch(/Line 2 of empty\.csv names no scan/);
    expect(existsSync(at('t'))).toBe(false);
  });
});

describe('a lock', () => {
  const lock = at('locks', 'a.lock');
  const left = (owner: object): void => writeFileSync(lock, JSON.stringify({ nonce: 'x', ...owner }));

  it('has one owner, and the next when it is released', async () => {
    const first = await takeLock(lock);
    expect(first).not.toBeNull();
    expect(await takeLock(lock)).toBeNull();
    await first?.release();
    const second = await takeLock(lock);
    expect(second).not.toBeNull();
    await second?.release();
    expect(existsSync(lock)).toBe(false);
  });

  it('of a process that died is taken over by one of many', async () => {
    const dead = spawnSync(process.execPath, ['-e', '']).pid;
    left({ host: hostname(), pid: dead });
    const taken = (await Promise.all(Array.from({ length: 8 }, () => takeLock(lock)))).filter(Boolean);
    expect(taken).toHaveLength(1);
    await taken[0]?.release();
  });

  it('of another machine stays its own', async () => {
    left({ host: 'elsewhere', pid: 1 });
    expect(await takeLock(lock)).toBeNull();
    rmSync(lock);
  });

  it('makes a batch leave the scan to its owner', async () => {
    const held = await takeLock(at('locked', 'batch', 'good.lock'));
    expect(await run('batch', '--list', at('list.csv'), '--out', at('locked'), ...intensity)).toBe(0);
    expect(out).toMatch(/1 done, 0 done before, 1 taken by another worker/);
    await held?.release();
  });
});

it('two processes on one folder part its scans: each is made once', async () => {
  await ensureBuilt({ wanted: ['node'] });
  const list = at('many.csv');
  const scan = at('raw', 'sub-01', 'anat', 'sub-01_FLAIR.nii.gz');
  const ids = Array.from({ length: 12 }, (_, i) => `scan-${i}`);
  writeFileSync(list, ['path,id', ...ids.map((id) => `${scan},${id}`)].join('\n'));
  const worker = (): Promise<string> =>
    promisify(execFile)(process.execPath, [
      ...[resolve('bin/asc-net.mjs'), 'batch', '--list', list, '--out', at('shared'), '--lanes', '1'],
      ...intensity,
    ]).then(({ stdout }) => stdout);
  const said = await Promise.all([worker(), worker()]);
  const made = said.map((lines) => [...lines.matchAll(/(scan-\d+): \d+ lesions/g)].map(([, id]) => id));
  expect(made.flat().sort()).toEqual([...ids].sort());
  expect(ids.map((id) => doneRecord('shared', id).figures.lesions)).toEqual(ids.map(() => 1));
}, 60_000);

it('a folder is searched with its subfolders, not its own results', async () => {
  const results = at('raw', 'derivatives', 'asc-net');
  expect(await run('batch', at('raw', 'sub-01'), '--out', results, ...intensity)).toBe(0);
  expect(existsSync(join(results, 'anat_sub-01_FLAIR', 'anat_sub-01_FLAIR_mask.nii.gz'))).toBe(true);
  out = '';
  await run('batch', at('raw'), '--out', results, ...intensity);
  expect(out).not.toMatch(/_mask_mask|asc-net_/);
});
