import { runAsScript } from './processes.mjs';
import { runInWindow } from './runInWindow.mjs';

/* How fast the real window answers the hand, on a 256x256x256 scan with a mask: see test/bench/window.bench.ts. */
await runAsScript(import.meta.url, () =>
  runInWindow('playwright.bench.config.ts', { args: ['bench/window.bench.ts'] }),
);
