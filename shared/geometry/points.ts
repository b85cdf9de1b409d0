import type { Triple } from '../volume/volume';

/**
 * Points of different spaces are different types, so that voxels, millimetres and slice pixels cannot be mixed up.
 * Whole numbers are centres of voxels and pixels.
 */
declare const space: unique symbol;

/** Voxel indices along the source's x, y and z. */
export type VoxelPoint = Triple & { readonly [space]: 'voxel' };
/** Millimetres towards the patient's right, front and top (RAS+). */
export type WorldPoint = Triple & { readonly [space]: 'world' };
/** Slice number, row and column in a stack of slices. */
export type SlicePoint = Triple & { readonly [space]: 'slice' };

export function voxelPoint(x: number, y: number, z: number): VoxelPoint {
  return [x, y, z] as unknown as VoxelPoint;
}

export function worldPoint(rightMm: number, anteriorMm: number, superiorMm: number): WorldPoint {
  return [rightMm, anteriorMm, superiorMm] as unknown as WorldPoint;
}

export function slicePoint(slice: number, row: number, column: number): SlicePoint {
  return [slice, row, column] as unknown as SlicePoint;
}
