import fs from 'node:fs';
import path from 'node:path';
import { cacheDir } from './paths.mjs';

const abandonedMs = 24 * 3600 * 1000;

/**
 * Makes a folder of the cache: it appears whole or not at all, and what was left by runs that were killed goes.
 *
 * @param {string} target
 * @param {string} proof a file in it, by which another process's folder is known to be as good
 * @param {(work: string) => Promise<string>} make works in an empty folder; gives the folder that becomes the target, which is
 *   that one or lies in it
 */
export async function makeInCache(target, proof, make) {
  fs.mkdirSync(cacheDir(), { recursive: true });
  removeAbandoned(cacheDir());
  const work = fs.mkdtempSync(path.join(cacheDir(), 'making-'));
  try {
    const made = await make(work);
    try {
      fs.renameSync(made, target);
    } catch (error) {
      // Another process was faster.
      if (!fs.existsSync(proof)) throw error;
    }
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @param {number} ageMs
 * @returns {boolean}
 */
export function isYounger(file, ageMs) {
  const stat = fs.statSync(file, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs < ageMs;
}

/** @param {string} dir */
function removeAbandoned(dir) {
  for (const name of fs.readdirSync(dir)) {
    const found = path.join(dir, name);
    if (name.startsWith('making-') && !isYounger(found, abandonedMs))
      fs.rmSync(found, { recursive: true, force: true });
  }
}
