import { mkdir } from 'node:fs/promises';
import { extract } from 'tar';
import type { NativeKind } from '../installed';
import { head } from './http';
import type { Download } from './download';

/** The libtensorflow that @tensorflow/tfjs-node-gpu 4.22 was made with. */
export const OFFICIAL_VERSION = '2.9.1';

/** By platform and architecture of Node, where there is one; the GPU's is for CUDA 11.2. */
const ARCHIVES: Readonly<Record<NativeKind, Readonly<Record<string, string>>>> = {
  cpu: { 'linux-x64': 'cpu-linux-x86_64', 'darwin-x64': 'cpu-darwin-x86_64' },
  gpu: { 'linux-x64': 'gpu-linux-x86_64' },
};

/** An archive on TensorFlow's own server. */
export interface OfficialArchive extends Download {
  readonly filename: string;
}

/**
 * The official libtensorflow for this computer, or null where there is none that the addon can be compiled against.
 * TFJS_NODE_CDN_STORAGE names a mirror, as it does for the package's own installation.
 * @throws ExpectedError download-failed where the server cannot be reached or does not have it
 */
export async function findOfficial(kind: NativeKind, signal?: AbortSignal): Promise<OfficialArchive | null> {
  const name = ARCHIVES[kind][`${process.platform}-${process.arch}`];
  if (!name) return null;
  const host = (process.env['TFJS_NODE_CDN_STORAGE'] ?? 'https://storage.googleapis.com').replace(/\/+$/, '');
  const filename = `libtensorflow-${name}-${OFFICIAL_VERSION}.tar.gz`;
  const url = `${host}/tensorflow/libtensorflow/${filename}`;
  const headers = await head(url, signal);
  // Nobody publishes a SHA-256; the server states the MD5 of what it stores (base64, beside a CRC).
  const md5 = /(?:^|[,\s])md5=([\w+/=]+)/.exec(headers.get('x-goog-hash') ?? '')?.[1];
  const size = Number(headers.get('content-length') ?? NaN);
  return {
    filename,
    url,
    hash: md5 ? { algorithm: 'md5', hex: Buffer.from(md5, 'base64').toString('hex') } : null,
    sizeBytes: Number.isFinite(size) && size > 0 ? size : null,
  };
}

/** Unpacks it: `include/` and `lib/` in the folder. */
export async function unpackOfficial(archive: string, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await extract({ file: archive, cwd: folder, strict: true });
}
