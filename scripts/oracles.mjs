import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { makeInCache } from './cached.mjs';
import { cacheDir, root } from './paths.mjs';
import { lastLines, PlainError, run, runAsScript } from './processes.mjs';

const requirements = path.join(root, 'test', 'oracles', 'requirements.txt');

/**
 * The Python environment that our results are checked with (nibabel, SimpleITK, SciPy, Keras). Its name carries the
 * requirements, so that a checkout with others makes its own.
 *
 * @returns {string} its python, whether it is there or not
 */
export function oraclePythonPath() {
  const key = createHash('sha256').update(fs.readFileSync(requirements)).digest('hex').slice(0, 12);
  const dir = path.join(cacheDir(), `oracles-${key}`);
  return process.platform === 'win32'
    ? path.join(dir, 'Scripts', 'python.exe')
    : path.join(dir, 'bin', 'python');
}

/**
 * Makes the environment where it is missing; it appears whole or not at all.
 *
 * @param {(line: string) => void} [say]
 * @returns {Promise<string>} its python
 */
export async function ensureOracles(say = (line) => console.error(line)) {
  const given = process.env.ASCNET_ORACLE_PYTHON;
  if (given) {
    if (!fs.existsSync(given))
      throw new PlainError(`ASCNET_ORACLE_PYTHON names ${given}, which does not exist.`);
    return given;
  }
  const python = oraclePythonPath();
  if (fs.existsSync(python)) return python;
  const target = path.dirname(path.dirname(python));
  // Its python is a link into the system's: one that leads nowhere is left from a Python that was removed.
  fs.rmSync(target, { recursive: true, force: true });
  await makeInCache(target, python, async (work) => {
    say('Making the Python environment for comparisons: 350 MB to fetch, once ...');
    const system = process.platform === 'win32' ? 'python' : 'python3';
    // A virtual environment may be moved as long as nothing in its bin/ but python is called.
    const venv = await run(system, ['-m', 'venv', work], { quiet: true });
    if (venv.code !== 0)
      throw new PlainError(`python3 could not make a virtual environment:\n${lastLines(venv.output)}`);
    const ownPython = path.join(work, path.relative(target, python));
    const pip = await run(
      ownPython,
      ['-m', 'pip', 'install', '--no-input', '--disable-pip-version-check', '--quiet', '-r', requirements],
      { quiet: true },
    );
    if (pip.code !== 0)
      throw new PlainError(`The Python packages could not be installed:\n${lastLines(pip.output)}`);
    return work;
  });
  return python;
}

await runAsScript(import.meta.url, async () => console.log(await ensureOracles()));
