import { describe, expect, it } from 'vitest';
import { isOpen, judgeCycle } from '../../../main/engine/training/watch';
import { mixture } from '../../helpers/mixtures';

const flat = mixture(1e5, 500, [[1, 0.5, 0.004]]);
const lively = mixture(1e5, 500, [
  [0.2, 0.15, 0.05],
  [0.8, 0.6, 0.07],
]);

describe('the end of a cycle', () => {
  it('measures the spread of I_ro: 3.29 deviations between the 5th and the 95th percentile of a Gaussian', () => {
    const { iroSpread } = judgeCycle(mixture(1e5, 500, [[1, 0.5, 0.05]]), false, false, null);
    expect(iroSpread).toBeCloseTo(2 * 1.6449 * 0.05, 3);
  });

  it('is flat at first without being a collapse, and a collapse after there was contrast', () => {
    expect(judgeCycle(flat, false, false, null)).toMatchObject({
      hadContrast: false,
      collapsed: false,
      sound: true,
      warnings: [expect.stringContaining('mixingStart')],
    });
    expect(judgeCycle(flat, false, true, null).warnings).toEqual([expect.stringContaining('generatorRate')]);
    expect(judgeCycle(lively, false, false, null)).toMatchObject({
      hadContrast: true,
      collapsed: false,
      warnings: [],
    });
    expect(judgeCycle(flat, true, false, null)).toMatchObject({
      hadContrast: true,
      collapsed: true,
      sound: false,
    });
    expect(judgeCycle(new Float64Array(500), true, false, null).collapsed).toBe(true);
  });

  it('says so when D was saturated in every step of M', () => {
    const saturated = judgeCycle(lively, true, false, { openSteps: 0, steps: 20 });
    expect(saturated.warnings).toEqual([expect.stringContaining('lower discriminatorRate')]);
    expect(saturated.sound).toBe(false);
    expect(judgeCycle(lively, true, false, { openSteps: 1, steps: 20 }).warnings).toEqual([]);
    expect(judgeCycle(lively, true, false, { openSteps: 0, steps: 0 }).warnings).toEqual([]);
  });

  it('calls a step saturated where all scores are within a hundredth of -1 or of +1', () => {
    // The adversarial term is the mean of |D + 1|.
    expect([0, 0.005, 0.02, 1, 1.98, 1.995, 2].map(isOpen)).toEqual([
      ...[false, false, true, true, true],
      ...[false, false],
    ]);
  });
});
