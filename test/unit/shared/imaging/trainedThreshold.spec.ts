import { describe, expect, it } from 'vitest';
import { trainedThreshold, type TrainedCounts } from '../../../../shared/imaging/trainedThreshold';
import { mixture } from '../../../helpers/mixtures';

const bins = 500;
const of = (total: number, parts: [number, number, number][]): number[] => [...mixture(total, bins, parts)];
const tissue = of(1e6, [[1, 0.5, 0.04]]);
const withLesions = of(1e6, [
  [0.995, 0.5, 0.04],
  [0.005, 0.97, 0.02],
]);
const pastedCounts = { lesion: of(1e4, [[1, 0.9, 0.05]]), tissue };
const trained: TrainedCounts = { inputCounts: withLesions, referenceCounts: tissue, pastedCounts };

describe('the threshold of a network that learned from pasted lesions', () => {
  it('knows the valley of the training, within 0.60 to 0.97, as another way', () => {
    const { all, doubts } = trainedThreshold(withLesions, trained);
    expect(all.map(({ method }) => method)).toEqual(['pasted', 'valley', 'reference-quantile']);
    expect(all[1]?.threshold).toBeGreaterThan(0.6);
    expect(all[1]?.threshold).toBeLessThan(0.93);
    expect(doubts).toEqual([]);
  });

  describe('by pasted lesions', () => {
    // I_ro of lesions and tissue overlaps, so that every level misses some or marks some wrongly.
    const [lesion, healthy] = [
      [0.75, 0.08],
      [0.5, 0.06],
    ] as const;
    const overlapping: TrainedCounts = {
      inputCounts: [],
      referenceCounts: [],
      pastedCounts: { lesion: of(3e4, [[1, ...lesion]]), tissue: of(1e6, [[1, ...healthy]]) },
    };
    const scan = (share: number): number[] =>
      of(1e6, [
        [1 - share, ...healthy],
        [share, ...lesion],
      ]);
    const tail = (x: number, [mean, deviation]: readonly [number, number]): number => {
      // By summing the Gaussian itself.
      let sum = 0;
      for (let t = x; t < 1.5; t += 1e-4)
        sum += (1e-4 * Math.exp(-0.5 * ((t - mean) / deviation) ** 2)) / (deviation * Math.sqrt(2 * Math.PI));
      return sum;
    };
    const best = (share: number): number => {
      let [at, dice] = [0, 0];
      for (let x = 0.5; x < 0.95; x += 0.002) {
        const [found, wrong] = [share * tail(x, lesion), (1 - share) * tail(x, healthy)];
        const here = (2 * found) / (found + wrong + share);
        if (here > dice) [at, dice] = [x, here];
      }
      return at;
    };

    it.each([0.05, 0.01, 0.002])('is the level of best Dice for a load of %d of the brain', (share) => {
      const { chosen } = trainedThreshold(scan(share), overlapping);
      expect(chosen.method).toBe('pasted');
      expect(Math.abs(chosen.threshold - best(share))).toBeLessThan(0.02);
      const said = Number(/([\d.]+) % of the brain/.exec(chosen.reason)?.[1]) / 100;
      expect(Math.abs(said / share - 1)).toBeLessThan(0.1);
    });

    it('is so high that next to nothing passes where the scan shows no lesion', () => {
      const { chosen } = trainedThreshold(scan(0), overlapping);
      expect(chosen.threshold).toBeGreaterThan(best(0.002));
      expect(tail(chosen.threshold, healthy)).toBeLessThan(1e-4);
    });
  });

  it('says that I_ro has not split, and then takes what pasted lesions say', () => {
    const { chosen, doubts } = trainedThreshold(tissue, { ...trained, inputCounts: tissue });
    expect(chosen.method).toBe('pasted');
    // Between the tissue at 0.5 and the pasted lesions at 0.9, near the latter: a hundred times as much tissue.
    expect(chosen.threshold).toBeGreaterThan(0.65);
    expect(chosen.threshold).toBeLessThan(0.85);
    expect(doubts[0]?.message).toMatch(/has not split/);
  });

  it('is the level of best expected agreement where the scan is clearly brighter than the reference', () => {
    const heavy = of(1e6, [
      [0.95, 0.5, 0.04],
      [0.05, 0.75, 0.08],
    ]);
    const { chosen } = trainedThreshold(heavy, trained);
    expect(chosen.method).toBe('reference-excess');
    expect(chosen.threshold).toBeGreaterThan(0.58);
    expect(chosen.threshold).toBeLessThan(0.68);
  });

  it('warns where the ways to find it lead to masks of different size', () => {
    const smeared = of(1e6, [
      [0.99, 0.5, 0.04],
      [0.01, 0.8, 0.12],
    ]);
    const early = { lesion: of(1e4, [[1, 0.7, 0.02]]), tissue };
    const { doubts } = trainedThreshold(smeared, { ...trained, pastedCounts: early });
    expect(doubts.map(({ message }) => message).join(' ')).toMatch(
      /disagree: from 0\.\d+ \(\S+\) to 0\.\d+ \(\S+\)/,
    );
  });

  it('marks nothing where nothing is known', () => {
    const nothing = { inputCounts: [], referenceCounts: [], pastedCounts: { lesion: [], tissue: [] } };
    expect(trainedThreshold(tissue, nothing).chosen.threshold).toBe(1);
  });
});
