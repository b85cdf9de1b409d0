import { dirname, sep } from 'node:path';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { wasmOps } from './ops';
import type { Backend } from '../backend';

/**
 * Opens the WebAssembly backend, which needs nothing but this package. One thread: the backend's own threads start from
 * blob URLs, which Node's workers do not take, and started from its files, trainings of small networks hang now and then.
 */
export async function loadWasm(whyNotFaster: string): Promise<Backend> {
  const resolve = createRequire(__filename).resolve;
  // The .wasm files lie beside the package's entry; inside a packaged app they are unpacked from the archive.
  const folder = dirname(resolve('@tensorflow/tfjs-backend-wasm')).replace(
    'app.asar' + sep,
    'app.asar.unpacked' + sep,
  );
  setWasmPaths(folder + sep);
  await tf.setBackend('wasm');
  await tf.ready();
  return {
    ops: wasmOps,
    device: {
      backend: 'wasm',
      label: 'CPU, WebAssembly',
      version: `TensorFlow.js ${version_wasm}`,
      whyNotFaster,
    },
  };
}
