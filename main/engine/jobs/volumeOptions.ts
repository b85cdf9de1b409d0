import type { SlicePlane } from '../../../shared/geometry/sliceGrid';
import type { Preparation } from '../../../shared/imaging/preparation';
import type { ReadVolumeOptions } from '../../files/readVolume';

/** What a user can say about how volumes are read and become slices, for preparing sets and for segmenting alike. */
export interface VolumeOptions extends ReadVolumeOptions {
  /** The plane of the slices; unless given, as the preparation says (see Preparation). */
  readonly plane?: SlicePlane | undefined;
  /** Side of a pixel in mm, null to make the brain fill the slice; unless given, as the preparation says. */
  readonly pixelMm?: number | null | undefined;
  /** Take masks that lie on another grid over to the volume's, by the nearest voxel. */
  readonly resampleMasks?: boolean | undefined;
}

/** A preparation with what the user has said about it. */
export function preparationWith(preparation: Preparation, { plane, pixelMm }: VolumeOptions): Preparation {
  return {
    ...preparation,
    ...(plane === undefined ? {} : { plane }),
    ...(pixelMm === undefined ? {} : { pixelMm }),
  };
}
