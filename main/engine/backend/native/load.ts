import { createRequire } from 'node:module';
import type * as core from '@tensorflow/tfjs-core';
import type { Backend } from '../backend';
import { prepareProcess } from './environment';
import { installedLibraries, type NativeLibrary } from './installed';
import { nativeOps } from './ops';
import { probeLibrary } from './probe';

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

/** How to get the library, for the sentences of window and command line. */
export const HOW_TO_INSTALL = 'install it with "asc-net native" (in a checkout: npm run native)';

/**
 * Opens TensorFlow's own kernels through @tensorflow/tfjs-node-gpu, whose JavaScript is always there and whose library
 * is not: the first of the installed libraries that works on this machine. Says why where none does.
 */
export async function loadNative(): Promise<Backend | NativeMissing> {
  const libraries = installedLibraries();
  if (libraries.length === 0) {
    return { why: `TensorFlow's library is not installed; ${HOW_TO_INSTALL}` };
  }
  const reasons: string[] = [];
  for (const library of libraries) {
    const probe = await probeLibrary(library);
    if (!probe.works) {
      reasons.push(`${library.kind.toUpperCase()}: ${probe.why}`);
      continue;
    }
    if (library.kind === 'gpu' && !probe.gpu) {
      reasons.push('GPU: TensorFlow found no CUDA device that it can use');
      // The smaller library is as good for the CPU.
      if (libraries.some(({ kind }) => kind === 'cpu')) continue;
    }
    try {
      return await openLibrary(library, reasons);
    } catch (error) {
      reasons.push(
        `${library.kind.toUpperCase()}: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return { why: reasons.join('; ') };
}

async function openLibrary(library: NativeLibrary, reasons: readonly string[]): Promise<Backend> {
  prepareProcess();
  const module = requireNative(library);
  if (!(await module.setBackend('tensorflow'))) throw new Error('TensorFlow.js could not open the library');
  await module.ready();
  const gpu = module.backend().isUsingGpuDevice === true;
  const noGpu = 'the library for GPUs is not installed (asc-net native --gpu, with an NVIDIA card)';
  return {
    ops: nativeOps,
    device: {
      backend: gpu ? 'native-gpu' : 'native-cpu',
      label: gpu ? 'GPU, TensorFlow (CUDA)' : 'CPU, TensorFlow',
      version: `TensorFlow ${library.tensorflow}, TensorFlow.js ${module.version['tfjs-core'] ?? ''}`.trim(),
      whyNotFaster: gpu ? '' : reasons.join('; ') || noGpu,
    },
  };
}

/**
 * The package asks @mapbox/node-pre-gyp where its addon is, which looks in the package's own folder only. It gets an
 * answer of ours instead.
 */
function requireNative(library: NativeLibrary): NativeModule {
  const load = createRequire(__filename);
  const inPackage = createRequire(load.resolve('@tensorflow/tfjs-node-gpu/package.json'));
  const finder = inPackage.resolve('@mapbox/node-pre-gyp');
  const before = load.cache[finder];
  load.cache[finder] = { exports: { find: () => library.addon } } as NodeJS.Module;
  try {
    return load('@tensorflow/tfjs-node-gpu') as NativeModule;
  } finally {
    if (before) load.cache[finder] = before;
    else delete load.cache[finder];
  }
}
