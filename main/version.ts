import { readFileSync } from 'node:fs';
import path from 'node:path';
import { version } from '../package.json';

/** Name and version of this software, as outputs record it. */
export const SOFTWARE = `ASC-Net ${version}`;
export const VERSION: string = version;

/**
 * The commit that a packaged program was made from, as scripts/dist.mjs wrote it into its package.json.
 * @returns '' in a checkout
 */
export function packagedCommit(appFolder: string): string {
  const { commit } = JSON.parse(readFileSync(path.join(appFolder, 'package.json'), 'utf8')) as {
    commit?: unknown;
  };
  return typeof commit === 'string' ? commit : '';
}
