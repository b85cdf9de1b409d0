import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ensureBuilt, stampFile } from './build.mjs';
import { buildFacts } from './buildFacts.mjs';
import { packageApp } from './dist.mjs';
import { root } from './paths.mjs';
import { runAsScript } from './processes.mjs';

const require = createRequire(import.meta.url);

/** @type {Record<string, { folder: string, executable: string }>} */
const places = {
  linux: { folder: 'linux-unpacked', executable: 'asc-net' },
  win32: { folder: 'win-unpacked', executable: 'ASC-Net.exe' },
  darwin: {
    folder: process.arch === 'arm64' ? 'mac-arm64' : 'mac',
    executable: 'ASC-Net.app/Contents/MacOS/ASC-Net',
  },
};
const { folder, executable } = /** @type {{ folder: string, executable: string }} */ (
  places[process.platform] ?? places.linux
);

/** The app as an installer would put it there. */
export const shippedApp = path.join(root, 'dist', folder, executable);

/**
 * The same app for the end-to-end tests: Playwright drives Electron by its inspector, which the one that ships refuses. The
 * fuse for that, and nothing else, is other than there.
 */
const testApp = path.join(root, 'dist', 'for-tests', executable);

/**
 * Packages the app (electron-builder's target `dir`) where what is there was made of something else.
 *
 * @returns {Promise<string>} the executable for the end-to-end tests
 */
export async function ensurePackagedApp() {
  await ensureBuilt();
  const hash = createHash('sha256');
  const sources = [
    'electron-builder.yml',
    'package-lock.json',
    'scripts/afterPack.mjs',
    'scripts/thirdParty.mjs',
  ];
  for (const file of [
    stampFile('node'),
    stampFile('window'),
    stampFile('guide'),
    ...sources.map((name) => path.join(root, name)),
  ])
    hash.update(fs.readFileSync(file));
  const digest = hash.update(buildFacts().commit).digest('hex');
  const stamp = path.join(root, 'dist', 'packaged-from');
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, 'utf8') === digest && fs.existsSync(testApp))
    return testApp;

  for (const old of ['for-tests', folder, 'packaged-from'])
    fs.rmSync(path.join(root, 'dist', old), { recursive: true, force: true });
  await packageApp(['--dir'], { atHand: true });
  fs.cpSync(path.join(root, 'dist', folder), path.join(root, 'dist', 'for-tests'), {
    recursive: true,
    verbatimSymlinks: true,
  });
  /** @type {typeof import('@electron/fuses')} */
  const { flipFuses, FuseVersion, FuseV1Options } = require('@electron/fuses');
  await flipFuses(testApp, {
    version: FuseVersion.V1,
    resetAdHocDarwinSignature: process.platform === 'darwin' && process.arch === 'arm64',
    [FuseV1Options.EnableNodeCliInspectArguments]: true,
  });
  fs.writeFileSync(stamp, digest);
  return testApp;
}

/** `node scripts/packagedApp.mjs`: makes it and says where it is; ASCNET_APP=PATH runs the end-to-end tests against it. */
await runAsScript(import.meta.url, async () => console.log(await ensurePackagedApp()));
