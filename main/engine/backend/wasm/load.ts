import { dirname, sep } from 'node:path';
import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs-core';
import { type BackendWasm, setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import { ExpectedError } from '../../../../shared/failure';
import { WASM_HEAP_BYTES } from '../../../../shared/study/memory';
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
  refuseWhatHasNoRoom(tf.backend() as BackendWasm);
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

/** As much of the module that Emscripten made as is used. */
interface WasmModule {
  /** @returns where the memory lies, as a signed number; where there is none left, 0 or a place that reaches beyond the end */
  _malloc: (bytes: number) => number;
  _free: (at: number) => void;
  /** Another one whenever the memory has grown. */
  readonly HEAPU8: Uint8Array;
}

/**
 * The backend takes what it gets when its memory is full for a place like any other, and computes on over whatever lies there:
 * wrong numbers, without a word.
 */
function refuseWhatHasNoRoom(backend: BackendWasm): void {
  const module = backend.wasm as unknown as WasmModule;
  // Emscripten's function replaces itself when it is called for the first time.
  module._free(module._malloc(1));
  const malloc = module._malloc;
  module._malloc = (bytes) => {
    const at = malloc(bytes);
    if (bytes === 0 || (at !== 0 && (at >>> 0) + bytes <= module.HEAPU8.length)) return at;
    throw new ExpectedError(
      'out-of-memory',
      `WebAssembly has no more memory than ${WASM_HEAP_BYTES / 2 ** 30} GB: choose smaller batches or a smaller width, or install TensorFlow's own library.`,
    );
  };
}
