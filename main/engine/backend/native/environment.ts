import { createRequire } from 'node:module';

/**
 * What TensorFlow's library reads from the environment when it is loaded. What the user has set stays.
 * - A GPU build must not take the whole card at once.
 * - oneDNN's kernels are called by name where they are wanted (see kernels.ts), not put in for all others.
 */
const settings: Readonly<Record<string, string>> = {
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  TF_ENABLE_ONEDNN_OPTS: '0',
  TF_CPP_MIN_LOG_LEVEL: '2',
};

/** The environment for a child process that loads the library. */
export function nativeEnvironment(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...settings, ...env };
}

/** Prepares this process for the library; before its first import. */
export function prepareProcess(): void {
  Object.assign(process.env, nativeEnvironment());
  restoreRemovedUtilities();
}

/** Node 23 removed util functions that TensorFlow.js 4.22 calls in every operation. */
function restoreRemovedUtilities(): void {
  const mutable = createRequire(__filename)('node:util') as Record<string, unknown>;
  mutable['isNullOrUndefined'] ??= (value: unknown): value is null | undefined =>
    value === null || value === undefined;
}
