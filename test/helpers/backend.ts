/**
 * The backend that the engine's tests run on: vitest.config.ts runs them once for each backend at hand. A test that
 * compares backends opens those it wants by name.
 */
export const testBackend: 'wasm' | 'native' =
  process.env['ASCNET_TEST_BACKEND'] === 'native' ? 'native' : 'wasm';
