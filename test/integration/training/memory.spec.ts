import { beforeAll, describe, expect, it } from 'vitest';
import { installedLibraries } from '../../../main/engine/backend/native/installed';
import { growthOverSteps, peakOfTraining } from '../../../scripts/benchTraining.mjs';
import { ensureBuilt } from '../../../scripts/build.mjs';
import { absent } from '../../helpers/absent';

beforeAll(() => ensureBuilt({ wanted: ['node'] }), 120_000);

/** `npm run bench:training` does the first with slices of 160x160, 5 GB of them in each set. */
describe('the memory of a training', () => {
  it('is no more for a hundred times the slices', async () => {
    const few = await peakOfTraining(500, 32, 8);
    // A fifth of a gigabyte of slices in each set.
    const many = await peakOfTraining(50_000, 32, 8);
    expect((many - few) / 2 ** 20).toBeLessThan(150);
  }, 240_000);

  it('does not grow over a thousand steps', async () => {
    expect((await growthOverSteps(500, 'wasm')) / 2 ** 20).toBeLessThan(30);
  }, 240_000);

  it.skipIf(
    installedLibraries().length === 0 &&
      absent("TensorFlow's library", 'Install it with `npm run native`.') === null,
  )(
    "does not grow over a thousand steps on TensorFlow's library either",
    async () => {
      expect((await growthOverSteps(500, 'native')) / 2 ** 20).toBeLessThan(30);
    },
    240_000,
  );
});
