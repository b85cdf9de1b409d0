import { describe, expect, it } from 'vitest';
import { bestThreshold } from '../../../../shared/lesions/bestThreshold';
import { summarise, type MeasuredRow } from '../../../../shared/lesions/measured';
import { overTheHeight } from '../../../../shared/lesions/overTheHeight';

const row = (patient: string, seed: number | null, dice: number): MeasuredRow => ({
  ...{ patient, role: 'train', method: 'asc-net', seed, dice },
  ...{ precision: 1, sensitivity: 1, lesionSensitivity: 1, falseLesions: 0 },
  ...{ volumeMm3: 10, threshold: 0.9, seconds: 3 },
});

describe('summarise', () => {
  it('gives mean and deviation over the seeds, and of the mean over the patients', () => {
    const rows = [
      row('a', 1, 0.2),
      row('b', 1, 0.6),
      row('a', 2, 0.4),
      row('b', 2, 0.6),
      row('a', 3, 0.3),
      row('b', 3, 0.6),
    ];
    const [a, b, all] = summarise(rows);
    // By hand: deviations of 0.1 about 0.3 with n - 1 = 2 give 0.1; means over patients 0.4, 0.5 and 0.45.
    expect(a?.mean.dice).toBeCloseTo(0.3);
    expect(a?.spread.dice).toBeCloseTo(0.1);
    expect(b).toMatchObject({ patient: 'b', seeds: 3, spread: { dice: 0 } });
    expect(all?.patient).toBe('mean');
    expect(all?.mean.dice).toBeCloseTo(0.45);
    expect(all?.spread.dice).toBeCloseTo(0.05);
  });

  it('has no mean over one patient', () => {
    expect(summarise([row('a', null, 0.5)])).toHaveLength(1);
  });
});

describe('bestThreshold', () => {
  it('finds the level at which the mask is the truth', () => {
    const dims = [20, 20, 20] as const;
    const score = new Float32Array(8000).map((_, i) => 0.1 + ((i * 7919) % 8000) / 20_000);
    const truth = new Uint8Array(8000);
    for (let z = 5; z < 9; z += 1)
      for (let y = 5; y < 9; y += 1)
        for (let x = 5; x < 9; x += 1) {
          const i = (z * 20 + y) * 20 + x;
          score[i] = 0.9;
          truth[i] = 1;
        }
    const threshold = bestThreshold(score, truth, dims);
    expect(threshold).toBeGreaterThanOrEqual(0.4);
    expect(threshold).toBeLessThan(0.9);
  });

  it('marks nothing where no level is right', () => {
    expect(bestThreshold(new Float32Array(27), new Uint8Array(27), [3, 3, 3])).toBe(Infinity);
  });
});

describe('overTheHeight', () => {
  it('takes the candidates nearest to evenly spaced levels, each once', () => {
    const stack = Array.from({ length: 101 }, (_, i) => i);
    expect(overTheHeight(stack, stack, 5)).toEqual([10, 30, 50, 70, 90]);
    expect(overTheHeight([0, 1, 2, 95], stack, 3)).toEqual([1, 2, 95]);
    expect(overTheHeight([7], stack, 10)).toEqual([7]);
    expect(overTheHeight([], stack, 10)).toEqual([]);
  });
});
