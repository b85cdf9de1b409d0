import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { PlainError, run, runAsScript, succeeds } from './processes.mjs';

/**
 * What the tests need of a Debian or Ubuntu, each with the names it goes by: Ubuntu 24.04 and Debian 13 renamed some for
 * 64-bit times.
 *
 * @param {{ hasDisplay: boolean, hasPython: boolean, canMakeVenv: boolean }} machine
 * @returns {string[][]}
 */
export function neededPackages({ hasDisplay, hasPython, canMakeVenv }) {
  return [
    // A display in memory, for a machine without one.
    ...(hasDisplay ? [] : [['xvfb'], ['xauth']]),
    // Electron's own.
    ['libgtk-3-0', 'libgtk-3-0t64'],
    ['libnss3'],
    ['libasound2', 'libasound2t64'],
    ['libgbm1'],
    // What our results are checked against: nibabel and its like, and nifti_tool.
    ...(hasPython ? [] : [['python3']]),
    ...(canMakeVenv ? [] : [['python3-venv']]),
    ['nifti-bin'],
    // A cluster of one node, for the job arrays.
    ['slurm-wlm'],
    ['munge'],
  ];
}

/**
 * @param {string[][]} needed
 * @param {ReadonlySet<string>} installed
 * @param {(name: string) => boolean} isAvailable whether apt can install the name
 * @returns {string[]} what to install, one name for each need
 */
export function missingPackages(needed, installed, isAvailable) {
  return needed
    .filter((names) => !names.some((name) => installed.has(name)))
    .map((names) => names.find(isAvailable) ?? /** @type {string} */ (names[0]));
}

/** @returns {Set<string>} */
function installedPackages() {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  const rows = (stdout ?? '').split('\n').map((line) => line.split(' '));
  return new Set(rows.flatMap(([status, name]) => (status === 'installed' && name ? [name] : [])));
}

/**
 * A package that only other packages mention has no version to install.
 *
 * @param {string} name
 * @returns {boolean}
 */
function isAvailable(name) {
  const { stdout } = spawnSync('apt-cache', ['policy', name], { encoding: 'utf8' });
  return /Candidate: (?!\(none\))/.test(stdout ?? '');
}

function isDebianLike() {
  const file = '/etc/os-release';
  return fs.existsSync(file) && /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(fs.readFileSync(file, 'utf8'));
}

/** Makes sure that the system packages are there, or fails with the command that installs them. */
export async function ensureSystemPackages() {
  if (process.platform !== 'linux') {
    console.log(
      'Needed on this system: Python 3.10 or 3.11 as python3, for the comparisons with nibabel and Keras.',
    );
    return;
  }
  if (!isDebianLike()) {
    console.log(
      'Not Debian or Ubuntu: install with your package manager Xvfb with xauth, GTK 3, NSS, ALSA, GBM, Python 3 with venv, nifti_tool, SLURM and munge.',
    );
    return;
  }
  const needed = neededPackages({
    hasDisplay: Boolean(process.env.DISPLAY),
    hasPython: succeeds('python3', ['--version']),
    // Debian ships venv without the part that puts pip into one.
    canMakeVenv: succeeds('python3', ['-c', 'import venv, ensurepip']),
  });
  const installed = installedPackages();
  if (missingPackages(needed, installed, () => true).length === 0) {
    console.log('All there.');
    return;
  }

  const prefix = process.getuid?.() === 0 ? [] : succeeds('sudo', ['-n', 'true']) ? ['sudo', '-n'] : null;
  const aptGet = async (/** @type {string[]} */ ...args) => {
    const [command, ...rest] = [
      ...(prefix ?? []),
      'env',
      'DEBIAN_FRONTEND=noninteractive',
      'apt-get',
      ...args,
    ];
    return (await run(/** @type {string} */ (command), rest)).code;
  };
  if (!prefix) {
    const missing = missingPackages(needed, installed, isAvailable);
    throw new PlainError(
      `System packages are missing, and this user may not install them. Run this, then try again:\n  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing.join(' ')}`,
    );
  }
  // Mirrors hiccup: once more before giving up.
  for (let attempt = 1; ; attempt++) {
    await aptGet('update', '-q');
    const missing = missingPackages(needed, installed, isAvailable);
    console.log(`Installing ${missing.join(' ')}`);
    const code = await aptGet('install', '-y', '-q', '--no-install-recommends', ...missing);
    if (code === 0) return;
    if (attempt === 2)
      throw new PlainError(`apt-get could not install ${missing.join(' ')}; its messages are above.`);
  }
}

await runAsScript(import.meta.url, ensureSystemPackages);
