import { createRequire } from 'node:module';
import { tryAddon } from './probe';

/** The program that the app starts to try an addon, given as its last argument: what ends it ends nothing else. */
const addon = createRequire(__filename)(process.argv.at(-1) ?? '') as Parameters<typeof tryAddon>[0];
const { parentPort } = process as unknown as { parentPort: { postMessage(message: unknown): void } };
// Whoever started it ends it then: what is printed last is lost where a process of Electron's ends by itself.
parentPort.postMessage(JSON.stringify(tryAddon(addon)));
