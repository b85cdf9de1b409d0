import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root } from './paths.mjs';
import { run, runAsScript } from './processes.mjs';

/* How fast the real window answers the hand, on a 256x256x256 scan with a mask: see test/bench/window.bench.ts. */
await runAsScript(import.meta.url, async () => {
  await ensureBuilt();
  const command = [
    path.join(root, 'node_modules', '.bin', 'playwright'),
    'test',
    '--config',
    'playwright.bench.config.ts',
  ];
  if (process.platform === 'linux' && !process.env.DISPLAY)
    command.unshift('xvfb-run', '-a', '-s', '-screen 0 1920x1080x24');
  const [program, ...args] = command;
  const { code } = await run(/** @type {string} */ (program), args, { cwd: root });
  return code;
});
