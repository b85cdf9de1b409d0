import vue from '@vitejs/plugin-vue';
import { defineConfig, type TestProjectInlineConfiguration } from 'vitest/config';
import { installedLibraries } from './main/engine/backend/native/installed.ts';

/** What runs on a TensorFlow.js backend. */
const ofTheEngine = ['test/unit/engine/**/*.spec.ts', 'test/reference/**/*.spec.ts'];

/** The same tests once for each backend at hand; in CI the native one must be there. */
const backends = ['wasm', 'native'].filter((backend) => {
  if (backend === 'wasm' || installedLibraries().length > 0 || process.env['CI'] === 'true') return true;
  console.warn('\n*** SKIPPING the engine on native TensorFlow: install it with `npm run native`. ***\n');
  return false;
});

function onBackend(backend: string): TestProjectInlineConfiguration {
  return {
    extends: true,
    test: { name: backend, include: ofTheEngine, env: { ASCNET_TEST_BACKEND: backend } },
  };
}

export default defineConfig({
  plugins: [vue()],
  test: {
    // Each file in a process of its own: TensorFlow.js keeps a global engine, and its wasm backend global threads.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    slowTestThreshold: 2000,
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['test/{unit,integration}/**/*.spec.ts'],
          exclude: ofTheEngine,
        },
      },
      ...backends.map(onBackend),
    ],
  },
});
