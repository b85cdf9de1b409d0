import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';
import { lastLines, PlainError, run, runAsScript } from './processes.mjs';

/** Everything that the build reads. */
const sources = [
  'shared',
  'main',
  'renderer',
  'resources',
  'electron.vite.config.ts',
  'package-lock.json',
  'package.json',
  'tsconfig.base.json',
];
const outputs = [
  'main/index.cjs',
  'main/engine.cjs',
  'main/cli.cjs',
  'preload/preload.cjs',
  'renderer/index.html',
];

/**
 * A digest of which source files there are, with their sizes and times: it moves with every edit, also with a file deleted
 * or put back, and costs a few milliseconds, so that the command line can afford it on each start.
 *
 * @param {string} [checkout]
 * @returns {string}
 */
export function sourcesDigest(checkout = root) {
  const hash = createHash('sha256');
  /** @param {string} relative */
  const add = (relative) => {
    const stat = fs.statSync(path.join(checkout, relative), { throwIfNoEntry: false });
    if (!stat) return;
    if (!stat.isDirectory()) {
      hash.update(`${relative}\0${stat.size}\0${stat.mtimeMs}\n`);
      return;
    }
    for (const name of fs.readdirSync(path.join(checkout, relative)).sort()) add(`${relative}/${name}`);
  };
  sources.forEach(add);
  return hash.digest('hex');
}

/**
 * @param {string} [checkout]
 * @returns {boolean} whether out/ is what the sources would give now
 */
export function isBuilt(checkout = root) {
  const stamp = path.join(checkout, 'out', 'build-stamp');
  return (
    fs.existsSync(stamp) &&
    fs.readFileSync(stamp, 'utf8') === sourcesDigest(checkout) &&
    outputs.every((file) => fs.existsSync(path.join(checkout, 'out', file)))
  );
}

/**
 * Builds out/ when it is missing or older than the sources. Processes that come at the same time wait for the first.
 *
 * @param {{ say?: (line: string) => void, quiet?: boolean }} [options] quiet: the bundler's output only in an error
 * @returns {Promise<boolean>} whether it had to build
 */
export async function ensureBuilt({ say = (line) => console.error(line), quiet = true } = {}) {
  if (isBuilt()) return false;
  const out = path.join(root, 'out');
  fs.mkdirSync(out, { recursive: true });
  const release = await lock(path.join(out, '.building'));
  try {
    if (isBuilt()) return false;
    const stamp = path.join(out, 'build-stamp');
    fs.rmSync(stamp, { force: true });
    say('Building once ...');
    const digest = sourcesDigest();
    const cli = path.join(root, 'node_modules', 'electron-vite', 'bin', 'electron-vite.js');
    if (!fs.existsSync(cli)) throw new PlainError('The packages are not installed: run `npm ci` first.');
    const { code, output } = await run(process.execPath, [cli, 'build'], {
      cwd: root,
      quiet,
      onStdout: 'stderr',
    });
    if (code !== 0) throw new PlainError(`The build failed:\n${lastLines(output, 30)}`);
    const missing = outputs.filter((file) => !fs.existsSync(path.join(out, file)));
    if (missing.length > 0) throw new PlainError(`The build made no ${missing.join(', ')}.`);
    fs.writeFileSync(stamp, digest);
    return true;
  } finally {
    release();
  }
}

/**
 * A lock that a killed owner cannot keep: the file holds the owner's process id.
 *
 * @param {string} file
 * @returns {Promise<() => void>} releases it
 */
async function lock(file) {
  for (;;) {
    try {
      fs.writeFileSync(file, String(process.pid), { flag: 'wx' });
      return () => fs.rmSync(file, { force: true });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error;
    }
    if (!isOwned(file)) fs.rmSync(file, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/**
 * @param {string} file
 * @returns {boolean}
 */
function isOwned(file) {
  try {
    const owner = Number(fs.readFileSync(file, 'utf8'));
    // Created this instant and not yet written.
    if (!owner) return Date.now() - fs.statSync(file).mtimeMs < 5000;
    process.kill(owner, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

await runAsScript(import.meta.url, async () => {
  if (!(await ensureBuilt({ quiet: false }))) console.error('out/ is up to date.');
});
