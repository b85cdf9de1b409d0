import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as core from '@tensorflow/tfjs-core';
import type { Backend } from '../backend';
import { nativeOps } from './ops';

/** Why the native backend is not available, in words that complete "because ...". */
export interface NativeMissing {
  readonly why: string;
}

/** What the JavaScript of @tensorflow/tfjs-node-gpu exports, as far as it is used here. */
interface NativeModule {
  readonly version: Readonly<Record<string, string>>;
  backend(): core.KernelBackend & { readonly isUsingGpuDevice?: boolean };
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
}

/**
 * Opens TensorFlow's own kernels through @tensorflow/tfjs-node-gpu, whose JavaScript is always there and whose library
 * is not. Says why where it cannot.
 */
export async function loadNative(): Promise<Backend | NativeMissing> {
  const load = createRequire(__filename);
  let folder: string;
  try {
    folder = dirname(load.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  } catch {
    return { why: 'the package @tensorflow/tfjs-node-gpu is not installed' };
  }
  const addon = join(folder, 'lib', 'napi-v8', 'tfjs_binding.node');
  if (!existsSync(addon)) return { why: 'the native TensorFlow library is not installed' };
  // A GPU build must not take the whole card at once.
  process.env['TF_FORCE_GPU_ALLOW_GROWTH'] ??= 'true';
  process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
  restoreRemovedUtilities();
  try {
    const module = load('@tensorflow/tfjs-node-gpu') as NativeModule;
    await module.setBackend('tensorflow');
    await module.ready();
    const gpu = module.backend().isUsingGpuDevice === true;
    return {
      ops: nativeOps,
      device: {
        backend: gpu ? 'native-gpu' : 'native-cpu',
        label: gpu ? 'GPU, TensorFlow (CUDA)' : 'CPU, TensorFlow',
        version: `TensorFlow.js ${module.version['tfjs-core'] ?? ''}`.trim(),
        whyNotFaster: gpu ? '' : 'no CUDA device was found by TensorFlow',
      },
    };
  } catch (error) {
    return {
      why: `its library could not be loaded (${error instanceof Error ? error.message : String(error)})`,
    };
  }
}

/** Node 23 removed util functions that TensorFlow.js 4.22 calls in every operation. */
function restoreRemovedUtilities(): void {
  const mutable = createRequire(__filename)('node:util') as Record<string, unknown>;
  mutable['isNullOrUndefined'] ??= (value: unknown): value is null | undefined =>
    value === null || value === undefined;
}
