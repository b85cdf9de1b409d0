import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [vue()],
  test: {
    include: ['test/{unit,integration,reference}/**/*.spec.ts'],
    // Each file in a process of its own: TensorFlow.js keeps a global engine, and its wasm backend global threads.
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    slowTestThreshold: 2000,
  },
});
