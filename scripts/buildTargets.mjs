import { resolveConfig } from 'electron-vite';
import { build } from 'vite';
import { root } from './paths.mjs';

/*
 * `electron-vite build` of some of its targets (main, preload, renderer) only: the command line needs no window, and should
 * neither wait for its build nor fail with it. In a process of its own, as both tools set process-wide variables.
 */
process.env.NODE_ENV_ELECTRON_VITE = 'production';
const { config } = await resolveConfig({ root }, 'build', 'production');
for (const name of process.argv.slice(2)) {
  const target = config?.[/** @type {'main' | 'preload' | 'renderer'} */ (name)];
  if (!target) throw new Error(`electron.vite.config.ts has no ${name}`);
  await build(target);
}
