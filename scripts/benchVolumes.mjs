import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { ensureOracles } from './oracles.mjs';
import { root } from './paths.mjs';
import { PlainError, run, runAsScript } from './processes.mjs';

/*
 * Opens and gunzips a 256x256x256 and a 512x512x300 int16 .nii.gz, with our reader and with nibabel, one after the other
 * in processes of their own, and compares the best of some rounds: time as a ratio, the most memory that reading takes in volumes.
 */
const rounds = 5;
const mostRatio = 1;
const mostVolumes = 2.5;

/** @typedef {{ ms: number, peakBytes: number, sum: number }} Reading */

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<string>}
 */
async function output(command, args) {
  const { code, output } = await run(command, args, { quiet: true });
  if (code !== 0) throw new PlainError(output);
  return output;
}

await runAsScript(import.meta.url, async () => {
  const python = await ensureOracles();
  const script = path.join(root, 'test', 'bench', 'volumes.py');
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'asc-net-bench-'));
  try {
    await build({
      root,
      configFile: false,
      logLevel: 'warn',
      ssr: { noExternal: true },
      build: { ssr: 'test/bench/readVolume.ts', outDir: folder, emptyOutDir: false, target: 'node20' },
    });
    const ours = fs.readdirSync(folder).find((name) => name.startsWith('readVolume')) ?? '';
    await output(python, [script, 'make', folder]);
    let good = true;
    for (const [name, voxels] of /** @type {const} */ ([
      ['small', 256 * 256 * 256],
      ['large', 512 * 512 * 300],
    ])) {
      const file = path.join(folder, `${name}.nii.gz`);
      /** @type {{ ours: Reading[], nibabel: Reading[] }} */
      const readings = { ours: [], nibabel: [] };
      for (let round = 0; round < rounds; round += 1) {
        readings.ours.push(JSON.parse(await output(process.execPath, [path.join(folder, ours), file])));
        readings.nibabel.push(JSON.parse(await output(python, [script, 'read', file])));
      }
      const all = [...readings.ours, ...readings.nibabel];
      if (new Set(all.map(({ sum }) => sum)).size !== 1) throw new PlainError('the voxels differ');
      /** @param {Reading[]} of */
      const best = (of) => Math.min(...of.map(({ ms }) => ms));
      const ratio = best(readings.ours) / best(readings.nibabel);
      const volumes = Math.max(...readings.ours.map(({ peakBytes }) => peakBytes)) / (voxels * 2);
      const packed = (fs.statSync(file).size / 2 ** 20).toFixed(0);
      console.log(
        `${name} (${(voxels * 2) / 2 ** 20} MB, packed ${packed} MB): ours ${best(readings.ours).toFixed(0)} ms, ` +
          `nibabel ${best(readings.nibabel).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (at most ${mostRatio}); ` +
          `peak ${volumes.toFixed(2)} volumes (at most ${mostVolumes})`,
      );
      good &&= ratio <= mostRatio && volumes <= mostVolumes;
    }
    return good ? 0 : 1;
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
