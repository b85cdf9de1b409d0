import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedLibraries } from '../../../main/engine/backend/native/installed';
import { decodeWeights } from '../../../main/engine/training/runFile';
import { LOCK_FILE } from '../../../main/files/runLock';
import { ensureBuilt } from '../../../scripts/build.mjs';
import { createRandom } from '../../../shared/random';
import { absent } from '../../helpers/absent';
import { writeSets } from '../../helpers/trainingSets';

const cli = join(import.meta.dirname, '..', '..', '..', 'out', 'main', 'cli.cjs');
let folder: string;
const at = (name: string): string => join(folder, name);
/** Files that must be the same to the byte. */
const weights = ['generator.weights', 'discriminator.weights'] as const;

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** When to kill a training: so many checkpoints after its start, and so much later. */
interface Moment {
  readonly checkpoints: number;
  readonly laterMs: number;
}

/** A training in a process of its own, killed with SIGKILL at a moment or left alone. */
function train(
  out: string,
  args: readonly string[],
  moment: Moment | null = null,
  backend: 'wasm' | 'native' = 'wasm',
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      [cli, 'train', '--data', at('sets'), '--out', at(out), '--backend', backend, ...args],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    const stopWatching = moment === null ? null : killAt(child, out, moment);
    child.on('exit', (code) => {
      stopWatching?.();
      resolve({ code, output });
    });
  });
}

/** @returns what ends the watching */
function killAt(child: ChildProcess, out: string, { checkpoints: wanted, laterMs }: Moment): () => void {
  const dir = join(at(out), 'checkpoints');
  mkdirSync(dir, { recursive: true });
  const seen = new Set(readdirSync(dir));
  let left = wanted;
  let timer: NodeJS.Timeout | null = null;
  const watcher = watch(dir, () => {
    for (const name of checkpoints(out)) {
      if (seen.has(name)) continue;
      seen.add(name);
      left -= 1;
    }
    if (left <= 0) timer ??= setTimeout(() => child.kill('SIGKILL'), laterMs);
  });
  return () => {
    watcher.close();
    if (timer) clearTimeout(timer);
  };
}

/** What a run came to, without what a clock said. */
function outcome(out: string): unknown {
  const run = JSON.parse(readFileSync(join(at(out), 'run.json'), 'utf8'));
  return {
    history: run.history.map((record: Record<string, unknown>) => ({
      ...record,
      discriminatorMs: 0,
      generatorMs: 0,
    })),
    referenceCounts: run.referenceCounts,
    inputCounts: run.inputCounts,
    ended: run.ended,
    weights: run.weights,
  };
}

/** Whole checkpoints, oldest first. */
function checkpoints(out: string): string[] {
  const dir = join(at(out), 'checkpoints');
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .filter((name) => name.endsWith('.checkpoint'))
    .sort();
}

// Every cycle of both stages, epochs of several steps, batches that do not divide the sets.
const settings = [
  ...['--width', '1', '--cycles', '6', '--stage', 'auto', '--seed', '7'],
  ...['--set', 'generatorEpochs=2', '--set', 'discriminatorEpochs=2', '--set', 'discriminatorBatch=4'],
];
/** TensorFlow's library takes several times as long for a step of so small a network. */
const fewerCycles = settings.map((value) => (value === '6' ? '4' : value));

beforeAll(async () => {
  await ensureBuilt({ wanted: ['node'] });
  folder = mkdtempSync(join(tmpdir(), 'ascnet-resume-'));
  writeSets(at('sets'), { reference: 6, input: 7, side: 16 });
  const whole = await train('whole', settings);
  expect(whole.code, whole.output).toBe(0);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A training that is killed with SIGKILL at 20 random moments, and goes on after each. */
async function killed20Times(
  out: string,
  begin: readonly string[],
  backend: 'wasm' | 'native',
  mostLaterMs: number,
): Promise<void> {
  const random = createRandom(20);
  // A checkpoint after every step: so a kill also meets half-written ones.
  const everyStep = [...begin, '--set', 'checkpointMinutes=0'];
  // Together fewer steps than the training has, so that it is never done before the last kill.
  const someMoment = (): Moment => ({
    checkpoints: 1 + random.integer(4),
    laterMs: random.uniform(0, mostLaterMs),
  });
  let ended = await train(out, everyStep, someMoment(), backend);
  const reached = new Set<string>();
  for (let kills = 1; kills <= 20; kills += 1) {
    expect(ended.code, ended.output).toBe(null);
    // Names are numbers first: the newest is the last.
    const newest = checkpoints(out).at(-1);
    if (newest) reached.add(newest);
    ended = await train(out, newest ? ['--resume'] : everyStep, kills < 20 ? someMoment() : null, backend);
  }
  // They met the training in many different states.
  expect(reached.size).toBeGreaterThan(12);
  expect(ended.code, ended.output).toBe(0);
  // What the kills left half written is gone, and so are the locks of the dead.
  expect(readdirSync(join(at(out), 'checkpoints'))).toEqual(checkpoints(out));
  expect(checkpoints(out).length).toBeLessThanOrEqual(3);
  expect(existsSync(join(at(out), LOCK_FILE))).toBe(false);
}

/** Largest difference of any weight of two runs. */
function distance(a: string, b: string): number {
  const all = (out: string): number[] =>
    weights.flatMap((name) =>
      [...decodeWeights(readFileSync(join(at(out), name))).values()].flatMap((values) => [...values]),
    );
  const other = all(b);
  return all(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] as number))), 0);
}

describe('a training that is interrupted', () => {
  it('ends with the same bytes after 20 kills at random moments', async () => {
    await killed20Times('killed', settings, 'wasm', 30);
    for (const name of weights) {
      expect(readFileSync(join(at('killed'), name)).equals(readFileSync(join(at('whole'), name)))).toBe(true);
    }
    expect(outcome('killed')).toEqual(outcome('whole'));
  }, 600_000);

  it.skipIf(
    installedLibraries().length === 0 &&
      absent("TensorFlow's library", 'Install it with `npm run native`.') === null,
  )(
    'ends no further from an uninterrupted one on native TensorFlow than two of those from each other',
    async () => {
      for (const out of ['native', 'native-again']) {
        const whole = await train(out, fewerCycles, null, 'native');
        expect(whole.code, whole.output).toBe(0);
      }
      await killed20Times('native-killed', fewerCycles, 'native', 150);
      const spread = distance('native', 'native-again');
      expect(distance('native-killed', 'native')).toBeLessThanOrEqual(2 * spread);
      // Where TensorFlow repeats itself, so do we: to the byte, and in all that the run says.
      if (spread === 0) expect(outcome('native-killed')).toEqual(outcome('native'));
    },
    900_000,
  );

  it('falls back to the checkpoint before a broken one, and says when all are broken', async () => {
    const first = await train('broken', [
      ...settings.map((value) => (value === '6' ? '3' : value)),
      '--stage',
      '1',
    ]);
    expect(first.code, first.output).toBe(0);
    const dir = join(at('broken'), 'checkpoints');
    const newest = checkpoints('broken').at(-1) as string;
    truncateSync(join(dir, newest), 5000);
    const again = await train('broken', ['--resume', '--cycles', '4']);
    expect(again.code, again.output).toBe(0);
    expect(again.output).toContain(`${newest} is damaged (its checksum differs)`);
    // Cycle 3 was taken again from the end of cycle 2.
    expect((outcome('broken') as { history: { cycle: number }[] }).history.map(({ cycle }) => cycle)).toEqual(
      [1, 2, 3, 4],
    );
    for (const name of checkpoints('broken')) writeFileSync(join(dir, name), 'ASCNETCP nothing more');
    const hopeless = await train('broken', ['--resume', '--cycles', '5']);
    expect(hopeless.code).toBe(1);
    expect(hopeless.output).toContain('All checkpoints of this run are damaged');
  }, 240_000);

  it('goes on from the last good checkpoint after it broke down', async () => {
    const begun = settings.map((value) => (value === '6' ? '2' : value));
    const first = await train('broke', begun);
    expect(first.code, first.output).toBe(0);
    const good = checkpoints('broke').at(-1) as string;
    expect(good).toContain('-good');
    const tooFast = ['--set', 'generatorRate=1e30', '--set', 'checkpointMinutes=0'];
    const wild = await train('broke', ['--resume', '--cycles', '4', ...tooFast]);
    expect([wild.code, wild.output]).toEqual([
      1,
      expect.stringMatching(/broke down: .* no longer a number.*lower learning rates \(generatorRate/),
    ]);
    // What was saved between the wild steps is no place to go on from.
    expect(checkpoints('broke').at(-1)).toBe(good);
    const tame = await train('broke', ['--resume', '--cycles', '3']);
    expect(tame.code, tame.output).toBe(0);
    expect((outcome('broke') as { history: unknown[] }).history).toHaveLength(3);
  }, 240_000);

  it('is not begun over, nor continued with other data or another network', async () => {
    const over = await train('whole', settings);
    expect([over.code, over.output]).toEqual([1, expect.stringContaining('holds a training already')]);
    const wider = await train('whole', ['--resume', '--cycles', '9', '--width', '2']);
    expect([wider.code, wider.output]).toEqual([1, expect.stringContaining('baseWidth cannot change')]);
    const ended = await train('whole', ['--resume']);
    expect([ended.code, ended.output]).toEqual([1, expect.stringContaining('has ended after 6 cycles')]);
    const lock = { id: 'x', pid: process.pid, host: hostname(), since: new Date().toISOString() };
    writeFileSync(join(at('whole'), LOCK_FILE), JSON.stringify(lock));
    const second = await train('whole', ['--resume', '--cycles', '9']);
    expect([second.code, second.output]).toEqual([1, expect.stringContaining('A training is at work')]);
    rmSync(join(at('whole'), LOCK_FILE));
    const nothing = await train('nowhere', ['--resume']);
    expect([nothing.code, nothing.output]).toEqual([
      1,
      expect.stringContaining('no checkpoint to go on from'),
    ]);
    writeSets(at('others'), { reference: 6, input: 8, side: 16 });
    const other = await train('whole', ['--resume', '--cycles', '9', '--data', at('others')]);
    expect([other.code, other.output]).toEqual([1, expect.stringContaining('The input set is not the one')]);
  }, 240_000);
});
