import { niftiBytes } from '../../../../shared/volume/nifti';
import type { Dims, NiftiHeader, Volume } from '../../../../shared/volume/volume';

/** A small valid file of ours: voxel i of the 4 x 3 x 2 grid holds i. */
export function makeNifti(version: 1 | 2 = 1, type: 'uint8' | 'int16' | 'float32' = 'int16'): Uint8Array {
  const dims: Dims = [4, 3, 2];
  const values = Array.from({ length: 24 }, (_, i) => i);
  const data = { uint8: Uint8Array, int16: Int16Array, float32: Float32Array }[type].from(values);
  const header: NiftiHeader = {
    version,
    littleEndian: true,
    pair: false,
    dim: [3, 4, 3, 2, 1, 1, 1, 1],
    datatype: 4,
    bitpix: 16,
    pixdim: [1, 2, 3, 4, 1, 1, 1, 1],
    voxOffsetBytes: version === 1 ? 352 : 544,
    slope: 1,
    intercept: 0,
    xyztUnits: 2,
    qformCode: 0,
    sformCode: 1,
    quatern: [0, 0, 0],
    qoffset: [0, 0, 0],
    srow: [2, 0, 0, -3, 0, 3, 0, -4, 0, 0, 4, -5],
    description: '',
    intentCode: 0,
    extensions: new Uint8Array(0),
  };
  const like: Pick<Volume, 'dims' | 'affine' | 'zooms' | 'header'> = {
    dims,
    affine: [...header.srow, 0, 0, 0, 1],
    zooms: [2, 3, 4],
    header,
  };
  return niftiBytes({ dims, data, like, description: 'made for a test' });
}

/** Where fields lie: nifti1.h and nifti2.h. */
export const fields = {
  1: {
    dim: 40,
    datatype: 70,
    voxOffset: 108,
    slope: 112,
    intercept: 116,
    units: 123,
    description: 148,
    qformCode: 252,
    sformCode: 254,
    quatern: 256,
    srow: 280,
    magic: 344,
  },
  2: {
    dim: 16,
    datatype: 12,
    voxOffset: 168,
    slope: 176,
    intercept: 184,
    units: 500,
    description: 240,
    qformCode: 344,
    sformCode: 348,
    quatern: 352,
    srow: 400,
    magic: 4,
  },
} as const;

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
