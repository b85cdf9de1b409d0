import fs from 'node:fs';
import path from 'node:path';
import { makeInCache } from './cached.mjs';
import { cacheDir } from './paths.mjs';
import { lastLines, PlainError, run } from './processes.mjs';

/** PyTorch as the public index has it; its CPU kernels are the same in the build with CUDA. */
const packages = ['torch==2.5.1', 'numpy==1.26.4'];

/**
 * A Python with PyTorch: the one that ASCNET_BENCH_PYTHON names, else one in an environment of its own, made where it is
 * missing.
 *
 * @returns {Promise<string | null>} its python; null, with a sentence, where it cannot be had
 */
export async function benchPython() {
  const given = process.env.ASCNET_BENCH_PYTHON;
  if (given) return given;
  const folder = path.join(cacheDir(), 'bench-torch-2.5.1');
  const python = path.join(folder, 'bin', 'python');
  if (fs.existsSync(python)) return python;
  console.error('Making the Python environment with PyTorch: 3 GB to fetch, once ...');
  try {
    await makeInCache(folder, python, async (work) => {
      for (const [command, args] of /** @type {[string, string[]][]} */ ([
        ['python3', ['-m', 'venv', work]],
        [path.join(work, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', '--no-input', ...packages]],
      ])) {
        const { code, output } = await run(command, args, { quiet: true });
        if (code !== 0) throw new PlainError(lastLines(output));
      }
      return work;
    });
    return python;
  } catch (error) {
    if (!(error instanceof PlainError)) throw error;
    console.error(`PyTorch is left out, because it could not be installed:\n${error.message}`);
    return null;
  }
}
