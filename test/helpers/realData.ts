import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { absent } from './absent';

const shared = resolve(import.meta.dirname, '..', '..', '..', 'shared');

function folder(what: string, variable: string, usual: string): string | null {
  const dir = process.env[variable] ?? usual;
  if (existsSync(dir)) return dir;
  return absent(what, `Put it at ${usual}, or name its folder in ${variable}.`);
}

/**
 * The folder with the real MS scans and their expert masks, or null where it is not at hand (in CI: throws).
 * @public
 */
export function realData(): string | null {
  return folder('The set of real MS scans', 'ASCNET_DATA', join(shared, 'data', 'ms-open'));
}

/** The folder with the published network in Keras and numbers made with it, or null (in CI: throws). */
export function kerasReference(): string | null {
  return folder('The Keras reference', 'ASCNET_REFERENCE', join(shared, 'reference'));
}
