import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { root } from './paths.mjs';
import { run } from './processes.mjs';

/**
 * Builds what is old and runs Playwright in the real window, on a screen of its own where there is none.
 *
 * @param {string} config name of the Playwright configuration
 * @param {{ args?: string[], env?: NodeJS.ProcessEnv }} [options]
 * @returns {Promise<number>} the exit code
 */
export async function runInWindow(config, { args = [], env = {} } = {}) {
  await ensureBuilt();
  const command = [
    path.join(root, 'node_modules', '.bin', 'playwright'),
    'test',
    '--config',
    config,
    ...args,
  ];
  if (process.platform === 'linux' && !process.env.DISPLAY)
    command.unshift('xvfb-run', '-a', '-s', '-screen 0 1920x1080x24');
  const [program, ...rest] = command;
  const { code } = await run(/** @type {string} */ (program), rest, {
    cwd: root,
    env: { ...process.env, ...env },
  });
  return code;
}
