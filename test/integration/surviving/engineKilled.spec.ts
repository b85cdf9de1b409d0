import { fork } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { EngineHost, type EngineProcess } from '../../../main/engineHost';
import { writeNiftiFile } from '../../../main/files/atomicWrite';
import { ensureBuilt } from '../../../scripts/build.mjs';
import { defaultPreparation } from '../../../shared/imaging/preparation';
import type { EngineEvent, JobRequest } from '../../../shared/ipc/engineEvents';
import { createRandom } from '../../../shared/random';
import { niftiBytes } from '../../../shared/volume/nifti';
import { ballScan } from '../../helpers/ballScan';

/** How often the engine is killed; the full proof has 20. */
const kills = Number(process.env['ASCNET_KILLS'] ?? 2);

let home: string;
let scan: string;
const at = (...names: string[]): string => path.join(home, ...names);

beforeAll(async () => {
  await ensureBuilt({ wanted: ['node'] });
  home = mkdtempSync(path.join(tmpdir(), 'asc-net-killed-'));
  scan = at('scan.nii');
  const { like, scan: data } = ballScan();
  await writeNiftiFile(scan, niftiBytes({ dims: like.dims, data, like, description: 'ball' }));
}, 120_000);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** The engine as main hosts it, in a Node instead of Electron's utility process; the newest process can be killed. */
function hostEngine(onEvent: (event: EngineEvent) => void): { host: EngineHost; kill: () => void } {
  let kill = (): void => undefined;
  const host = new EngineHost({
    fork: () => {
      const child = fork(
        path.join(import.meta.dirname, '..', '..', 'helpers', 'engineProcess.cjs'),
        [path.join(import.meta.dirname, '..', '..', '..', 'out', 'main', 'engine.cjs')],
        { serialization: 'advanced', stdio: ['ignore', 'ignore', 'pipe', 'ipc'] },
      );
      kill = () => void child.kill('SIGKILL');
      let words = '';
      child.stderr?.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-2000)));
      const engine: EngineProcess = {
        postMessage: (message) => void child.send(message as object),
        on: (event: 'message' | 'exit', listener: (value: never) => void) =>
          event === 'message'
            ? child.on('message', listener as (message: unknown) => void)
            : child.on('exit', (code, signal) => listener((code ?? (signal === 'SIGKILL' ? 9 : 1)) as never)),
        kill: () => child.kill(),
        lastWords: () => words,
      };
      return engine;
    },
    onEvent,
    log: () => undefined,
  });
  return { host, kill: () => kill() };
}

const train = (outDir: string): JobRequest => ({
  jobId: 'begun',
  type: 'train',
  outDir,
  reference: [{ path: scan, slices: [0, 1, 2, 3], brain: null, contrasts: {} }],
  input: [{ path: scan, slices: [4, 5, 6, 7], brain: null, contrasts: {} }],
  preparation: defaultPreparation,
  watched: [],
  preset: 'quick',
  // A checkpoint after each step: a kill is answered by going on from there. Cycles enough for all of them.
  overrides: {
    baseWidth: 1,
    maxCycles: 2 + 2 * kills,
    generatorEpochs: 1,
    stage: 'auto',
    stopWhenSplit: false,
    checkpointMinutes: 0,
  },
  backend: 'wasm',
});

/** Trains to the end; the engine is killed so many times on the way, and each time told to go on, as a reader would. */
async function trained(outDir: string, wanted: number): Promise<EngineEvent[]> {
  const random = createRandom(77);
  const ends: EngineEvent[] = [];
  await new Promise<void>((resolve, reject) => {
    let killed = 0;
    let isDying = false;
    let checkpoints = 1 + random.integer(2);
    const { host, kill } = hostEngine((event) => {
      if (event.type === 'checkpoint' && killed < wanted && !isDying) {
        checkpoints -= 1;
        if (checkpoints > 0) return;
        killed += 1;
        isDying = true;
        checkpoints = 1 + random.integer(2);
        setTimeout(kill, random.uniform(0, 30));
      }
      if (event.type !== 'finished' && event.type !== 'failed' && event.type !== 'stopped') return;
      ends.push(event);
      isDying = false;
      if (event.type === 'failed' && event.failure.kind === 'engine-crashed') {
        try {
          host.start({ jobId: `again ${killed}`, type: 'continueTraining', outDir, backend: 'wasm' });
        } catch (error) {
          reject(new Error(event.failure.detail, { cause: error }));
        }
        return;
      }
      host.dispose();
      if (event.type === 'finished') resolve();
      else reject(new Error(JSON.stringify(event)));
    });
    host.start(train(outDir));
  });
  return ends;
}

it(
  `a training whose engine is killed ${kills} times ends with the same bytes, and every request is answered`,
  async () => {
    expect(await trained(at('whole'), 0)).toHaveLength(1);
    const ends = await trained(at('killed'), kills);
    // One answer for each request: the first, and each that went on.
    expect(ends.map(({ type }) => type)).toEqual([
      ...Array.from({ length: kills }, () => 'failed'),
      'finished',
    ]);
    expect(new Set(ends.map(({ jobId }) => jobId)).size).toBe(kills + 1);
    for (const name of ['generator.weights', 'discriminator.weights']) {
      const bytes = ['whole', 'killed'].map((run) => readFileSync(at(run, 'run', name)));
      expect(bytes[0]?.equals(bytes[1] as Buffer)).toBe(true);
    }
  },
  180_000 + kills * 60_000,
);
