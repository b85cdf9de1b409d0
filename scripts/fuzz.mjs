import { randomInt } from 'node:crypto';
import path from 'node:path';
import { root } from './paths.mjs';
import { run, runAsScript } from './processes.mjs';

/**
 * `npm run fuzz [-- COUNT [SEED]]`: sends that many messages (100000) of every kind at every request of main. A failure says
 * the seed that brings it back.
 */
await runAsScript(import.meta.url, async () => {
  const [count = '100000', seed = String(randomInt(2 ** 31))] = process.argv.slice(2);
  console.log(`${count} messages, seed ${seed}`);
  const { code } = await run(
    path.join(root, 'node_modules', '.bin', 'vitest'),
    ['run', 'test/unit/main/fuzz.spec.ts'],
    { cwd: root, env: { ...process.env, ASCNET_FUZZ: count, ASCNET_FUZZ_SEED: seed } },
  );
  return code;
});
