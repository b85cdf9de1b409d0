import path from 'node:path';
import { ensureBuilt } from './build.mjs';
import { electronExecutable } from './electron.mjs';
import { root } from './paths.mjs';
import { run, runAsScript } from './processes.mjs';

/**
 * `npm run dist`: the installers of this system, in dist/. `npm run dist:dir`: only the folder that they would install, with
 * the Electron that is at hand, so that it works without another download.
 */
await runAsScript(import.meta.url, async () => {
  await ensureBuilt();
  const args = process.argv.slice(2).filter((argument) => argument !== '--dir');
  if (process.argv.includes('--dir')) {
    const electron = await electronExecutable();
    args.push(
      '--dir',
      `-c.electronDist=${path.dirname(electron.path)}`,
      `-c.electronVersion=${electron.version}`,
    );
  }
  const { code } = await run(
    path.join(root, 'node_modules', '.bin', 'electron-builder'),
    ['--publish', 'never', ...args],
    { cwd: root },
  );
  return code;
});
