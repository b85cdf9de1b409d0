import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';
import { PlainError, run, runAsScript } from './processes.mjs';

/*
 * A cohort of 60 whole scans through SLURM with a corrupt file, a killed task and a drained node, as the test command does
 * with six small ones; the results stay for looking at.
 *
 * usage: npm run cohort -- OUT [COUNT]
 */
await runAsScript(import.meta.url, async () => {
  const [out, count = '60'] = process.argv.slice(2);
  if (out === undefined || (fs.existsSync(out) && fs.readdirSync(out).length > 0))
    throw new PlainError('usage: npm run cohort -- OUT [COUNT], with a folder OUT that is new or empty');
  const vitest = path.join(root, 'node_modules', '.bin', 'vitest');
  const wanted = ['test/integration/cohort/slurm.spec.ts', '-t', 'goes on after'];
  const { code } = await run(vitest, ['run', '--silent=false', ...wanted], {
    cwd: root,
    env: { ...process.env, ASCNET_COHORT: count, ASCNET_COHORT_OUT: path.resolve(out) },
  });
  return code;
});
