import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { benchPython } from './benchPython.mjs';
import { alternate, buildOurs, median, Worker } from './benchWorkers.mjs';
import { ensureOracles } from './oracles.mjs';
import { root } from './paths.mjs';
import { run, PlainError, runAsScript } from './processes.mjs';

/*
 * Our training steps, prediction and whole-volume segmentation beside the same network in Keras and PyTorch: on this
 * machine, in one run, in turns.
 */

/** @typedef {'trainGenerator' | 'trainDiscriminator' | 'predict' | 'segmentVolume'} What */
/** @typedef {{ what: What, width: number, batch: number, backend: 'native' | 'wasm', peer: 'keras' | 'pytorch' }} Cell */
/** @typedef {Cell & { oursMs: number, theirsMs: number, ratio: number, spread: number }} Row */
/** @typedef {{ row: Row, cpuRatio: number }} Measured */

/** @type {readonly What[]} */
const steps = ['trainGenerator', 'trainDiscriminator', 'predict'];
const volumeSlices = 182;

/**
 * @param {boolean} quick
 * @param {readonly ('keras' | 'pytorch')[]} peers
 * @returns {Cell[]}
 */
function cells(quick, peers) {
  /** @type {Cell[]} */
  const all = [];
  if (quick) {
    for (const what of steps) all.push({ what, width: 8, batch: 4, backend: 'native', peer: 'keras' });
    for (const what of /** @type {const} */ (['trainGenerator', 'predict']))
      all.push({ what, width: 32, batch: 4, backend: 'native', peer: 'keras' });
    all.push({ what: 'trainGenerator', width: 8, batch: 4, backend: 'wasm', peer: 'keras' });
    all.push({ what: 'segmentVolume', width: 8, batch: 4, backend: 'native', peer: 'keras' });
    if (peers.includes('pytorch'))
      all.push({ what: 'trainGenerator', width: 32, batch: 4, backend: 'native', peer: 'pytorch' });
    return all;
  }
  for (const peer of peers)
    for (const backend of /** @type {const} */ (['native', 'wasm'])) {
      // WebAssembly takes up to minutes a step: one peer says what there is to say.
      if (backend === 'wasm' && peer !== 'keras') continue;
      for (const width of [8, 16, 32])
        for (const batch of [4, 16])
          for (const what of steps) all.push({ what, width, batch, backend, peer });
    }
  for (const width of [8, 32])
    all.push({ what: 'segmentVolume', width, batch: 4, backend: 'native', peer: 'keras' });
  return all;
}

/**
 * @param {Cell} cell
 * @param {{ ours: string, keras: string, pytorch: string | null, volume: string, out: string, rounds: number, budgetMs: number }} tools
 * @returns {Promise<Measured>}
 */
async function measure(cell, tools) {
  const { what, width, batch, backend, peer } = cell;
  const job = [what, String(width), String(batch), tools.volume, tools.out];
  const ours = new Worker(process.execPath, [tools.ours, backend, ...job]);
  const python = peer === 'keras' ? tools.keras : /** @type {string} */ (tools.pytorch);
  const theirs = new Worker(
    python,
    [path.join(root, 'test', 'bench', `${peer === 'keras' ? 'keras' : 'torch'}Step.py`), ...job],
    {
      PYTHONDONTWRITEBYTECODE: '1',
    },
  );
  try {
    const times = await alternate(ours, theirs, tools.rounds, tools.budgetMs);
    /** @param {'ms' | 'cpuMs'} what */
    const ratiosOf = (what) => times.ours.map((time, i) => time[what] / Number(times.theirs[i]?.[what]));
    const ratios = ratiosOf('ms');
    return {
      row: {
        ...cell,
        oursMs: round(median(times.ours.map(({ ms }) => ms)), 1),
        theirsMs: round(median(times.theirs.map(({ ms }) => ms)), 1),
        ratio: round(median(ratios), 3),
        spread: round((Math.max(...ratios) - Math.min(...ratios)) / 2, 3),
      },
      cpuRatio: median(ratiosOf('cpuMs')),
    };
  } finally {
    ours.end();
    theirs.end();
  }
}

/** @param {number} value @param {number} digits */
function round(value, digits) {
  return Number(value.toFixed(digits));
}

/** @param {Measured} measured */
function line({ row, cpuRatio }) {
  const { what, width, batch, backend, peer, oursMs, theirsMs, ratio, spread } = row;
  return `| ${what} | ${width} | ${batch} | ${backend} | ${peer} | ${oursMs} | ${theirsMs} | ${ratio.toFixed(2)} | ±${spread.toFixed(2)} | ${cpuRatio.toFixed(2)} |`;
}

const head = [
  '| what | width | batch | backend | peer | ours, ms | theirs, ms | ratio | spread | CPU ratio |',
  '| ---- | ----: | ----: | ------- | ---- | -------: | ---------: | ----: | -----: | --------: |',
];

/**
 * Puts the table between its marks in the page.
 *
 * @param {readonly Measured[]} rows
 */
function writeDocs(rows) {
  const page = path.join(root, 'docs', 'speed.md');
  const text = fs.readFileSync(page, 'utf8');
  const load = os.loadavg().map((value) => value.toFixed(1));
  const machine = `${os.cpus().length} cores (${os.cpus()[0]?.model ?? ''}), Node ${process.version}, load at the end ${load.join(' ')}`;
  const table = [`Measured on ${machine}.`, '', ...head, ...rows.map(line)].join('\n');
  const marked = /(<!-- bench -->\n)[\s\S]*(\n<!-- \/bench -->)/;
  if (!marked.test(text)) throw new PlainError('docs/speed.md has lost the marks of its table.');
  fs.writeFileSync(
    page,
    text.replace(marked, (_, before, after) => `${before}\n${table}\n${after}`),
  );
}

await runAsScript(import.meta.url, async () => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean' },
      json: { type: 'string' },
      docs: { type: 'boolean' },
      backend: { type: 'string' },
      peer: { type: 'string' },
      seconds: { type: 'string' },
    },
  });
  const quick = values.quick === true;
  const folder = fs.mkdtempSync(path.join(root, 'out', 'bench-'));
  try {
    const ours = await buildOurs(folder);
    const keras = await ensureOracles();
    const withoutPytorch = values.peer === 'keras' || (quick && !process.env.ASCNET_BENCH_PYTHON);
    const pytorch = withoutPytorch ? null : await benchPython();
    const volume = path.join(folder, 'volume.nii.gz');
    const made = await run(
      keras,
      [path.join(root, 'test', 'bench', 'segment.py'), volume, String(volumeSlices)],
      {
        quiet: true,
      },
    );
    if (made.code !== 0) throw new PlainError(made.output);
    const tools = {
      ours,
      keras,
      pytorch,
      volume,
      out: folder,
      rounds: quick ? 7 : 11,
      budgetMs: 1000 * Number(values.seconds ?? (quick ? 12 : 60)),
    };
    console.error(head.join('\n'));
    /** @type {Measured[]} */
    const rows = [];
    for (const cell of cells(quick, pytorch ? ['keras', 'pytorch'] : ['keras'])) {
      if (cell.backend !== (values.backend ?? cell.backend) || cell.peer !== (values.peer ?? cell.peer))
        continue;
      const row = await measure(cell, tools);
      rows.push(row);
      console.error(line(row));
    }
    if (values.json !== undefined)
      fs.writeFileSync(
        values.json,
        `${JSON.stringify(
          rows.map(({ row }) => row),
          null,
          1,
        )}\n`,
      );
    if (values.docs || !quick) writeDocs(rows);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
