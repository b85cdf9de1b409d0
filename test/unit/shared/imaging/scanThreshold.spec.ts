import { describe, expect, it } from 'vitest';
import { nothingKnown, type TrainingFacts } from '../../../../shared/imaging/scanDoubts';
import { scanThreshold } from '../../../../shared/imaging/scanThreshold';
import { mixture } from '../../../helpers/mixtures';

const bins = 500;
const of = (total: number, parts: [number, number, number][]): number[] => [...mixture(total, bins, parts)];
const healthy = of(1e6, [
  [0.998, 0.5, 0.04],
  // What the network takes for lesions in healthy people: 0.2 % of the brain.
  [0.002, 0.95, 0.02],
]);
const withLesions = of(1e6, [
  [0.98, 0.5, 0.04],
  [0.02, 0.96, 0.02],
]);
const known: TrainingFacts = {
  ...nothingKnown,
  referenceCounts: healthy,
  inputCounts: withLesions,
  pastedCounts: { lesion: of(1e4, [[1, 0.9, 0.05]]), tissue: healthy },
};
const brainMm3 = 1.2e6;
const above = (counts: readonly number[], threshold: number): number =>
  counts.slice(Math.ceil(threshold * bins)).reduce((a, b) => a + b, 0) / counts.reduce((a, b) => a + b, 0);

describe('the threshold of a scan', () => {
  it('is chosen by itself, by a way that is asked for, or given; all ways are told each time', () => {
    const automatic = scanThreshold(withLesions, known, null, brainMm3);
    expect(automatic.reason).toMatch(/^Taken automatically: (valley|excess over healthy)\. /);
    const ways = automatic.all.map(({ method }) => method);
    expect(ways).toEqual(
      expect.arrayContaining(['valley', 'pasted', 'reference-quantile', 'healthy-ceiling']),
    );
    for (const { method, threshold } of automatic.all) {
      const chosen = scanThreshold(withLesions, known, method, brainMm3);
      expect(chosen).toMatchObject({ method, threshold, all: automatic.all });
      expect(chosen.reason).toMatch(/^Chosen: /);
    }
    expect(scanThreshold(withLesions, known, 0.7, brainMm3)).toMatchObject({ threshold: 0.7, method: null });
  });

  it('is not the excess over a reference that leaves a part of the head out', () => {
    const much = of(1e6, [
      [0.95, 0.5, 0.04],
      [0.05, 0.75, 0.08],
    ]);
    const whole = scanThreshold(much, known, null, brainMm3, 0.1);
    expect(whole.method).toBe('reference-excess');
    const part = scanThreshold(much, known, null, brainMm3, 0.11);
    expect(part.method).toBe('pasted');
    expect(part.all.map(({ method }) => method).sort()).toEqual(whole.all.map(({ method }) => method).sort());
    expect(scanThreshold(much, known, 'reference-excess', brainMm3, 0.5).method).toBe('reference-excess');
  });

  it('cannot be found in a way that leads nowhere: the failure names those that do', () => {
    expect(() => scanThreshold(withLesions, known, 'robust-spread', brainMm3)).toThrow(
      /"robust-spread" leads to no threshold here; what does is .*valley/,
    );
  });

  it('marks next to nothing in a scan that has no more than healthy people have, and says so', () => {
    const { method, threshold, doubts } = scanThreshold(healthy, known, null, brainMm3);
    expect(method).toBe('healthy-ceiling');
    // 0.1 ml of 1,200 ml, within what a bin holds.
    expect(above(healthy, threshold) * brainMm3).toBeLessThanOrEqual(100);
    expect(doubts.map(({ kind }) => kind)).toContain('no-lesions');
    // The usual way would mark twenty times that.
    const usual = scanThreshold(healthy, known, 'valley', brainMm3);
    expect(above(healthy, usual.threshold) * brainMm3).toBeGreaterThan(2000);
  });

  it('is left alone where the scan has clearly more than healthy people', () => {
    const twice = of(1e6, [
      [0.996, 0.5, 0.04],
      [0.004, 0.95, 0.02],
    ]);
    const { method, doubts } = scanThreshold(twice, known, null, brainMm3);
    expect(method).not.toBe('healthy-ceiling');
    expect(doubts.map(({ kind }) => kind)).not.toContain('no-lesions');
  });

  it('knows of networks that nothing was pasted for what there is to know, and when their ways disagree', () => {
    const plain: TrainingFacts = { ...nothingKnown, referenceCounts: healthy };
    const split = scanThreshold(withLesions, plain, null, brainMm3);
    expect(split).toMatchObject({ method: 'valley' });
    const flat = of(1e6, [[1, 0.5, 0.08]]);
    const unsplit = scanThreshold(flat, plain, null, brainMm3);
    expect(unsplit.doubts.map(({ kind }) => kind)).toContain('split');
    expect(unsplit.all.map(({ method }) => method)).toEqual(
      expect.arrayContaining(['reference-quantile', 'robust-spread']),
    );
    expect(unsplit.doubts.map(({ kind }) => kind)).toContain('methods');
    expect(scanThreshold(new Float64Array(bins), plain, null, 0).threshold).toBe(1);
  });
});
