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
  it('is the valley of the training, within 0.60 to 0.97', () => {
    const { chosen, all, doubts } = trainedThreshold(withLesions, trained);
    expect(chosen.method).toBe('valley');
    expect(chosen.threshold).toBeGreaterThan(0.6);
    expect(chosen.threshold).toBeLessThan(0.93);
    expect(all.map(({ method }) => method)).toEqual(['valley', 'pasted', 'reference-quantile']);
    expect(doubts).toEqual([]);
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
