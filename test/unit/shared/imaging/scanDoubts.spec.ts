import { describe, expect, it } from 'vitest';
import { adaptationHelps } from '../../../../shared/imaging/doubt';
import { coverOf, coverSentence, levelsMm } from '../../../../shared/imaging/headLevels';
import { doubtsAbout, histogramDistance, nothingKnown } from '../../../../shared/imaging/scanDoubts';
import { scanStatistics } from '../../../../shared/imaging/scanStatistics';
import { createRandom } from '../../../../shared/random';
import { mixture } from '../../../helpers/mixtures';
import { sortedInside } from '../../../../shared/imaging/percentiles';

const counts = (at: number): number[] => [...mixture(1e6, 500, [[1, at, 0.04]])];
const head = { first: 10, last: 70, sliceMm: 2 };

/** A brain as FLAIR shows it: CSF, and tissue at 100. */
function flair(seed: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: 60_000 }, (_, i) =>
    i % 6 === 0 ? 30 + 8 * random.normal() : 100 + 12 * random.normal(),
  );
}
const all = new Uint8Array(60_000).fill(1);
const trained = [scanStatistics(sortedInside(flair(1), all)), scanStatistics(sortedInside(flair(2), all))];
const doubtsOf = (values: Float32Array): string[] =>
  doubtsAbout(
    { statistics: scanStatistics(sortedInside(values, all)), head, counts: counts(0.5) },
    { ...nothingKnown, statistics: trained },
  ).map(({ message }) => message);

describe('the intensities of a scan beside those of the training', () => {
  it('raise no doubt in a scan of the same kind', () => {
    expect(doubtsOf(flair(3))).toEqual([]);
  });

  it('raise one where the contrast is doubled, about the mean or by a factor', () => {
    expect(doubtsOf(flair(3).map((value) => 2 * (value - 90) + 90))).toEqual([
      expect.stringMatching(/contrast is (1\.[6-9]|2\.\d) times/),
    ]);
    expect(doubtsOf(flair(3).map((value) => 2 * value))).toEqual([
      expect.stringMatching(/values are 2\.0 times/),
    ]);
  });

  it('raise one in another sequence, whose tissue lies on the other side of its most frequent level', () => {
    expect(doubtsOf(flair(3).map((value) => 200 - value))).toEqual(
      expect.arrayContaining([expect.stringMatching(/another sequence/)]),
    );
  });

  it('are not judged where nothing is known of the training', () => {
    const statistics = scanStatistics(
      sortedInside(
        flair(3).map((value) => 9 * value),
        all,
      ),
    );
    expect(doubtsAbout({ statistics, head, counts: counts(0.5) }, nothingKnown)).toEqual([]);
  });
});

describe('the I_ro of a scan beside that of the training', () => {
  it('lies as far away as every voxel has to be moved', () => {
    expect(histogramDistance(counts(0.5), counts(0.7))).toBeCloseTo(0.2, 3);
    expect(histogramDistance(counts(0.5), counts(0.5))).toBe(0);
    expect(histogramDistance([], counts(0.5))).toBe(0);
  });

  it('raises a doubt beyond a tenth of its range', () => {
    const known = { ...nothingKnown, inputCounts: counts(0.5) };
    const about = (at: number): string[] =>
      doubtsAbout({ statistics: trained[0] as never, head, counts: counts(at) }, known).map(
        ({ kind }) => kind,
      );
    expect(about(0.55)).toEqual([]);
    expect(about(0.65)).toEqual(['iro']);
  });
});

describe('the levels of a head', () => {
  it('are counted from its top, whatever the thickness of the slices', () => {
    expect(levelsMm([70, 65, 10], head)).toEqual([0, 10, 120]);
  });

  it('are uncovered further than 10 mm from every healthy slice', () => {
    // Healthy at 20 and at 100 mm: covered are 10 to 30 and 90 to 110 of 120 mm, which are slices 55 to 65 and 15 to 25.
    const { uncovered, share } = coverOf(head, [20, 100]);
    expect(uncovered).toEqual([
      [10, 14],
      [26, 54],
      [66, 70],
    ]);
    expect(share).toBeCloseTo(39 / 61, 10);
  });

  it('raise a doubt, which further training on the scan helps against', () => {
    const known = { ...nothingKnown, referenceMm: [20, 100] };
    const doubts = doubtsAbout({ statistics: trained[0] as never, head, counts: [] }, known);
    expect(doubts).toEqual([
      { kind: 'levels', message: expect.stringMatching(/slices 11 to 15, 27 to 55/) as string },
    ]);
    expect(adaptationHelps(doubts)).toBe(true);
    expect(adaptationHelps([{ kind: 'split' }])).toBe(false);
  });

  it('raise none where ten healthy slices are spread over them', () => {
    const cover = coverOf(head, levelsMm([13, 19, 25, 31, 37, 43, 49, 55, 61, 67], head));
    expect(cover).toEqual({ uncovered: [], share: 0 });
    expect(coverSentence(cover, 1)).toBeNull();
  });
});
