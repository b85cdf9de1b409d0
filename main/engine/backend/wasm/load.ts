import { dirname, sep } from 'node:path';
import { createRequire } from 'node:module';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { wasmOps } from './ops';
import { openOnThreads } from './threads';
import type { Backend } from '../backend';

/** Opens the WebAssembly backend, which needs nothing but this package. */
export async function loadWasm(whyNotFaster: string): Promise<Backend> {
  const resolve = createRequire(__filename).resolve;
  // The .wasm files lie beside the package's entry; inside a packaged app they are unpacked from the archive.
  const folder = dirname(resolve('@tensorflow/tfjs-backend-wasm')).replace(
    'app.asar' + sep,
    'app.asar.unpacked' + sep,
  );
  setWasmPaths(folder + sep);
  const threads = await openOnThreads(dirname(folder));
  return {
    ops: wasmOps,
    device: {
      backend: 'wasm',
      label: threads > 1 ? `CPU, WebAssembly, ${threads} threads` : 'CPU, WebAssembly',
      version: `TensorFlow.js ${version_wasm}`,
      whyNotFaster,
    },
  };
}
