/**
 * A volume of voxels and where it lies in space. The data stay in the type they had in the file; the true value of
 * voxel i is `data[i] * slope + intercept`. x runs fastest, then y, then z (NIfTI order).
 */
export interface Volume {
  readonly dims: Dims;
  readonly data: VoxelArray;
  readonly slope: number;
  readonly intercept: number;
  /** Voxel indices to mm in RAS+ world space, row-major 4x4 (nibabel's rule: sform, else qform, else zooms). */
  readonly affine: Affine;
  /** Voxel size along each voxel axis in mm. */
  readonly zooms: Triple;
  /** The header as it was in the file, for writing results on the same grid; null where the source had none (.npy). */
  readonly header: NiftiHeader | null;
  /** How an array without a header was taken; absent where there is a header. */
  readonly layout?: 'stack' | 'volume';
  /** Sentences that the reader should see, e.g. that sform and qform disagree. */
  readonly warnings: readonly string[];
}

export type Triple = readonly [number, number, number];
/** Number of voxels along x, y and z. */
export type Dims = Triple;

/** Row-major 4x4: [m00, m01, m02, m03, m10, ...]; the last row is 0 0 0 1. */
export type Affine = readonly number[];

export type VoxelArray =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array | Float32Array | Float64Array;

/** The fields of a NIfTI-1 or NIfTI-2 header that this program reads or carries over to its outputs. */
export interface NiftiHeader {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  /** Whether the voxels are in a separate .img file. */
  readonly pair: boolean;
  /** dim[0..7] as in the file. */
  readonly dim: readonly number[];
  readonly datatype: number;
  readonly bitpix: number;
  /** pixdim[0..7]; pixdim[0] is qfac. */
  readonly pixdim: readonly number[];
  readonly voxOffsetBytes: number;
  readonly slope: number;
  readonly intercept: number;
  readonly xyztUnits: number;
  readonly qformCode: number;
  readonly sformCode: number;
  /** quatern_b, quatern_c, quatern_d. */
  readonly quatern: Triple;
  readonly qoffset: Triple;
  /** srow_x, srow_y, srow_z: 12 numbers, row-major. */
  readonly srow: readonly number[];
  readonly description: string;
  readonly intentCode: number;
  /**
   * Raw header extensions (esize, ecode, data) as bytes in the file's byte order; empty where there are none. Masks and maps
   * keep them, but those with DICOM attributes only where the user asks for it.
   */
  readonly extensions: Uint8Array;
}

/** Number of voxels of a grid. */
export function voxelCount(dims: Dims): number {
  return dims[0] * dims[1] * dims[2];
}

/** Volume of one voxel in mm3. */
export function voxelVolumeMm3(zooms: Triple): number {
  return Math.abs(zooms[0] * zooms[1] * zooms[2]);
}
