import { defineConfig } from '@playwright/test';

/* What is run on request: benchmarks, the soak, the guide's pictures. */
export default defineConfig({
  testDir: 'test',
  testMatch: ['bench/**/*.bench.ts', 'soak/**/*.soak.ts', 'pictures/**/*.pictures.ts'],
  workers: 1,
  timeout: 300_000,
  // Whatever else the machine does meanwhile: what takes its time here is measured, and not judged by a step's limit.
  expect: { timeout: 60_000 },
  reporter: 'list',
});
