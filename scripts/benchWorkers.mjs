import { spawn } from 'node:child_process';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { build } from 'vite';
import { root } from './paths.mjs';
import { lastLines, PlainError } from './processes.mjs';

/** @typedef {{ ms: number, cpuMs: number }} Time by the clock, and of all threads on the processor */

/** A process that does one job again and again: it says "ready", then answers each line with milliseconds. */
export class Worker {
  /** @type {import('node:child_process').ChildProcess} */
  #child;
  /** @type {AsyncIterator<string>} */
  #lines;
  #errors = '';

  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {NodeJS.ProcessEnv} [env]
   */
  constructor(command, args, env = {}) {
    this.#child = spawn(command, [...args], { cwd: root, env: { ...process.env, ...env } });
    this.#child.stderr?.on('data', (chunk) => (this.#errors += String(chunk)));
    const { stdout } = this.#child;
    if (!stdout) throw new Error('a worker has a stdout');
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]();
  }

  async #line() {
    const { value, done } = await this.#lines.next();
    if (done) throw new PlainError(`A process of the bench ended early:\n${lastLines(this.#errors, 12)}`);
    return value;
  }

  async ready() {
    while ((await this.#line()) !== 'ready');
  }

  /** @returns {Promise<Time>} of one run */
  async once() {
    this.#child.stdin?.write('\n');
    const [ms, cpuMs] = (await this.#line()).split(' ').map(Number);
    return { ms: Number(ms), cpuMs: Number(cpuMs) };
  }

  end() {
    this.#child.stdin?.end();
    this.#child.kill();
  }
}

/**
 * Bundles our side of the bench.
 *
 * @param {string} folder where to
 * @returns {Promise<string>} the file that Node runs
 */
export async function buildOurs(folder) {
  await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true },
    build: {
      ssr: 'test/bench/step.ts',
      outDir: folder,
      emptyOutDir: false,
      target: 'node20',
      minify: false,
      rolldownOptions: {
        external: [/^@tensorflow\//, /^h5wasm/, 'undici', 'yauzl', ...builtinModules, /^node:/],
        output: {
          entryFileNames: '[name].mjs',
          banner:
            "import { fileURLToPath as toPath } from 'node:url';\nconst __filename = toPath(import.meta.url);",
        },
      },
    },
  });
  return path.join(folder, 'step.mjs');
}

/**
 * Runs two workers in turns, so that what else the machine does touches both alike.
 *
 * @param {Worker} ours
 * @param {Worker} theirs
 * @param {number} rounds
 * @param {number} budgetMs no new round after so long
 * @returns {Promise<{ ours: Time[], theirs: Time[] }>}
 */
export async function alternate(ours, theirs, rounds, budgetMs) {
  await Promise.all([ours.ready(), theirs.ready()]);
  /** @type {{ ours: Time[], theirs: Time[] }} */
  const times = { ours: [], theirs: [] };
  const startMs = performance.now();
  for (let round = 0; round < rounds; round += 1) {
    if (round >= 3 && performance.now() - startMs > budgetMs) break;
    times.ours.push(await ours.once());
    times.theirs.push(await theirs.once());
  }
  return times;
}

/**
 * @param {readonly number[]} values at least one
 * @returns {number}
 */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return (Number(low) + Number(high)) / 2;
}
