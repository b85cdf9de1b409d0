import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { root } from './paths.mjs';
import { lastLines, PlainError, run, runAsScript } from './processes.mjs';

/** @typedef {'node' | 'window' | 'guide'} Part */

const settings = ['electron.vite.config.ts', 'package-lock.json', 'package.json', 'tsconfig.base.json'];

/**
 * What can be built alone: what runs in Node (Electron's main process, the engine, the command line), the window, and the
 * user guide. The command line needs only the first.
 *
 * @type {Record<Part, { targets: string[], sources: string[], outputs: string[] }>}
 */
const parts = {
  node: {
    targets: ['main'],
    sources: ['shared', 'main', ...settings],
    outputs: [
      'main/index.cjs',
      'main/engine.cjs',
      'main/probe.cjs',
      'main/cli.cjs',
      'main/scanWorker.cjs',
      'bundled/main.json',
    ],
  },
  window: {
    targets: ['preload', 'renderer'],
    sources: ['shared', 'main', 'renderer', 'resources', ...settings],
    outputs: ['preload/preload.cjs', 'renderer/index.html', 'bundled/window.json', 'bundled/workers.json'],
  },
  guide: {
    targets: [],
    sources: [
      'docs/guide',
      'shared/study',
      'main/cli',
      'renderer/commands',
      'scripts/guide.mjs',
      'package-lock.json',
    ],
    outputs: ['guide/index.html', 'guide/guide.css'],
  },
};
/** @type {readonly Part[]} */
const allParts = ['node', 'window', 'guide'];

/**
 * @param {Part} part
 * @returns {readonly string[]} the files that make the part whole, below out/
 */
export function outputsOf(part) {
  return parts[part].outputs;
}

/**
 * A digest of which source files there are, with their sizes and times: it moves with every edit, also with a file deleted
 * or put back, and costs a few milliseconds, so that the command line can afford it on each start.
 *
 * @param {Part} part
 * @param {string} [checkout]
 * @returns {string}
 */
export function sourcesDigest(part, checkout = root) {
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
  parts[part].sources.forEach(add);
  return hash.digest('hex');
}

/**
 * @param {Part} part
 * @param {string} [checkout]
 * @returns {string} the file that says what a part was built from
 */
export function stampFile(part, checkout = root) {
  return path.join(checkout, 'out', `built-${part}`);
}

/**
 * @param {Part} part
 * @param {string} [checkout]
 * @returns {boolean} whether the part in out/ is what the sources would give now
 */
export function isBuilt(part, checkout = root) {
  const stamp = stampFile(part, checkout);
  return (
    fs.existsSync(stamp) &&
    fs.readFileSync(stamp, 'utf8') === sourcesDigest(part, checkout) &&
    parts[part].outputs.every((file) => fs.existsSync(path.join(checkout, 'out', file)))
  );
}

/**
 * Builds what is missing in out/ or older than its sources. Processes that come at the same time wait for the first.
 *
 * @param {{ wanted?: readonly Part[], say?: (line: string) => void, quiet?: boolean }} [options]
 *   quiet: the bundler's output only in an error
 * @returns {Promise<boolean>} whether it had to build
 */
export async function ensureBuilt({
  wanted = allParts,
  say = (line) => console.error(line),
  quiet = true,
} = {}) {
  const isOld = (/** @type {Part} */ part) => !isBuilt(part);
  if (!wanted.some(isOld)) return false;
  const out = path.join(root, 'out');
  fs.mkdirSync(out, { recursive: true });
  const release = await lock(path.join(out, '.building'));
  try {
    const old = wanted.filter(isOld);
    if (old.length === 0) return false;
    if (!fs.existsSync(path.join(root, 'node_modules', 'electron-vite')))
      throw new PlainError('The packages are not installed: run `npm ci` first.');
    say('Building once ...');
    const digests = old.map((part) => sourcesDigest(part));
    for (const part of old) fs.rmSync(stampFile(part), { force: true });
    const targets = old.flatMap((part) => parts[part].targets);
    const commands = [
      ...(targets.length > 0 ? [['buildTargets.mjs', ...targets]] : []),
      ...(old.includes('guide') ? [['guide.mjs']] : []),
    ];
    for (const [script = '', ...args] of commands) {
      const { code, output } = await run(process.execPath, [path.join(root, 'scripts', script), ...args], {
        cwd: root,
        quiet,
        onStdout: 'stderr',
      });
      if (code !== 0) throw new PlainError(`The build failed:\n${lastLines(output, 30)}`);
    }
    const missing = old
      .flatMap((part) => parts[part].outputs)
      .filter((file) => !fs.existsSync(path.join(out, file)));
    if (missing.length > 0) throw new PlainError(`The build made no ${missing.join(', ')}.`);
    old.forEach((part, index) => fs.writeFileSync(stampFile(part), /** @type {string} */ (digests[index])));
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
