import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensureBuilt } from './build.mjs';
import { buildFacts } from './buildFacts.mjs';
import { electronExecutable } from './electron.mjs';
import { root } from './paths.mjs';
import { PlainError, run, runAsScript } from './processes.mjs';

const require = createRequire(import.meta.url);
const dist = path.join(root, 'dist');

/**
 * Programs of electron-builder that it would download, for a machine that gets no downloads: 7-Zip, which makes .tar.gz and
 * .zip, from the npm registry, and for .deb dpkg-deb. The others (AppImage, NSIS) are to be had from it alone.
 *
 * @returns {Record<string, string>} as the environment that electron-builder looks for
 */
function toolsAtHand() {
  /** @type {{ path7za: string }} */
  const { path7za } = require('7zip-bin');
  // npm unpacks it as a file like any other.
  fs.chmodSync(path7za, 0o755);
  return {
    ELECTRON_BUILDER_7ZIP_PATH: path7za,
    // Its best, which is the default, takes ten times as long for a hundredth less.
    ELECTRON_BUILDER_COMPRESSION_LEVEL: '5',
    CUSTOM_FPM_PATH: path.join(root, 'scripts', 'fpm.mjs'),
  };
}

/**
 * Runs electron-builder on what is built.
 *
 * @param {string[]} args of electron-builder, e.g. a system and targets
 * @param {{ atHand: boolean, quiet?: boolean }} options atHand: pack the Electron that is on this machine, by programs that
 *   are, so that it works without another download
 */
export async function packageApp(args, { atHand, quiet = false }) {
  await ensureBuilt();
  const { commit, commitTime } = buildFacts();
  const config = [`-c.extraMetadata.commit=${commit}`];
  if (atHand) {
    const electron = await electronExecutable();
    config.push(`-c.electronDist=${path.dirname(electron.path)}`, `-c.electronVersion=${electron.version}`);
  }
  const tools = atHand && !args.includes('--dir') ? toolsAtHand() : {};
  const { code, output } = await run(
    path.join(root, 'node_modules', '.bin', 'electron-builder'),
    ['--publish', 'never', ...config, ...args],
    // Archives get the time of the commit, so that the same commit gives the same files.
    {
      cwd: root,
      quiet,
      env: { ...process.env, ...tools, SOURCE_DATE_EPOCH: String(Date.parse(commitTime) / 1000) },
    },
  );
  if (code !== 0) throw new PlainError(`electron-builder failed.\n${output}`);
}

/** Writes SHA256SUMS for the installers in dist/, in the form of sha256sum, and the list of parts beside them. */
async function writeChecksums() {
  const sbom = fs
    .readdirSync(dist, { recursive: true })
    .map((name) => path.join(dist, String(name)))
    .find((file) => path.basename(file) === 'sbom.cdx.json' && path.dirname(file) !== dist);
  if (sbom) fs.copyFileSync(sbom, path.join(dist, 'sbom.cdx.json'));
  const names = fs
    .readdirSync(dist)
    .filter((name) => /\.(exe|zip|dmg|AppImage|deb|gz|json)$/.test(name))
    .sort();
  const lines = await Promise.all(
    names.map(async (name) => {
      const hash = createHash('sha256');
      await pipeline(fs.createReadStream(path.join(dist, name)), hash);
      return `${hash.digest('hex')}  ${name}\n`;
    }),
  );
  fs.writeFileSync(path.join(dist, 'SHA256SUMS'), lines.join(''));
  console.log(lines.join('').trimEnd());
}

/**
 * `npm run dist`: the installers of this system, in dist/, with their checksums and the list of parts. `npm run dist:dir`:
 * only the folder that they would install. With --at-hand, as always for that folder, nothing is downloaded: what is packed is
 * the Electron that is at hand, by programs that are.
 */
await runAsScript(import.meta.url, async () => {
  const args = process.argv.slice(2);
  const atHand = ['--dir', '--at-hand'].some((name) => args.includes(name));
  await packageApp(
    args.filter((name) => name !== '--at-hand'),
    { atHand },
  );
  if (!args.includes('--dir')) await writeChecksums();
});
