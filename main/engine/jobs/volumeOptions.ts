import type { SliceGridOptions, SlicePlane } from '../../../shared/geometry/sliceGrid';
import type { ReadVolumeOptions } from '../../files/readVolume';

/** What a user can say about how volumes are read and become slices, for preparing sets and for segmenting alike. */
export interface VolumeOptions extends ReadVolumeOptions {
  /** The plane of the slices; unless given: axial, or across the long side of thick slices. */
  readonly plane?: SlicePlane | undefined;
  /** Side of a pixel in mm; unless given, the brain is made to fill the slice. */
  readonly pixelMm?: number | undefined;
  /** Take masks that lie on another grid over to the volume's, by the nearest voxel. */
  readonly resampleMasks?: boolean | undefined;
}

/** What of it concerns the slice grid. */
export function gridOptions({ plane, pixelMm }: VolumeOptions): SliceGridOptions {
  return { ...(plane === undefined ? {} : { plane }), ...(pixelMm === undefined ? {} : { pixelMm }) };
}
