import type { Affine, Dims, Triple } from '../volume/volume';

/** Which anatomical plane the slices lie in. */
export type SlicePlane = 'axial' | 'coronal' | 'sagittal';

/**
 * How a volume becomes a stack of equally sized slices and how the stack goes back. Plain data: it is stored with
 * prepared sets, runs and masks.
 *
 * Slices are laid out for radiological display: axial rows run from anterior to posterior and columns from the
 * patient's right to left; coronal rows from superior to inferior, columns right to left; sagittal rows superior to
 * inferior, columns anterior to posterior. Slice 0 is the most inferior (axial), posterior-most (coronal) or
 * right-most (sagittal). No resampling happens along the slicing axis: slice k is one plane of the source's voxels.
 */
export interface SliceGrid {
  readonly version: 1;
  readonly sourceDims: Dims;
  readonly sourceZooms: Triple;
  readonly sourceAffine: Affine;
  readonly plane: SlicePlane;
  /** Source voxel axis (0, 1, 2) that runs along columns (left to right on screen), rows (downwards) and slices. */
  readonly axes: readonly [number, number, number];
  /** Whether the source axis runs against the column, row or slice direction. */
  readonly flips: readonly [boolean, boolean, boolean];
  /** Pixel rows and columns of a slice; each a multiple of 16. */
  readonly height: number;
  readonly width: number;
  /** Number of slices: the source's extent along the slicing axis. */
  readonly count: number;
  /** In-plane size of a pixel in mm, the same along rows and columns. */
  readonly pixelMm: number;
  /**
   * Where the centre of the slice lies: source voxel position, in units of reoriented voxels along columns and rows
   * (0 is the centre of the first voxel).
   */
  readonly centreVox: readonly [number, number];
  /** How pixelMm was chosen. */
  readonly fit: 'brain' | 'spacing';
}
