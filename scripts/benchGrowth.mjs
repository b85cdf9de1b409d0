import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { alternate, buildOurs, median, Worker } from './benchWorkers.mjs';
import { root } from './paths.mjs';
import { runAsScript } from './processes.mjs';

/*
 * Whether the cost grows linearly with slices and pixels: each job beside the same job with more of either, in turns. The
 * growth is the ratio of the times over the ratio of the amounts: 1 is linear, above it is worse.
 *
 * usage: npm run bench:growth [-- native|wasm]
 */
const width = 8;
const base = { batch: 4, side: 160 };
const larger = [
  { batch: 8, side: 160 },
  { batch: 16, side: 160 },
  { batch: 32, side: 160 },
  { batch: 4, side: 240 },
  { batch: 4, side: 320 },
];
const rounds = 7;
const budgetMs = 15_000;

await runAsScript(import.meta.url, async () => {
  const backend = process.argv[2] ?? 'native';
  const folder = fs.mkdtempSync(path.join(root, 'out', 'bench-'));
  try {
    const ours = await buildOurs(folder);
    /** @param {string} what @param {{ batch: number, side: number }} amount */
    const start = (what, { batch, side }) =>
      new Worker(process.execPath, [ours, backend, what, String(width), String(batch), `--side=${side}`]);
    console.log(`${os.cpus().length} cores (${os.cpus()[0]?.model ?? ''}), Node ${process.version}\n`);
    console.log('| what | slices | side | amount | time | growth |');
    console.log('| ---- | -----: | ---: | -----: | ---: | -----: |');
    for (const what of ['trainGenerator', 'trainDiscriminator', 'predict']) {
      for (const amount of larger) {
        const [more, less] = [start(what, amount), start(what, base)];
        try {
          const { ours: long, theirs: short } = await alternate(more, less, rounds, budgetMs);
          const time = median(long.map(({ ms }, i) => ms / Number(short[i]?.ms)));
          const amounts = (amount.batch * amount.side ** 2) / (base.batch * base.side ** 2);
          console.log(
            `| ${what} | ${amount.batch} | ${amount.side} | ${amounts} | ${time.toFixed(2)} | ${(time / amounts).toFixed(2)} |`,
          );
        } finally {
          more.end();
          less.end();
        }
      }
    }
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
});
