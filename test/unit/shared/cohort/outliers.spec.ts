import { describe, expect, it } from 'vitest';
import { median, modifiedZ, rankBySuspicion } from '../../../../shared/cohort/outliers';

const usual = {
  lesions: 20,
  lesionVolumeMm3: 5000,
  largestMm3: 900,
  brainMm3: 1_200_000,
  threshold: 0.5,
  scoreP999: 0.8,
};

describe('outliers of a cohort', () => {
  it('have the modified z-score of Iglewicz & Hoaglin', () => {
    // Median 3, absolute deviations 2 1 0 1 97 with median 1: 0.6745 * 97 for the last.
    const z = modifiedZ([1, 2, 3, 4, 100]);
    expect(z[0]).toBeCloseTo(-1.349, 10);
    expect(z[4]).toBeCloseTo(65.4265, 10);
  });

  it('are found where more than half of the values are equal, and nowhere where all are', () => {
    // Mean absolute deviation 10/5 = 2.
    expect(modifiedZ([5, 5, 5, 5, 15])[4]).toBeCloseTo(10 / (1.2533 * 2), 10);
    expect(modifiedZ([5, 5, 5])).toEqual([0, 0, 0]);
    expect(modifiedZ([])).toEqual([]);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('come first, with the figure that gave them away', () => {
    const cohort = Array.from({ length: 9 }, (_, i) => ({
      id: i,
      figures: { ...usual, lesions: 18 + i, brainMm3: 1_200_000 + 1000 * i },
    }));
    const shrunk = { id: 100, figures: { ...usual, lesions: 22, brainMm3: 300_000 } };
    const [first] = rankBySuspicion([...cohort, shrunk]);
    expect([first?.scan.id, first?.by]).toEqual([100, 'brainMm3']);
    expect(first?.z.brainMm3).toBeLessThan(-3.5);
  });
});
