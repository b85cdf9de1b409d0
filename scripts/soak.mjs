import { parseArgs } from 'node:util';
import { runAsScript } from './processes.mjs';
import { runInWindow } from './runInWindow.mjs';

/*
 * Opens, trains, reviews, exports and closes in a loop in one window, and looks whether memory, handles and disk stay flat:
 * see test/soak/window.soak.ts. `npm run soak -- --minutes 120` is the full one.
 */
await runAsScript(import.meta.url, () => {
  const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
  return runInWindow('playwright.bench.config.ts', {
    args: ['soak/window.soak.ts'],
    env: { ASCNET_SOAK_MINUTES: values.minutes },
  });
});
