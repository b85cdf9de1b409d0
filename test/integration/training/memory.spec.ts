import { beforeAll, expect, it } from 'vitest';
import { peakOfTraining } from '../../../scripts/benchTraining.mjs';
import { ensureBuilt } from '../../../scripts/build.mjs';

beforeAll(() => ensureBuilt({ wanted: ['node'] }), 120_000);

// `npm run bench:training` does the same with 50,000 slices, and over a thousand steps.
it('holds no more memory for a hundred times the slices', async () => {
  const few = await peakOfTraining(500, 32, 8);
  // A fifth of a gigabyte of slices in each set.
  const many = await peakOfTraining(50_000, 32, 8);
  expect((many - few) / 2 ** 20).toBeLessThan(150);
}, 240_000);
