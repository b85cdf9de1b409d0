import { highestBin, smoothCounts } from './histogram';
import { percentileOfSorted, sortedInside } from './percentiles';

export interface RobustZ {
  /** The most frequent value in the mask. */
  readonly mode: number;
  /** Median distance of the brighter values from the mode / 0.6745: for a Gaussian, its standard deviation. */
  readonly spread: number;
  /** (value - mode) / spread inside the mask, 0 outside. */
  readonly z: Float32Array;
}

/**
 * Values as robust deviations above the most frequent one. Only the brighter side of the mode is measured: the darker side
 * is CSF, which is no part of the tissue's spread.
 */
export function robustZ(values: Float32Array, mask: Uint8Array): RobustZ {
  const z = new Float32Array(values.length);
  const { mode, spread } = robustLevels(sortedInside(values, mask));
  for (let i = 0; i < values.length; i += 1)
    if (mask[i] !== 0) z[i] = ((values[i] as number) - mode) / spread;
  return { mode, spread, z };
}

/** The mode and the spread above it of values in rising order; 0 and 1 of none. */
export function robustLevels(sorted: Float32Array): Pick<RobustZ, 'mode' | 'spread'> {
  if (sorted.length === 0) return { mode: 0, spread: 1 };
  const mode = modeOfSorted(sorted);
  const brighter = sorted.subarray(firstAbove(sorted, mode));
  // The one or two in the middle are all that the median is made of.
  const middle = (brighter.length - 1) / 2;
  const around = brighter.subarray(Math.floor(middle), Math.ceil(middle) + 1).map((value) => value - mode);
  return { mode, spread: percentileOfSorted(around, 50) / 0.6745 || 1 };
}

/** The middle of the highest of 200 smoothed bins between the 0.1th and the 99.9th percentile. */
function modeOfSorted(sorted: Float32Array): number {
  const low = percentileOfSorted(sorted, 0.1);
  const high = percentileOfSorted(sorted, 99.9);
  if (!(high > low)) return low;
  const bins = 200;
  const counts = new Float64Array(bins);
  for (let i = 0; i < sorted.length; i += 1) {
    const bin = Math.floor((((sorted[i] as number) - low) / (high - low)) * bins);
    if (bin >= 0 && bin < bins) counts[bin] = (counts[bin] as number) + 1;
  }
  return low + ((highestBin(smoothCounts(counts, 2)) + 0.5) / bins) * (high - low);
}

function firstAbove(sorted: Float32Array, value: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}
