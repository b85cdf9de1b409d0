import { z } from 'zod';
import { percentileOfSorted } from './percentiles';
import { robustLevels } from './robustZ';

/** The values that become 0 and 1, in the scan's own unit; lower is below upper. */
const ends = { lower: z.number(), upper: z.number() };

/** How a volume's values became [0, 1]. Plain data, stored with sets and runs; found once per volume, never per slice. */
export const normalisationSchema = z.discriminatedUnion('method', [
  z.strictObject({
    method: z.literal('percentile'),
    /** Percentiles of the values inside the brain mask. */
    lowerPercentile: z.number().min(0).max(100),
    upperPercentile: z.number().min(0).max(100),
    /** What the upper percentile becomes; the lower becomes 0. */
    upperLevel: z.number().positive().max(1),
    ...ends,
  }),
  z.strictObject({
    method: z.literal('robust-z'),
    /** The most frequent value inside the brain mask, and the spread of the values above it; see {@link robustZ}. */
    mode: z.number(),
    spread: z.number().positive(),
    ...ends,
  }),
  z.strictObject({
    method: z.literal('quartiles'),
    /** Median of the values inside the brain mask, and their interquartile range / 1.349. */
    median: z.number(),
    spread: z.number().positive(),
    ...ends,
  }),
]);
export type Normalisation = z.infer<typeof normalisationSchema>;
export type NormalisationMethod = Normalisation['method'];

/**
 * The upper percentile is high because lesions are the brightest part of a FLAIR brain and their share differs by forty
 * times: 0.1 % of the brain in patient 07 of the open Ljubljana set, 4.5 % in patient 19. At the 99th percentile 45 % (07)
 * and 20 % (19) of the lesion voxels would lie beyond it together with the brightest healthy tissue; at the 99.95th 10 %
 * and 0.7 %, while the medians of lesions and brain stay 0.20 and 0.22 of the range apart (0.24 both at the 99th). The maximum itself
 * would let single voxels (vessels, 200 against 141 in 07) push that to 0.14. The lower one only trims what lies below
 * CSF; negative values after bias correction, mostly.
 *
 * It becomes 0.8 and not 1, because the network answers through sigmoids: they reach 1 only where they are saturated and
 * learn no more, and the brightest levels, which are the lesions', would be learned last (targets away from the asymptotes:
 * LeCun, Bottou, Orr and Müller 1998, Efficient BackProp). What is brighter still is not clipped either.
 */
export const defaultPercentiles = { lower: 0.5, upper: 99.95, upperLevel: 0.8 } as const;

/**
 * The values that become 0 and 1 by robust percentiles. Where there are none or all are equal, a range of 1 from that value
 * is taken.
 *
 * @param inside the values inside the brain mask, ascending (see sortedInside)
 */
export function findNormalisation(
  inside: Float32Array,
  percentiles: {
    readonly lower: number;
    readonly upper: number;
    readonly upperLevel: number;
  } = defaultPercentiles,
): Normalisation {
  const lower = percentileOfSorted(inside, percentiles.lower);
  const range = percentileOfSorted(inside, percentiles.upper) - lower;
  return {
    method: 'percentile',
    lowerPercentile: percentiles.lower,
    upperPercentile: percentiles.upper,
    upperLevel: percentiles.upperLevel,
    lower,
    upper: range > 0 ? lower + range / percentiles.upperLevel : lower + 1,
  };
}

/**
 * This many spreads below and above the mode become 0 and 1, and the mode 0.5. Tissue keeps a third of the range and what is
 * brighter than nearly all tissue the rest, so that lesions stand out from it; in MS FLAIR lesions lie at 1 to 3.5.
 */
export const robustReach = 3.5;

/**
 * The values that become 0 and 1 by the mode and the spread above it, where percentiles follow the load of lesions.
 * @param inside the values inside the brain mask, ascending
 */
export function findRobustNormalisation(inside: Float32Array): Normalisation {
  const { mode, spread } = robustLevels(inside);
  return {
    method: 'robust-z',
    mode,
    spread,
    lower: mode - robustReach * spread,
    upper: mode + robustReach * spread,
  };
}

/**
 * The values that become 0 and 1 by median and quartiles, for T1 and T2: their tissues lie on both sides of the mode, which
 * is one tissue's alone. Measured like this, white matter lies near 0.5 in T1 and -0.2 in T2 and CSF beyond -1.5 and 3.
 * @param inside the values inside the brain mask, ascending
 */
export function findQuartileNormalisation(inside: Float32Array): Normalisation {
  const median = percentileOfSorted(inside, 50);
  // For a Gaussian, its standard deviation.
  const spread = (percentileOfSorted(inside, 75) - percentileOfSorted(inside, 25)) / 1.349 || 1;
  return {
    method: 'quartiles',
    median,
    spread,
    lower: median - robustReach * spread,
    upper: median + robustReach * spread,
  };
}

/** The values scaled to [0, 1] and clipped; 0 outside the mask. A new array. */
export function normalise(
  values: Float32Array,
  mask: Uint8Array,
  normalisation: Normalisation,
): Float32Array {
  const { lower, upper } = normalisation;
  const scale = 1 / (upper - lower);
  const out = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 1) {
    if (mask[i] === 0) continue;
    const level = ((values[i] as number) - lower) * scale;
    out[i] = level <= 0 ? 0 : level >= 1 ? 1 : level;
  }
  return out;
}
