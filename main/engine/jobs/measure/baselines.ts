import { erode } from '../../../../shared/imaging/morphology';
import { bestThreshold } from '../../../../shared/lesions/bestThreshold';
import { healthySlices } from '../../../../shared/lesions/healthySlices';
import { BRAIN_EROSION_VOXELS } from '../../../../shared/lesions/lesionMask';
import type { MeasuredMethod } from '../../../../shared/lesions/measured';
import { intensityScore, type PreparedScan } from '../segmentation';

/**
 * Share of the healthy voxels that a threshold on the smoothed scan lets pass: of several, the one at which a plain
 * threshold did best on three patients, so that the rival is at its best.
 */
const HEALTHY_SHARE = 5e-4;
/** The plain threshold of the literature, in robust deviations of the scan as it is. */
const PLAIN_Z = 1.5;

/** A score of a scan and the threshold that a rule gives it. */
export interface Thresholded {
  readonly method: MeasuredMethod;
  readonly score: Float32Array;
  readonly threshold: number;
}

/** Values of the smoothed scan in the part of its healthy slices that is judged. */
export function healthyValues(scan: PreparedScan, truth: Uint8Array, mostMm2: number): Float32Array {
  const { volume, prepared } = scan;
  const { dims } = volume;
  const score = intensityScore(scan);
  const judged = erode(prepared.brain, dims, BRAIN_EROSION_VOXELS);
  const { grid } = prepared;
  const healthy = new Set(healthySlices(truth, grid, mostMm2));
  const axis = grid.axes[2] as 0 | 1 | 2;
  const stride = [1, dims[0], dims[0] * dims[1]][axis] as number;
  return score.filter((_, i) => {
    if (judged[i] === 0) return false;
    const at = Math.floor(i / stride) % dims[axis];
    return healthy.has(grid.flips[2] ? grid.count - 1 - at : at);
  });
}

/** The level that few of these healthy values pass; null where there are none. */
export function levelOfHealthy(values: readonly Float32Array[]): number | null {
  const all = new Float32Array(values.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of values) {
    all.set(part, at);
    at += part.length;
  }
  all.sort();
  return all[Math.floor(all.length * (1 - HEALTHY_SHARE))] ?? null;
}

/**
 * Plain thresholds of the scan, which a network has to beat.
 * @param truth is looked at by the oracle alone
 * @param reference the level of the training's healthy slices
 * @param own the level of the scan's own healthy slices, null where it has none
 */
export function baselines(
  scan: PreparedScan,
  truth: Uint8Array,
  reference: number | null,
  own: number | null,
): Thresholded[] {
  const smoothed = intensityScore(scan);
  const oracle = bestThreshold(smoothed, truth, scan.volume.dims);
  const rows: { method: MeasuredMethod; score: Float32Array; threshold: number | null }[] = [
    { method: 'flair-z1.5', score: intensityScore(scan, 0), threshold: PLAIN_Z },
    { method: 'flair-smoothed', score: smoothed, threshold: reference },
    { method: 'flair-smoothed-own', score: smoothed, threshold: own },
    { method: 'flair-smoothed-oracle', score: smoothed, threshold: oracle },
  ];
  return rows.flatMap(({ threshold, ...row }) => (threshold === null ? [] : [{ ...row, threshold }]));
}
