import { spawn } from 'node:child_process';
import { Buffer } from 'node:buffer';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt } from './build.mjs';
import { root } from './paths.mjs';
import { PlainError, runAsScript } from './processes.mjs';

/*
 * What a training holds of memory: over the number of its slices, and over a thousand steps. Each training is a process of
 * its own.
 */
const MEGABYTE = 2 ** 20;

/** @typedef {{ rssBytes: number, peakBytes: number }} Told */

/**
 * Writes both sets with `count` slices each, without taking the room on disk: only the first ones hold anything.
 *
 * @param {string} folder
 * @param {number} count
 * @param {number} side
 */
export function writeSparseSets(folder, count, side) {
  fs.mkdirSync(folder, { recursive: true });
  const text = `{'descr': '<f4', 'fortran_order': False, 'shape': (${count}, ${side}, ${side}, 1), }`;
  const header = Buffer.from(`\x93NUMPY\x01\x00\x76\x00${text.padEnd(117)}\n`, 'latin1');
  const filled = Float32Array.from({ length: 8 * side * side }, (_, i) => (i % 97) / 97);
  for (const name of ['good_dic_to_train_disc.npy', 'input_for_generator.npy']) {
    const file = path.join(folder, name);
    fs.writeFileSync(file, Buffer.concat([header, Buffer.from(filled.buffer)]));
    fs.truncateSync(file, header.length + count * side * side * 4);
  }
}

/**
 * Trains in a process of its own and watches its memory.
 *
 * @param {string} data folder of the sets
 * @param {string[]} settings further arguments of `train`
 * @param {'wasm' | 'native'} backend
 * @returns {Promise<Told[]>} what it held, some ten times a second
 */
export function watchTraining(data, settings, backend) {
  const out = fs.mkdtempSync(path.join(os.tmpdir(), 'asc-net-bench-run-'));
  const hook = pathToFileURL(path.join(root, 'scripts', 'tellMemory.mjs')).href;
  const cli = path.join(root, 'out', 'main', 'cli.cjs');
  const command = ['train', '--data', data, '--out', path.join(out, 'run'), '--backend', backend];
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', hook, cli, ...command, ...settings], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    /** @type {Told[]} */
    const told = [];
    let errors = '';
    child.stderr?.on('data', (chunk) => (errors += chunk));
    child.on('message', (message) => told.push(/** @type {Told} */ (message)));
    child.on('error', reject);
    child.on('close', (code) => {
      fs.rmSync(out, { recursive: true, force: true });
      if (code === 0) resolve(told);
      else reject(new PlainError(errors));
    });
  });
}

/**
 * The most that a training on sets of `count` square slices holds. An epoch draws as many slices whatever the count.
 *
 * @param {number} count
 * @param {number} side
 * @param {number} slicesPerEpoch
 * @returns {Promise<number>} bytes
 */
export async function peakOfTraining(count, side, slicesPerEpoch) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'asc-net-bench-sets-'));
  try {
    writeSparseSets(data, count, side);
    const settings = [
      ...['--width', '2', '--cycles', '1', '--stage', '2'],
      ...['--set', `slicesPerEpoch=${slicesPerEpoch}`, '--set', 'generatorEpochs=1'],
    ];
    const told = await watchTraining(data, settings, 'wasm');
    return Math.max(...told.map(({ peakBytes }) => peakBytes));
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
}

/**
 * What a training gains in memory from its second to its last quarter.
 *
 * @param {number} epochs of M, two steps each
 * @param {'wasm' | 'native'} backend
 * @returns {Promise<number>} bytes
 */
export async function growthOverSteps(epochs, backend) {
  const data = fs.mkdtempSync(path.join(os.tmpdir(), 'asc-net-bench-sets-'));
  try {
    writeSparseSets(data, 8, 32);
    const settings = [
      ...['--width', '2', '--cycles', '1', '--stage', '1', '--set', 'generatorBatch=4'],
      ...['--set', `generatorEpochs=${epochs}`],
    ];
    const told = await watchTraining(data, settings, backend);
    const rss = told.map(({ rssBytes }) => rssBytes);
    /** @param {number} from @param {number} to */
    const median = (from, to) =>
      /** @type {number} */ (
        rss.slice(Math.floor(rss.length * from), Math.floor(rss.length * to)).sort((a, b) => a - b)[
          Math.floor((rss.length * (to - from)) / 2)
        ]
      );
    return median(0.7, 0.95) - median(0.25, 0.5);
  } finally {
    fs.rmSync(data, { recursive: true, force: true });
  }
}

await runAsScript(import.meta.url, async () => {
  await ensureBuilt({ wanted: ['node'] });
  let good = true;
  /** @param {string} what @param {number} bytes @param {number} most */
  const judge = (what, bytes, most) => {
    const megabytes = Math.round(bytes / MEGABYTE);
    good &&= megabytes <= most;
    console.log(`${what}: ${megabytes} MB (at most ${most} MB)`);
  };
  const few = await peakOfTraining(500, 160, 100);
  const many = await peakOfTraining(50_000, 160, 100);
  console.log(
    `peak of 500 slices ${Math.round(few / MEGABYTE)} MB, of 50,000 ${Math.round(many / MEGABYTE)} MB`,
  );
  judge('more memory for 50,000 slices of 160x160 (5 GB a set) than for 500', many - few, 150);
  judge('growth over 1,000 steps', await growthOverSteps(500, 'wasm'), 30);
  return good ? 0 : 1;
});
