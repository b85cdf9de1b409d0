import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { oraclePythonPath } from '../../scripts/oracles.mjs';
import { absent } from './absent';

const scripts = join(import.meta.dirname, '..', 'oracles');

/**
 * The Python that has nibabel, SimpleITK, SciPy and Keras, or null where it was not made: then a test that needs it is
 * skipped, except in CI, where this throws.
 */
export function oraclePython(): string | null {
  const python = process.env['ASCNET_ORACLE_PYTHON'] ?? oraclePythonPath();
  if (existsSync(python)) return python;
  return absent('The Python environment for comparisons', 'Make it with `node scripts/oracles.mjs`.');
}

/**
 * Runs a script of test/oracles (or any, by absolute path) and gives what it printed on stdout.
 * Throws with what it printed on stderr when it fails.
 */
export function runOracle(script: string, args: readonly string[]): string {
  const python = oraclePython();
  if (!python) throw new Error('runOracle needs oraclePython(): skip the test where that is null.');
  const file = isAbsolute(script) ? script : join(scripts, script);
  const { status, stdout, stderr, error } = spawnSync(python, [file, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      TF_CPP_MIN_LOG_LEVEL: '3',
      CUDA_VISIBLE_DEVICES: '',
      PYTHONDONTWRITEBYTECODE: '1',
    },
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`${script} failed (${status}):\n${stderr}`);
  return stdout;
}
