// For its side effect: the core package alone, as Node loads it, registers no gradients.
import '@tensorflow/tfjs';
import { ExpectedError } from '../../../shared/failure';
import type { Device } from '../../../shared/ipc/engineEvents';
import type { NetworkOps } from '../network/ops';

/** A loaded TensorFlow.js backend: the networks' building blocks on it, and what it is. */
export interface Backend {
  readonly ops: NetworkOps;
  readonly device: Device;
}

export type BackendChoice = 'auto' | 'native' | 'wasm';

let open: { choice: BackendChoice; backend: Promise<Backend> } | null = null;

/**
 * Opens the backend once for the life of the process: `auto` takes the native one where it is installed, else wasm.
 * @throws ExpectedError backend-missing when `native` is asked for and its library is not installed.
 */
export function openBackend(choice: BackendChoice): Promise<Backend> {
  if (open && open.choice === choice) return open.backend;
  const backend = load(choice);
  open = { choice, backend };
  return backend;
}

/** Lets the next {@link openBackend} choose anew, after a library was installed. */
export function reopenBackend(): void {
  open = null;
}

async function load(choice: BackendChoice): Promise<Backend> {
  let whyNotNative = 'the native backend was not asked for';
  if (choice !== 'wasm') {
    const { loadNative } = await import('./native/load');
    const native = await loadNative();
    if ('ops' in native) return native;
    whyNotNative = native.why;
    if (choice === 'native') {
      throw new ExpectedError(
        'backend-missing',
        `The native TensorFlow backend cannot be used: ${whyNotNative}. Choose WebAssembly (--backend wasm), or install it.`,
      );
    }
  }
  const { loadWasm } = await import('./wasm/load');
  return loadWasm(whyNotNative);
}
