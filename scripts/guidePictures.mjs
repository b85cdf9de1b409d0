import { runAsScript } from './processes.mjs';
import { runInWindow } from './runInWindow.mjs';

/* The pictures of the user guide, from the real window: see test/pictures/guide.pictures.ts. */
await runAsScript(import.meta.url, () =>
  runInWindow('playwright.bench.config.ts', { args: ['pictures/guide.pictures.ts'] }),
);
