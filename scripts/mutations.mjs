import path from 'node:path';
import { root } from './paths.mjs';
import { run, runAsScript } from './processes.mjs';

/** How many damaged files of each kind are tried; the test command tries a thousand. */
const usual = '10000';

await runAsScript(import.meta.url, async () => {
  const vitest = path.join(root, 'node_modules', '.bin', 'vitest');
  const { code } = await run(vitest, ['run', 'test/unit/shared/volume/mutations.spec.ts'], {
    cwd: root,
    env: { ...process.env, ASCNET_MUTATIONS: process.argv[2] ?? usual },
  });
  return code;
});
