import { createRequire } from 'node:module';
import { tryAddon } from './probe';

/** The program that the app starts to try an addon, given as its last argument: what ends it ends nothing else. */
const addon = createRequire(__filename)(process.argv.at(-1) ?? '') as Parameters<typeof tryAddon>[0];
const answer = JSON.stringify(tryAddon(addon));
// A process of Electron's does not end by itself.
process.stdout.write(`${answer}\n`, () => process.exit(0));
