/**
 * Counts of the values in `bins` equal bins over [low, high]; values beyond an end are counted in the bin at that end,
 * NaN nowhere.
 *
 * @param mask counts only voxels where it is not 0; null counts all.
 */
export function histogram(
  values: Float32Array,
  mask: Uint8Array | null,
  bins: number,
  low: number,
  high: number,
): Float64Array {
  const counts = new Float64Array(bins);
  const scale = bins / (high - low);
  for (let i = 0; i < values.length; i += 1) {
    if (mask !== null && mask[i] === 0) continue;
    const value = values[i] as number;
    if (value !== value) continue;
    const bin = Math.floor((value - low) * scale);
    const at = bin < 0 ? 0 : bin >= bins ? bins - 1 : bin;
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

/** Gaussian smoothing of counts; beyond the ends they are mirrored, so that a peak at an end keeps its height. */
export function smoothCounts(counts: ArrayLike<number>, sigmaBins: number): Float64Array {
  const bins = counts.length;
  const radius = Math.min(Math.ceil(4 * sigmaBins), bins - 1);
  const kernel = Float64Array.from({ length: 2 * radius + 1 }, (_, i) =>
    sigmaBins > 0 ? Math.exp(-0.5 * ((i - radius) / sigmaBins) ** 2) : Number(i === radius),
  );
  const sum = kernel.reduce((total, weight) => total + weight, 0);
  return Float64Array.from({ length: bins }, (_, bin) => {
    let value = 0;
    for (let k = -radius; k <= radius; k += 1) {
      let at = bin + k;
      if (at < 0) at = -at - 1;
      if (at >= bins) at = 2 * bins - 1 - at;
      value += ((kernel[k + radius] as number) / sum) * (counts[at] as number);
    }
    return value;
  });
}

/** How many values were counted, from a bin on. */
export function sumCounts(counts: ArrayLike<number>, from = 0): number {
  let total = 0;
  for (let bin = from; bin < counts.length; bin += 1) total += counts[bin] as number;
  return total;
}

/** The level that a share of the counted values pass, interpolated within its bin. */
export function levelPassedBy(counts: ArrayLike<number>, share: number): number {
  const wanted = share * sumCounts(counts);
  let above = 0;
  for (let bin = counts.length - 1; bin >= 0; bin -= 1) {
    const here = counts[bin] as number;
    if (above + here > wanted) return (bin + 1 - (wanted - above) / here) / counts.length;
    above += here;
  }
  return 0;
}

export interface Peak {
  /** Position over the histogram's range, 0..1: the centre of the peak's highest bin. */
  readonly position: number;
  readonly bin: number;
  /** Height of the smoothed log histogram, ln(1 + count). */
  readonly height: number;
  /** How far the curve falls before it rises higher than this peak, on the logarithmic scale. */
  readonly prominence: number;
}

export interface PeakOptions {
  /** Width of the smoothing as a share of the range; 0.015 unless given. */
  readonly smoothing?: number;
  /** Least fall on both sides as a factor of the counts; 1.5 unless given. */
  readonly prominence?: number;
  /** Least distance between peaks as a share of the range; 0.05 unless given. Of two closer peaks the higher stays. */
  readonly separation?: number;
}

/** The smoothed log histogram that {@link findPeaks} works on. */
export function logHistogram(counts: ArrayLike<number>, smoothing = 0.015): Float64Array {
  return smoothCounts(
    Float64Array.from({ length: counts.length }, (_, bin) => Math.log1p(Math.max(0, counts[bin] as number))),
    smoothing * counts.length,
  );
}

/**
 * The peaks of a histogram, from dark to bright. Found on the smoothed logarithm of the counts, where a small population
 * beside a thousand times larger one is still a peak, and prominence is a ratio of counts and does not depend on how many
 * voxels there are.
 */
export function findPeaks(counts: ArrayLike<number>, options: PeakOptions = {}): Peak[] {
  const { smoothing = 0.015, prominence = 1.5, separation = 0.05 } = options;
  const curve = logHistogram(counts, smoothing);
  const bins = curve.length;
  const value = (bin: number): number => curve[bin] as number;
  const found: Peak[] = [];
  for (let bin = 0; bin < bins; bin += 1) {
    // A plateau counts once, at its middle.
    let end = bin;
    while (end + 1 < bins && value(end + 1) === value(bin)) end += 1;
    const rises = bin === 0 || value(bin - 1) < value(bin);
    const falls = end === bins - 1 || value(end + 1) < value(bin);
    const middle = (bin + end) >> 1;
    if (rises && falls && value(bin) > 0) {
      const drop = prominenceAt(curve, bin, end);
      if (drop >= Math.log(prominence)) {
        found.push({ bin: middle, position: (middle + 0.5) / bins, height: value(bin), prominence: drop });
      }
    }
    bin = end;
  }
  const kept: Peak[] = [];
  for (const peak of [...found].sort((a, b) => b.height - a.height)) {
    if (kept.every((other) => Math.abs(other.bin - peak.bin) >= separation * bins)) kept.push(peak);
  }
  return kept.sort((a, b) => a.bin - b.bin);
}

/** The fall from a plateau to the higher of the two lowest points on the way to something higher, or to the ends. */
function prominenceAt(curve: Float64Array, start: number, end: number): number {
  const top = curve[start] as number;
  let left = top;
  let leftOpen = true;
  for (let bin = start - 1; bin >= 0; bin -= 1) {
    const value = curve[bin] as number;
    if (value > top) {
      leftOpen = false;
      break;
    }
    left = Math.min(left, value);
  }
  let right = top;
  let rightOpen = true;
  for (let bin = end + 1; bin < curve.length; bin += 1) {
    const value = curve[bin] as number;
    if (value > top) {
      rightOpen = false;
      break;
    }
    right = Math.min(right, value);
  }
  // Towards an end of the range the curve never rises again: a peak at an end is as prominent as its other side says.
  if (leftOpen && rightOpen) return top - Math.min(left, right);
  if (leftOpen) return top - right;
  if (rightOpen) return top - left;
  return top - Math.max(left, right);
}

/** The bin that holds most; the first of equals. */
export function highestBin(counts: ArrayLike<number>): number {
  let best = 0;
  for (let bin = 1; bin < counts.length; bin += 1) {
    if ((counts[bin] as number) > (counts[best] as number)) best = bin;
  }
  return best;
}
