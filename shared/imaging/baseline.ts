import type { Dims, Triple } from '../volume/volume';
import { robustZ } from './robustZ';
import { smoothInMask } from './smoothing';

/** Sigma of the baseline's smoothing: the width at which a plain threshold did best on real MS FLAIR. */
const BASELINE_SIGMA_MM = 0.8;

/**
 * The scan smoothed inside the brain, in robust deviations above its most frequent level: the score without a network.
 * @param sigmaMm 0 leaves it as it is
 */
export function baselineScore(
  values: Float32Array,
  brain: Uint8Array,
  dims: Dims,
  zooms: Triple,
  sigmaMm = BASELINE_SIGMA_MM,
): Float32Array {
  const smooth = sigmaMm === 0 ? values : smoothInMask(values, brain, dims, zooms, sigmaMm);
  return robustZ(smooth, brain).z;
}
