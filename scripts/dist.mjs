import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ensureBuilt } from './build.mjs';
import { buildFacts } from './buildFacts.mjs';
import { electronExecutable } from './electron.mjs';
import { root } from './paths.mjs';
import { PlainError, run, runAsScript } from './processes.mjs';

const dist = path.join(root, 'dist');

/**
 * Runs electron-builder on what is built.
 *
 * @param {string[]} args of electron-builder, e.g. a system and targets
 * @param {{ electronAtHand: boolean, quiet?: boolean }} options electronAtHand: pack the Electron that is on this machine,
 *   so that it works without another download
 */
export async function packageApp(args, { electronAtHand, quiet = false }) {
  await ensureBuilt();
  const { commit, commitTime } = buildFacts();
  const config = [`-c.extraMetadata.commit=${commit}`];
  if (electronAtHand) {
    const electron = await electronExecutable();
    config.push(`-c.electronDist=${path.dirname(electron.path)}`, `-c.electronVersion=${electron.version}`);
  }
  const { code, output } = await run(
    path.join(root, 'node_modules', '.bin', 'electron-builder'),
    ['--publish', 'never', ...config, ...args],
    // Archives get the time of the commit, so that the same commit gives the same files.
    { cwd: root, quiet, env: { ...process.env, SOURCE_DATE_EPOCH: String(Date.parse(commitTime) / 1000) } },
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
 * only the folder that they would install, with the Electron that is at hand.
 */
await runAsScript(import.meta.url, async () => {
  const args = process.argv.slice(2);
  const atHand = ['--dir', '--electron-at-hand'].some((name) => args.includes(name));
  await packageApp(
    args.filter((name) => name !== '--electron-at-hand'),
    { electronAtHand: atHand },
  );
  if (!args.includes('--dir')) await writeChecksums();
});
