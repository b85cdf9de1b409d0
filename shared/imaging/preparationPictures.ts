import { sourcePlane, volumeToSlices, type SourcePlane } from '../geometry/sliceGrid';
import type { Contrast } from './contrasts';
import type { PreparedVolume } from './preparation';
import { percentileOfSorted, sortedInside } from './percentiles';

/** A picture: grey values 0..255, columns fastest. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  /** Height of a pixel over its width. */
  readonly pixelAspect: number;
  readonly pixels: Uint8Array;
}

/** One slice on its way from the scan to the network, step by step. */
export interface PreparationPictures {
  /** The plane of the scan's voxels, turned to canonical axes: nothing is resampled yet. */
  readonly canonical: GreyPicture;
  /** What of it the slice shows, in pixels of `canonical`; what lies outside of the plane is padding. */
  readonly kept: SourcePlane['slice'];
  /** The brain mask on the pixels of `canonical`. */
  readonly brain: Uint8Array;
  /** The whole plane, resampled to the pixel of the slices. */
  readonly resampled: GreyPicture;
  /** The slice: cropped, and padded where the scan ends. */
  readonly cropped: GreyPicture;
  /** What the network gets: inside the brain only, in [0, 1]. */
  readonly normalised: GreyPicture;
  /** The same of the other contrasts, in the preparation's order. */
  readonly contrasts: readonly { readonly name: Contrast; readonly picture: GreyPicture }[];
}

/** Grey levels of all pictures but the last: from the darkest voxel to what all but a few of the brain's lie under. */
const BRIGHTEST_PERCENTILE = 99.5;

/**
 * The pictures of the preparation of a volume, slice by slice. Made for one volume, because their grey levels are the
 * volume's.
 * @returns the pictures of slice k of the grid
 */
export function preparationPictures(
  prepared: Pick<PreparedVolume, 'grid' | 'preparation' | 'values' | 'brain' | 'slices' | 'contrasts'>,
): (slice: number) => PreparationPictures {
  const { grid, preparation, values, brain, slices, contrasts } = prepared;
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = percentileOfSorted(sortedInside(values, brain), BRIGHTEST_PERCENTILE);
  const scale = high > low ? 255 / (high - low) : 0;
  const grey = (
    of: Float32Array,
    width: number,
    height: number,
    pixelAspect = 1,
    from = low,
    factor = scale,
  ): GreyPicture => ({
    width,
    height,
    pixelAspect,
    pixels: Uint8Array.from(of, (value) => Math.max(0, Math.min(255, Math.round((value - from) * factor)))),
  });
  const { height, width } = grid;
  return (slice) => {
    const plane = sourcePlane(grid, values, slice);
    const [columnMm, rowMm] = plane.grid.sourceZooms;
    // The whole plane is a slice, too: one that is as large as the plane and lies in its middle.
    const whole = {
      ...plane.grid,
      width: Math.max(1, Math.round((plane.columns * columnMm) / grid.pixelMm)),
      height: Math.max(1, Math.round((plane.rows * rowMm) / grid.pixelMm)),
      centreVox: [(plane.columns - 1) / 2, (plane.rows - 1) / 2] as const,
    };
    const size = height * width;
    const seen = (of: Float32Array): GreyPicture =>
      grey(of.subarray(slice * size, (slice + 1) * size), width, height, 1, 0, 255);
    return {
      canonical: grey(plane.values, plane.columns, plane.rows, rowMm / columnMm),
      kept: plane.slice,
      brain: Uint8Array.from(sourcePlane(grid, brain, slice).values),
      resampled: grey(volumeToSlices(whole, plane.values, { background: low }), whole.width, whole.height),
      cropped: grey(volumeToSlices(plane.grid, plane.values, { background: low }), width, height),
      normalised: seen(slices),
      contrasts: preparation.contrasts.flatMap((name, i) => {
        const other = contrasts[i];
        return other ? [{ name, picture: seen(other.slices) }] : [];
      }),
    };
  };
}
