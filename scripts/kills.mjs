import { runAsScript } from './processes.mjs';
import { runInWindow } from './runInWindow.mjs';

/*
 * The whole proof that nothing is lost: the program is killed at 50 random moments (or as often as the first argument says)
 * while a script paints and goes through the slices; a second argument is the seed of the moments. `npm test` does a handful.
 * See test/e2e/neverLost.spec.ts.
 */
const [kills = '50', seed = '20261123'] = process.argv.slice(2);
process.env.ASCNET_KILLS = kills;
process.env.ASCNET_KILLS_SEED = seed;
await runAsScript(import.meta.url, () =>
  runInWindow('playwright.config.ts', { args: ['e2e/neverLost.spec.ts'] }),
);
