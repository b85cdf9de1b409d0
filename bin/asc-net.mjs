#!/usr/bin/env node
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

// A checkout has the sources and builds what is missing or old; an installed package has only out/.
const isCheckout = existsSync(new URL('../main/cli', import.meta.url));
if (isCheckout) {
  try {
    const { ensureBuilt } = await import('../scripts/build.mjs');
    await ensureBuilt({ wanted: ['node'] });
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

// In this process: it costs no second start of Node, and signals and exit codes need no passing on.
createRequire(import.meta.url)('../out/main/cli.cjs');
