import type { Dims } from '../volume/volume';
import { removeSmall, type Connectivity } from './components';

/**
 * Components of fewer voxels than this are noise rather than lesions: about 10 mm3 at 1 mm, near the 3 mm diameter that
 * the MS imaging guidelines ask of a lesion.
 */
export const MIN_LESION_VOXELS = 10;
/** I_ro is not judged this near the edge of the brain mask: cortex, vessels and what the skull-stripping left. */
export const BRAIN_EROSION_VOXELS = 2;

/** What counts as a lesion above the threshold. */
export interface LesionRules {
  /** Components of fewer voxels are left out. */
  readonly minVoxels: number;
  /** Which voxels hang together as one lesion. */
  readonly connectivity: Connectivity;
}
export const defaultRules: LesionRules = { minVoxels: MIN_LESION_VOXELS, connectivity: 26 };

export function sameRules(a: LesionRules, b: LesionRules): boolean {
  return a.minVoxels === b.minVoxels && a.connectivity === b.connectivity;
}

/**
 * The lesion mask: I_ro above the threshold, without small components.
 * @param iro on the source grid, 0 where it is not judged
 * @returns 0 or 1 for each voxel
 */
export function lesionMask(
  iro: Float32Array,
  dims: Dims,
  threshold: number,
  { minVoxels, connectivity }: LesionRules = defaultRules,
): Uint8Array {
  const mask = new Uint8Array(iro.length);
  for (let i = 0; i < iro.length; i++) mask[i] = (iro[i] as number) > threshold ? 1 : 0;
  return minVoxels > 1 ? removeSmall(mask, dims, minVoxels, connectivity) : mask;
}
