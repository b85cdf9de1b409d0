import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';

/**
 * What a package says of the state of the sources that it was made from.
 *
 * @typedef {object} BuildFacts
 * @property {string} commit short; with "+" where files differ from it; '' outside of a repository
 * @property {string} commitTime ISO 8601; the beginning of time outside of a repository
 * @property {string} electron the version that ships
 */

/** @returns {BuildFacts} */
export function buildFacts() {
  const { devDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));
  const hash = git('rev-parse', '--short=10', 'HEAD');
  const changed = git('status', '--porcelain', '--untracked-files=no') !== '';
  const seconds = Number(git('log', '-1', '--format=%ct'));
  return {
    commit: hash && `${hash}${changed ? '+' : ''}`,
    commitTime: new Date(seconds * 1000).toISOString(),
    electron: devDependencies.electron,
  };
}

/**
 * @param {string[]} args
 * @returns {string} '' where there is no repository
 */
function git(...args) {
  try {
    // Read with someone else's user id, as CI machines do.
    return execFileSync('git', ['-c', 'safe.directory=*', ...args], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return '';
  }
}
