import { z } from 'zod';
import { ExpectedError } from '../failure';
import {
  chooseSliceGrid,
  sliceGridSchema,
  slicePlaneSchema,
  volumeToSlices,
  type SliceGrid,
  type SliceGridOptions,
} from '../geometry/sliceGrid';
import { channelOffsets, channelOffsetsMm, withNeighbours } from '../geometry/neighbours';
import { sameGrid, showGrids } from '../geometry/sameGrid';
import { trueValues } from '../volume/nifti';
import type { Volume } from '../volume/volume';
import type { HeadExtent } from './headLevels';
import { findBrainMask, type BrainMask } from './brainMask';
import { contrastSchema, type Contrast, type OfContrasts } from './contrasts';
import {
  findNormalisation,
  findQuartileNormalisation,
  findRobustNormalisation,
  normalisationSchema,
  normalise,
  type Normalisation,
} from './normalisation';
import { sortedInside } from './percentiles';
import { scanStatistics, scanStatisticsSchema, type ScanStatistics } from './scanStatistics';
import { smoothInMask } from './smoothing';

/** What is chosen about a preparation. Stored with sets and runs, and applied the same when a model segments. */
export const preparationSchema = z.strictObject({
  normalisation: z.enum(['robust-z', 'percentile']),
  /** Sigma of the Gaussian that smooths the scan inside the brain, in mm; 0 leaves it as it is. */
  smoothingMm: z.number().min(0).max(5),
  /** The plane of the slices; null: axial, or across the long side of thick slices, for each scan by itself. */
  plane: slicePlaneSchema.nullable().default(null),
  /** The common spacing: side of a pixel in mm; null makes the brain of each scan fill the slice. */
  pixelMm: z.number().positive().nullable().default(null),
  /** Rows and columns of a slice, a multiple of 16. Published: 160. */
  sidePixels: z.number().int().min(16).max(1024).multipleOf(16).default(160),
  /** How far above and below a slice its neighbours are taken from, as further channels; 0 takes none. */
  neighbourMm: z.number().min(0).max(20).default(0),
  /** Scans of other contrasts on the same grid that follow as further channels, in this order. */
  contrasts: z.array(contrastSchema).default([]),
});
export type Preparation = z.infer<typeof preparationSchema>;

export const defaultPreparation: Preparation = {
  normalisation: 'percentile',
  smoothingMm: 0,
  plane: null,
  pixelMm: null,
  sidePixels: 160,
  neighbourMm: 0,
  contrasts: [],
};

/** How many channels an image has. */
export function channelsOf({
  neighbourMm,
  contrasts,
}: Pick<Preparation, 'neighbourMm' | 'contrasts'>): number {
  return channelOffsetsMm(neighbourMm).length + contrasts.length;
}

/** What is kept of a scan's preparation, with the sets and the runs that were made of it: how to go there and back. */
export const preparedScanSchema = z.strictObject({
  name: z.string(),
  sha256: z.string(),
  grid: sliceGridSchema,
  normalisation: normalisationSchema,
  maskMethod: z.enum(['skull-stripped', 'head', 'given']),
  /** Its levels, to hold later scans against; runs of before have none. */
  statistics: scanStatisticsSchema.optional(),
  /** Of the scans of other contrasts, in the preparation's order. */
  contrasts: z.array(normalisationSchema).default([]),
});

/** A volume as the network sees it, with all that is needed to go back. */
export interface PreparedVolume {
  readonly grid: SliceGrid;
  readonly preparation: Preparation;
  readonly normalisation: Normalisation;
  readonly maskMethod: BrainMask['method'] | 'given';
  /** The scan's true values and its brain mask, on the source grid. */
  readonly values: Float32Array;
  readonly brain: Uint8Array;
  /** [count, height, width] in [0, 1], 0 outside the brain. */
  readonly slices: Float32Array;
  /** The same of the other contrasts, in the preparation's order. */
  readonly contrasts: readonly { readonly slices: Float32Array; readonly normalisation: Normalisation }[];
  /** Which slices make an image, from the slice itself on: 0, or 0 with its neighbours below and above. */
  readonly channelOffsets: readonly number[];
  /** Which slices hold enough brain to learn from. */
  readonly brainSlices: readonly number[];
  readonly statistics: ScanStatistics;
  /** How many voxels were not finite and count as background. */
  readonly nonFinite: number;
  /** What the reader should know about it. */
  readonly warnings: readonly string[];
}

/** A slice counts as brain from this area on: less is the tip of the skull base or of the vertex. */
export const MIN_BRAIN_MM2 = 1500;

export interface PrepareOptions extends Pick<SliceGridOptions, 'height' | 'width'> {
  /** The user's own brain mask on the volume's grid, in place of the one that is found. */
  readonly brain?: Uint8Array;
  readonly preparation?: Preparation;
  /** The scans of other contrasts; those that the preparation names. */
  readonly contrasts?: OfContrasts<Volume>;
}

/**
 * The one way from a volume to slices: brain mask, smoothing, intensities to [0, 1] by figures of the whole volume (never
 * of a single slice), slice grid, resampling. A .npy set that lies in [0, 1] already keeps its values.
 * @throws ExpectedError empty-set when no brain is found; settings-invalid and shape-mismatch for a contrast that is not
 *   there or lies on another grid
 */
export function prepareVolume(volume: Volume, options: PrepareOptions = {}): PreparedVolume {
  const { preparation = defaultPreparation } = options;
  const { values, nonFinite } = trueValues(volume);
  const kind = volume.layout === 'stack' ? 'stack' : 'volume';
  const { mask: brain, method } = options.brain
    ? { mask: options.brain, method: 'given' as const }
    : findBrainMask(values, volume.dims, volume.zooms, kind);
  if (!brain.includes(1)) {
    throw new ExpectedError(
      'empty-set',
      options.brain
        ? 'The brain mask is empty on this volume: choose the mask of this very scan.'
        : 'No brain was found in this volume: all voxels are equal. Choose another file.',
    );
  }
  const { height = preparation.sidePixels, width = preparation.sidePixels } = options;
  const grid = chooseSliceGrid(volume, brain, {
    ...{ height, width },
    ...(preparation.plane === null ? {} : { plane: preparation.plane }),
    ...(preparation.pixelMm === null ? {} : { pixelMm: preparation.pixelMm }),
  });
  const isPrepared = volume.layout === 'stack' && values.every((value) => value >= 0 && value <= 1);
  const smooth =
    isPrepared || preparation.smoothingMm === 0
      ? values
      : smoothInMask(values, brain, volume.dims, volume.zooms, preparation.smoothingMm);
  const inside = sortedInside(values, brain);
  const normalisation: Normalisation = isPrepared
    ? { method: 'percentile', lowerPercentile: 0, upperPercentile: 100, upperLevel: 1, lower: 0, upper: 1 }
    : preparation.normalisation === 'robust-z'
      ? // Of the scan as it is: smoothing narrows the spread of noise, and lesions would seem the brighter for it.
        findRobustNormalisation(inside)
      : findNormalisation(smooth === values ? inside : sortedInside(smooth, brain));
  const slices = volumeToSlices(grid, normalise(smooth, brain, normalisation));
  return {
    grid,
    preparation,
    normalisation,
    maskMethod: method,
    values,
    brain,
    slices,
    contrasts: preparation.contrasts.map((name) => {
      const other = contrastOf(volume, name, options.contrasts ?? {});
      const blurred =
        preparation.smoothingMm === 0
          ? other
          : smoothInMask(other, brain, volume.dims, volume.zooms, preparation.smoothingMm);
      const found = findQuartileNormalisation(sortedInside(other, brain));
      return { slices: volumeToSlices(grid, normalise(blurred, brain, found)), normalisation: found };
    }),
    channelOffsets: channelOffsets(preparation.neighbourMm, grid.sourceZooms[grid.axes[2] as 0 | 1 | 2]),
    brainSlices: slicesWithBrain(grid, slices),
    statistics: scanStatistics(inside),
    nonFinite,
    warnings: preparationWarnings(nonFinite, method),
  };
}

/** The slices of a prepared volume that show brain; its whole stack where none shows enough. */
export function headOf({ grid, brainSlices }: Pick<PreparedVolume, 'grid' | 'brainSlices'>): HeadExtent {
  return {
    first: brainSlices[0] ?? 0,
    last: brainSlices.at(-1) ?? grid.count - 1,
    sliceMm: grid.sourceZooms[grid.axes[2] as 0 | 1 | 2],
  };
}

/**
 * Images [wanted.length, height, width, channels] of some slices of a prepared volume: the slice, its neighbours and the
 * other contrasts.
 */
export function imagesOf(
  {
    slices,
    contrasts,
    channelOffsets: offsets,
    grid,
  }: Pick<PreparedVolume, 'slices' | 'contrasts' | 'channelOffsets' | 'grid'>,
  wanted: readonly number[],
): Float32Array {
  const size = grid.height * grid.width;
  const own = withNeighbours(slices, size, wanted, offsets);
  if (contrasts.length === 0) return own;
  const channels = offsets.length + contrasts.length;
  const out = new Float32Array(wanted.length * size * channels);
  for (let i = 0; i < wanted.length * size; i += 1) {
    for (let c = 0; c < offsets.length; c += 1) out[i * channels + c] = own[i * offsets.length + c] as number;
    const from = (wanted[Math.floor(i / size)] as number) * size + (i % size);
    contrasts.forEach((contrast, c) => {
      out[i * channels + offsets.length + c] = contrast.slices[from] as number;
    });
  }
  return out;
}

/** The true values of a contrast that a preparation names. */
function contrastOf(volume: Volume, name: Contrast, given: OfContrasts<Volume>): Float32Array {
  const other = given[name];
  if (!other) {
    throw new ExpectedError(
      'settings-invalid',
      `The network looks at ${name} as well: give the ${name} of this scan, on the same grid (in Data, or with --${name.toLowerCase()}).`,
    );
  }
  mustLieOnGrid(name, other, volume);
  return trueValues(other).values;
}

/** @throws ExpectedError shape-mismatch where the scan of another contrast lies on another grid than the first */
export function mustLieOnGrid(name: Contrast, other: Volume, scan: Volume): void {
  if (sameGrid(other, scan)) return;
  throw new ExpectedError(
    'shape-mismatch',
    `The ${name} lies on another grid than the scan: ${showGrids(other, scan)}. Register and resample it to the scan first.`,
  );
}

function preparationWarnings(nonFinite: number, method: PreparedVolume['maskMethod']): string[] {
  const warnings = [];
  if (nonFinite > 0) warnings.push(nonFiniteWarning(nonFinite));
  if (method === 'head') {
    warnings.push(
      'The scan is not skull-stripped: its brain mask is the whole head, skull and scalp too. Skull-strip it, or give a brain mask.',
    );
  }
  return warnings;
}

/** What the reader is told about NaN and infinite voxels. */
export function nonFiniteWarning(voxels: number): string {
  return `${voxels} voxels are not numbers (NaN or infinite); they are taken as background.`;
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
