import { z } from 'zod';
import type { Dims } from '../volume/volume';
import { removeSmall, type Connectivity } from './components';

/**
 * Components of fewer voxels than this are noise rather than lesions: about 10 mm3 at 1 mm, near the 3 mm diameter that
 * the MS imaging guidelines ask of a lesion.
 */
export const MIN_LESION_VOXELS = 10;
/** I_ro is not judged this near the edge of the brain mask: cortex, vessels and what the skull-stripping left. */
export const BRAIN_EROSION_VOXELS = 2;

/** The most that the rim can be made. */
export const MOST_EROSION_VOXELS = 6;

/** What counts as a lesion above the threshold. */
export const lesionRulesSchema = z.strictObject({
  /** Components of fewer voxels are left out. */
  minVoxels: z.number().int().min(1),
  /** Which voxels hang together as one lesion. */
  connectivity: z.union([z.literal(6), z.literal(18), z.literal(26)]) satisfies z.ZodType<Connectivity>,
  /** Width of the brain's rim in which nothing counts. */
  erosionVoxels: z.number().int().min(0).max(MOST_EROSION_VOXELS),
});
export type LesionRules = Readonly<z.infer<typeof lesionRulesSchema>>;
export const defaultRules: LesionRules = {
  minVoxels: MIN_LESION_VOXELS,
  connectivity: 26,
  erosionVoxels: BRAIN_EROSION_VOXELS,
};

export function sameRules(a: LesionRules, b: LesionRules): boolean {
  return (
    a.minVoxels === b.minVoxels && a.connectivity === b.connectivity && a.erosionVoxels === b.erosionVoxels
  );
}

const JOINED = { 6: 'faces', 18: 'edges', 26: 'corners' } as const;

/** The rules in words, for reports. */
export function rulesSentence({ minVoxels, connectivity, erosionVoxels }: LesionRules): string {
  return `${minVoxels} voxels or more, joined by ${JOINED[connectivity]}, not in the outermost ${erosionVoxels} voxels of the brain`;
}

/**
 * The lesion mask: the score above the threshold, without the brain's rim and without small components.
 * @param score on the source grid, e.g. I_ro; 0 where it is not judged
 * @param depth of each voxel in the brain (see depths); null where the rim has been taken off the score already
 * @returns 0 or 1 for each voxel
 */
export function lesionMask(
  score: Float32Array,
  dims: Dims,
  threshold: number,
  { minVoxels, connectivity, erosionVoxels }: LesionRules = defaultRules,
  depth: Uint8Array | null = null,
): Uint8Array {
  const mask = new Uint8Array(score.length);
  for (let i = 0; i < score.length; i++) {
    const inside = depth === null || (depth[i] as number) > erosionVoxels;
    mask[i] = inside && (score[i] as number) > threshold ? 1 : 0;
  }
  return minVoxels > 1 ? removeSmall(mask, dims, minVoxels, connectivity) : mask;
}
