import fs from 'node:fs';
import path from 'node:path';
import { buildFacts } from './buildFacts.mjs';
import { PlainError } from './processes.mjs';
import { noticesOf, sbomOf, shippedPackages } from './thirdParty.mjs';

/** Largest size of the unpacked app in bytes. */
const mostBytes = 400e6;

/**
 * What electron-builder calls when the app lies there and no installer is made yet: puts in the notices and the list of parts,
 * and holds the whole against what it must and must not hold.
 *
 * @param {{ appOutDir: string, packager: { getResourcesDir(dir: string): string, config: { electronVersion?: string | null } } }} context
 */
export default async function afterPack({ appOutDir, packager }) {
  const resources = packager.getResourcesDir(appOutDir);
  fs.rmSync(path.join(resources, 'default_app.asar'), { force: true });
  const folders = shippedPackages(resources);
  const facts = buildFacts();
  const sbom = await sbomOf(folders, {
    electron: packager.config.electronVersion ?? facts.electron,
    commitTime: facts.commitTime,
  });
  fs.writeFileSync(path.join(resources, 'sbom.cdx.json'), `${JSON.stringify(sbom, null, 1)}\n`);
  fs.writeFileSync(path.join(resources, 'THIRD-PARTY-NOTICES.txt'), noticesOf(folders));

  const files = filesBelow(appOutDir);
  const wasm = files.filter(({ name }) => name.endsWith('.wasm'));
  if (!wasm.some(({ name }) => name.includes('tfjs-backend-wasm')))
    throw new PlainError('The package lacks the WebAssembly engine.');
  for (const name of ['tfjs_backend.cc', 'tfjs_binding.cc', 'node_api.h'])
    if (!files.some((file) => path.basename(file.name) === name))
      throw new PlainError(`The package lacks ${name}, with which TensorFlow's library is connected.`);
  const native = files.find(({ name }) =>
    /libtensorflow|tensorflow\.dll|tfjs_binding\.node|cudart|cudnn/i.test(name),
  );
  if (native) throw new PlainError(`The package holds a native library: ${native.name}`);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  console.log(
    `  • unpacked: ${(bytes / 1e6).toFixed(0)} MB in ${files.length} files, ${folders.length} packages`,
  );
  if (bytes > mostBytes)
    throw new PlainError(
      `The unpacked app is larger than ${mostBytes / 1e6} MB: ${(bytes / 1e6).toFixed(0)} MB.`,
    );
}

/**
 * @param {string} folder
 * @returns {{ name: string, bytes: number }[]} files below it; links are not followed
 */
function filesBelow(folder) {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = path.join(entry.parentPath, entry.name);
      return { name: path.relative(folder, file).replaceAll('\\', '/'), bytes: fs.statSync(file).size };
    });
}
