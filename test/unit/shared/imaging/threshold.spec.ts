import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPeaks, histogram, smoothCounts } from '../../../../shared/imaging/histogram';
import { robustZ } from '../../../../shared/imaging/robustZ';
import { automaticThreshold } from '../../../../shared/imaging/threshold';
import { createRandom } from '../../../../shared/random';
import { drawn, mixture } from '../../../helpers/mixtures';

const csf = [0.15, 0.13, 0.05] as const;
const tissue = [0.84, 0.55, 0.07] as const;

describe('a histogram', () => {
  it('counts every value once: at the ends what lies beyond them, NaN nowhere', () => {
    const values = Float32Array.of(-5, 0, 0.09, 0.1, 0.55, 0.999, 1, 7, NaN);
    expect([...histogram(values, null, 10, 0, 1)]).toEqual([3, 1, 0, 0, 0, 1, 0, 0, 0, 3]);
    expect([...histogram(values, Uint8Array.of(0, 1, 0, 1, 0, 1, 0, 1, 1), 2, 0, 1)]).toEqual([2, 2]);
  });

  it('keeps its sum when it is smoothed, also at the ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 30, maxLength: 60 }),
        fc.double({ min: 0, max: 4, noNaN: true }),
        (counts, sigma) => {
          const sum = (list: Iterable<number>): number => [...list].reduce((a, b) => a + b, 0);
          expect(sum(smoothCounts(counts, sigma))).toBeCloseTo(sum(counts), 5);
        },
      ),
    );
  });

  it('shows peaks where its Gaussians are, large and small', () => {
    const counts = mixture(1e6, 200, [csf, tissue, [0.001, 0.95, 0.015]]);
    expect(findPeaks(counts).map((peak) => peak.position)).toEqual([
      expect.closeTo(0.13, 2),
      expect.closeTo(0.55, 2),
      expect.closeTo(0.95, 2),
    ]);
  });

  it('shows a peak at an end, where values were clipped', () => {
    const counts = mixture(1e6, 100, [tissue]);
    counts[99] = (counts[99] as number) + 3000;
    expect(findPeaks(counts).at(-1)?.bin).toBe(99);
  });

  it('shows no peaks in the noise of one, whatever the draw', () => {
    for (let seed = 1; seed <= 20; seed += 1) {
      // Up to three deviations there are enough voxels for the logarithm to be quiet.
      const counts = drawn(300_000, 200, [[1, 0.5, 0.15]], seed);
      expect(findPeaks(counts).filter((peak) => Math.abs(peak.position - 0.5) < 0.4)).toHaveLength(1);
    }
  });

  it('has no peaks where it is empty or flat', () => {
    expect(findPeaks(new Float64Array(50))).toEqual([]);
    expect(findPeaks(new Float64Array(50).fill(7))).toEqual([]);
  });
});

describe('the automatic threshold', () => {
  it('is the valley where the histogram has split', () => {
    for (const share of [0.0005, 0.002, 0.01, 0.05]) {
      for (let seed = 1; seed <= 5; seed += 1) {
        const found = automaticThreshold({
          counts: drawn(400_000, 200, [csf, tissue, [share, 0.97, 0.015]], seed),
        });
        expect(found).toMatchObject({ method: 'valley', split: true });
        expect(found.threshold).toBeGreaterThan(0.8);
        expect(found.threshold).toBeLessThan(0.95);
        expect(found.reason).toContain('valley at');
      }
    }
  });

  it('agrees best with lesions that only exceed what the healthy reference shows', () => {
    const bins = 400;
    for (const share of [0.01, 0.03, 0.08]) {
      const lesions = mixture(1e6, bins, [[share, 0.74, 0.05]]);
      const healthy = mixture(1e6, bins, [[1 - share, 0.55, 0.07]]);
      const counts = healthy.map((count, bin) => count + (lesions[bin] as number));
      const referenceCounts = mixture(1e6, bins, [[1, 0.55, 0.07]]);
      // The Dice of each threshold, from the truth that the method does not see.
      const dice = (from: number): number => {
        const sum = (list: Float64Array): number => list.subarray(from).reduce((a, b) => a + b, 0);
        return (2 * sum(lesions)) / (sum(counts) + share * 1e6);
      };
      const best = Math.max(...Array.from({ length: bins }, (_, bin) => dice(bin)));
      const found = automaticThreshold({ counts, referenceCounts });
      expect(found.method).toBe('reference-excess');
      expect(dice(Math.round(found.threshold * bins))).toBeGreaterThan(0.97 * best);
      expect(best).toBeGreaterThan(0.5);
    }
  });

  it('takes no peak for lesions that the healthy reference shows as well', () => {
    const counts = mixture(1e6, 200, [csf, [0.6, 0.4, 0.04], [0.25, 0.75, 0.04]]);
    expect(automaticThreshold({ counts }).method).toBe('valley');
    const found = automaticThreshold({ counts, referenceCounts: counts });
    expect(found.method).toBe('reference-quantile');
    expect(found.threshold).toBeGreaterThan(0.8);
  });

  it('is where two equal Gaussians meet', () => {
    const { threshold } = automaticThreshold({
      counts: mixture(1e6, 200, [
        [0.9, 0.4, 0.04],
        [0.03, 0.8, 0.04],
      ]),
    });
    // Where the densities are equal: x = 0.6 + 0.04^2 ln(0.9 / 0.03) / 0.4.
    expect(threshold).toBeCloseTo(0.6 + (0.04 ** 2 * Math.log(30)) / 0.4, 1);
  });

  it('is the level that a thousandth of the reference passes where it has not split', () => {
    const referenceCounts = mixture(1e6, 400, [[1, 0.5, 0.1]]);
    const found = automaticThreshold({
      counts: mixture(1e6, 400, [csf, [0.85, 0.5, 0.1]]),
      referenceCounts,
    });
    expect(found).toMatchObject({ method: 'reference-quantile', split: false });
    // One thousandth of a Gaussian lies beyond 3.0902 deviations.
    expect(found.threshold).toBeCloseTo(0.5 + 3.0902 * 0.1, 3);
    expect(found.reason).toContain('0.1 %');
  });

  it('takes no scan that is brighter as a whole for one full of lesions', () => {
    const referenceCounts = mixture(1e6, 400, [[1, 0.5, 0.1]]);
    const counts = mixture(1e6, 400, [[1, 0.55, 0.1]]);
    expect(automaticThreshold({ counts, referenceCounts }).method).toBe('reference-quantile');
  });

  it('falls back on the spread of the tissue', () => {
    const found = automaticThreshold({ counts: mixture(1e6, 400, [[1, 0.4, 0.05]]) });
    expect(found.method).toBe('robust-spread');
    expect(found.threshold).toBeCloseTo(0.4 + 3.5 * 0.05, 2);
  });

  it('does not take the tissue for lesions, nor bright tissue beside dark', () => {
    // Grey and white matter apart by more than 0.1: whichever holds more, the brighter one is no lesion.
    for (const [grey, white] of [
      [0.4, 0.5],
      [0.5, 0.4],
    ] as const) {
      const parts = [
        [0.1, 0.1, 0.03],
        [grey, 0.45, 0.03],
        [white, 0.7, 0.03],
      ] as const;
      const found = automaticThreshold({ counts: mixture(1e6, 200, parts) });
      expect(found.split).toBe(false);
      expect(found.threshold).toBeGreaterThan(0.75);
    }
  });

  it('marks nothing where there is no brain', () => {
    expect(automaticThreshold({ counts: new Float64Array(100) })).toMatchObject({
      threshold: 1,
      method: 'empty',
    });
  });

  it('lies within [0, 1] with a sentence, whatever the counts', () => {
    const counts = fc.array(fc.integer({ min: 0, max: 5000 }), { minLength: 20, maxLength: 200 });
    fc.assert(
      fc.property(counts, fc.option(counts, { nil: undefined }), (bins, reference) => {
        const found = automaticThreshold({
          counts: bins,
          ...(reference ? { referenceCounts: reference } : {}),
        });
        expect(found.threshold).toBeGreaterThanOrEqual(0);
        expect(found.threshold).toBeLessThanOrEqual(1);
        expect(found.reason).toMatch(/^[A-Z].*\.$/);
      }),
    );
  });
});

describe('robust z', () => {
  it('finds mode and deviation of the tissue beside CSF and lesions', () => {
    const random = createRandom(9);
    const values = Float32Array.from({ length: 200_000 }, (_, i) =>
      i < 40_000 ? 100 * random.next() : i < 198_000 ? 300 + 20 * random.normal() : 500,
    );
    const mask = new Uint8Array(200_000).fill(1);
    mask[0] = 0;
    const { mode, spread, z } = robustZ(values, mask);
    expect(Math.abs(mode - 300)).toBeLessThan(5);
    expect(Math.abs(spread - 20)).toBeLessThan(3);
    expect(z[0]).toBe(0);
    expect(z[199_999]).toBeCloseTo((500 - mode) / spread, 4);
  });

  it('is 0 everywhere for an empty mask or equal values', () => {
    expect([...robustZ(Float32Array.of(1, 2), Uint8Array.of(0, 0)).z]).toEqual([0, 0]);
    expect([...robustZ(Float32Array.of(4, 4), Uint8Array.of(1, 1)).z]).toEqual([0, 0]);
  });
});
