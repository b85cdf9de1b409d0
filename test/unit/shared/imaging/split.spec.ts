import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findSplit } from '../../../../shared/imaging/split';
import { drawn, mixture, type Gaussian } from '../../../helpers/mixtures';

const recorded: Record<'split' | 'tissue' | 'saturated' | 'flat', number[]> = JSON.parse(
  readFileSync(join(import.meta.dirname, '..', '..', '..', 'fixtures', 'iroHistograms.json'), 'utf8'),
);

/** As many bins as a training counts in, and as many voxels as it looks at. */
const bins = 500;
const voxels = 300_000;
const csf: Gaussian = [0.15, 0.13, 0.05];
const tissue: Gaussian = [0.85, 0.55, 0.07];

describe('a histogram of I_ro has split', () => {
  it('where the densities of two Gaussians have a valley between them, and not where they have none', () => {
    // Two Gaussians of one deviation and equal shares have one peak up to a distance of two deviations.
    const apart = (distance: number): boolean =>
      findSplit(
        mixture(voxels, bins, [
          [0.75, 0.4, 0.08],
          [0.25, 0.4 + distance, 0.08],
        ]),
      ).apart !== null;
    expect([0.1, 0.16, 0.2].map(apart)).toEqual([false, false, false]);
    expect([0.35, 0.45].map(apart)).toEqual([true, true]);
  });

  it('where the valley is that the Gaussians have', () => {
    const parts: Gaussian[] = [
      [0.9, 0.4, 0.05],
      [0.1, 0.75, 0.05],
    ];
    const density = (x: number): number =>
      parts.reduce(
        (sum, [share, mean, sd]) => sum + (share / sd) * Math.exp(-0.5 * ((x - mean) / sd) ** 2),
        0,
      );
    let lowest = 0.4;
    for (let x = 0.4; x < 0.75; x += 0.0005) if (density(x) < density(lowest)) lowest = x;
    const { apart, tissue: found } = findSplit(mixture(voxels, bins, parts));
    expect(found?.position).toBeCloseTo(0.4, 2);
    expect(apart?.peak.position).toBeCloseTo(0.75, 2);
    expect(Math.abs((apart?.valleyBin ?? 0) / bins - lowest)).toBeLessThan(0.01);
  });

  it('for lesions of a three-thousandth of the brain, in every draw', () => {
    for (const share of [0.0003, 0.001, 0.01, 0.1]) {
      for (let seed = 1; seed <= 5; seed += 1) {
        const parts: Gaussian[] = [csf, [0.85 - share, 0.55, 0.07], [share, 0.97, 0.015]];
        const { apart } = findSplit(drawn(voxels, bins, parts, seed));
        expect(apart, `share ${share}, seed ${seed}`).not.toBeNull();
        expect(apart?.peak.position).toBeGreaterThan(0.92);
      }
    }
  });

  it.each<[string, Gaussian[]]>([
    ['one Gaussian', [[1, 0.5, 0.1]]],
    ['a start that is flat near 0.5', [[1, 0.5, 0.004]]],
    ['CSF and tissue', [csf, tissue]],
    ['tissue with a heavy tail', [csf, [0.8, 0.55, 0.07], [0.05, 0.6, 0.14]]],
    [
      'grey and white matter',
      [
        [0.1, 0.1, 0.03],
        [0.5, 0.45, 0.03],
        [0.4, 0.7, 0.03],
      ],
    ],
  ])('not for %s, in no draw', (_, parts) => {
    for (let seed = 1; seed <= 8; seed += 1) {
      expect(findSplit(drawn(voxels, bins, parts, seed)).apart, `seed ${seed}`).toBeNull();
    }
  });

  it('in histograms that trainings recorded, where a reader sees two populations and only there', () => {
    // Of a training that marks lesions near 1; of two that do not; of the published start, flat near 0.47.
    const { apart, tissue: found } = findSplit(recorded.split);
    expect(found?.position).toBeLessThan(0.4);
    expect(apart?.peak.position).toBeGreaterThan(0.95);
    const valley = (apart?.valleyBin ?? 0) / bins;
    expect(valley).toBeGreaterThan(0.55);
    expect(valley).toBeLessThan(0.85);
    for (const counts of [recorded.tissue, recorded.saturated, recorded.flat]) {
      expect(findSplit(counts).apart).toBeNull();
    }
  });

  it('not where there is nothing', () => {
    expect(findSplit(new Float64Array(bins))).toEqual({ peaks: [], tissue: undefined, apart: null });
  });
});
