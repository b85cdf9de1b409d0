import { findPeaks, logHistogram, sumCounts, type Peak } from './histogram';

/** Whether and where a histogram of I_ro in the brain has come apart. */
export interface HistogramSplit {
  /** All peaks, from dark to bright. */
  readonly peaks: readonly Peak[];
  /** The peak that holds most voxels; undefined where there is none. */
  readonly tissue: Peak | undefined;
  /** The brightest peak, where it stands apart from the tissue's; null where the histogram has not split. */
  readonly apart: { readonly peak: Peak; readonly valleyBin: number } | null;
}

/** Least distance of the brightest peak from the tissue's, as a share of the range. */
const APART = 0.1;

/**
 * Whether the histogram has split into distinct peaks, which is when the published training ends, and the automatic
 * threshold is the valley between them. Peaks of healthy tissue (CSF, grey and white matter) are there from the start, so
 * what counts is a brightest peak that stands apart: it lies above the tissue's peak by at least 0.1, fewer than a third of
 * the voxels lie above the valley between them, and the curve rises by half from the valley to either side (see findPeaks).
 */
export function findSplit(counts: ArrayLike<number>): HistogramSplit {
  const peaks = findPeaks(counts);
  const tissue = tissuePeak(counts, peaks);
  const peak = peaks[peaks.length - 1];
  if (!tissue || !peak || peak.position - tissue.position < APART) return { peaks, tissue, apart: null };
  const valleyBin = valleyBetween(counts, tissue, peak);
  const above = sumCounts(counts, valleyBin);
  const apart = above > 0 && above < sumCounts(counts) / 3;
  return { peaks, tissue, apart: apart ? { peak, valleyBin } : null };
}

/** The peak with the most voxels within 0.05 of it: a narrow spike of clipped values is higher, but holds less. */
function tissuePeak(counts: ArrayLike<number>, peaks: readonly Peak[]): Peak | undefined {
  const reach = Math.round(0.05 * counts.length);
  let best: Peak | undefined;
  let most = -1;
  for (const peak of peaks) {
    let held = 0;
    for (
      let bin = Math.max(0, peak.bin - reach);
      bin <= Math.min(counts.length - 1, peak.bin + reach);
      bin += 1
    ) {
      held += counts[bin] as number;
    }
    if (held > most) {
      most = held;
      best = peak;
    }
  }
  return best;
}

/** The bin in which the lowest stretch between the peaks has its middle. */
function valleyBetween(counts: ArrayLike<number>, tissue: Peak, brightest: Peak): number {
  const curve = logHistogram(counts);
  let lowest = Infinity;
  let first = tissue.bin;
  let last = tissue.bin;
  for (let bin = tissue.bin + 1; bin < brightest.bin; bin += 1) {
    const height = curve[bin] as number;
    // A stretch of empty bins is flat but for rounding.
    if (height < lowest - 1e-9) {
      lowest = height;
      first = bin;
      last = bin;
    } else if (height <= lowest + 1e-9 && bin === last + 1) last = bin;
  }
  return Math.round((first + last + 1) / 2);
}
