import { histogram } from '../../../shared/imaging/histogram';
import type { PredictedSlices } from '../inference/predict';
import { slicesOf, type SliceSource } from './sliceSource';

/** Bins of the histograms of I_ro: fine enough that the threshold's resolution is no limit. */
export const IRO_BINS = 500;
/** Slices that the histograms after each cycle look at. */
export const HISTOGRAM_SLICES = 48;

/** Numbers of at most `most` slices, spread evenly over the set. */
export function spread(count: number, most: number): number[] {
  const taken = Math.min(count, most);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * count) / taken));
}

/**
 * Histogram of I_ro where the slices show brain (values above 0), over at most `most` slices spread over the set.
 * @param breathe awaited between slices
 */
export async function iroCounts(
  predict: (slices: Float32Array) => PredictedSlices,
  source: SliceSource,
  most: number,
  breathe: () => Promise<void>,
): Promise<Float64Array> {
  const counts = new Float64Array(IRO_BINS);
  for (const index of spread(source.count, most)) {
    const slice = source.read([index]);
    const brain = Uint8Array.from(slicesOf(slice, source.channels), (value) => (value > 0 ? 1 : 0));
    histogram(predict(slice).iro, brain, IRO_BINS, 0, 1).forEach((count, bin) => {
      counts[bin] = (counts[bin] as number) + count;
    });
    await breathe();
  }
  return counts;
}
