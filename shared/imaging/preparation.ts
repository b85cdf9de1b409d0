import { ExpectedError } from '../failure';
import {
  chooseSliceGrid,
  volumeToSlices,
  type SliceGrid,
  type SliceGridOptions,
} from '../geometry/sliceGrid';
import { trueValues } from '../volume/nifti';
import type { Volume } from '../volume/volume';
import { findBrainMask, type BrainMask } from './brainMask';
import { findNormalisation, normalise, type Normalisation } from './normalisation';

/** A volume as the network sees it, with all that is needed to go back. */
export interface PreparedVolume {
  readonly grid: SliceGrid;
  readonly normalisation: Normalisation;
  readonly maskMethod: BrainMask['method'];
  /** The scan's true values and its brain mask, on the source grid. */
  readonly values: Float32Array;
  readonly brain: Uint8Array;
  /** [count, height, width] in [0, 1], 0 outside the brain. */
  readonly slices: Float32Array;
  /** Which slices hold enough brain to learn from. */
  readonly brainSlices: readonly number[];
  /** How many voxels were not finite and count as background. */
  readonly nonFinite: number;
}

/** A slice counts as brain from this area on: less is the tip of the skull base or of the vertex. */
export const MIN_BRAIN_MM2 = 1500;

/**
 * The one way from a volume to slices: brain mask, intensities to [0, 1] by robust percentiles of the whole volume
 * (never of a single slice), slice grid, resampling. A .npy set that lies in [0, 1] already keeps its values.
 * @throws ExpectedError empty-set when no brain is found
 */
export function prepareVolume(volume: Volume, options: SliceGridOptions = {}): PreparedVolume {
  const { values, nonFinite } = trueValues(volume);
  const { mask: brain, method } = findBrainMask(
    values,
    volume.dims,
    volume.zooms,
    volume.header === null ? 'stack' : 'volume',
  );
  if (!brain.includes(1)) {
    throw new ExpectedError(
      'empty-set',
      'No brain was found in this volume: all voxels are equal. Choose another file.',
    );
  }
  const grid = chooseSliceGrid(volume, brain, options);
  const isPrepared = volume.header === null && values.every((value) => value >= 0 && value <= 1);
  const normalisation: Normalisation = isPrepared
    ? { method: 'percentile', lowerPercentile: 0, upperPercentile: 100, lower: 0, upper: 1 }
    : findNormalisation(values, brain);
  const slices = volumeToSlices(grid, normalise(values, brain, normalisation));
  return {
    grid,
    normalisation,
    maskMethod: method,
    values,
    brain,
    slices,
    brainSlices: slicesWithBrain(grid, slices),
    nonFinite,
  };
}

function slicesWithBrain(grid: SliceGrid, slices: Float32Array): number[] {
  const size = grid.height * grid.width;
  const needed = MIN_BRAIN_MM2 / (grid.pixelMm * grid.pixelMm);
  const out: number[] = [];
  for (let k = 0; k < grid.count; k++) {
    let area = 0;
    for (let i = k * size; i < (k + 1) * size; i++) if ((slices[i] as number) > 0) area += 1;
    // A .npy stack has no true pixel size; there, any slice that is not empty counts.
    if (area >= Math.min(needed, size / 50)) out.push(k);
  }
  return out;
}
