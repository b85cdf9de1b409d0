import { z } from 'zod';
import { voxelVolumeMm3, type Dims, type Triple } from '../volume/volume';
import { countComponents, type Connectivity } from './components';

/** The plain threshold on the smoothed scan beside the network's mask. */
export const baselineDifferenceSchema = z.object({
  /** In robust deviations. */
  threshold: z.number(),
  lesions: z.number().int(),
  volumeMm3: z.number(),
  /** Marked by both, by the network alone, and by the plain threshold alone. */
  bothMm3: z.number(),
  networkOnlyMm3: z.number(),
  baselineOnlyMm3: z.number(),
  /** Dice of the two masks; 1 where both are empty. */
  dice: z.number(),
});
export type BaselineDifference = Readonly<z.infer<typeof baselineDifferenceSchema>>;

/** Red, green and blue of what is marked by both and by one alone: apart to colour-blind eyes, and in no grey image. */
export const DIFFERENCE_COLOURS = {
  both: [255, 255, 255],
  network: [255, 159, 28],
  baseline: [204, 102, 214],
} as const satisfies Record<string, readonly [number, number, number]>;

export const DIFFERENCE_WORDS = {
  both: 'marked by both',
  network: 'by the network alone',
  baseline: 'by the plain threshold alone',
} as const;

/** What a mask has beyond the baseline's, and the other way round. @param mask, baseline 0 or 1 for each voxel */
export function baselineDifference(
  mask: Uint8Array,
  baseline: Uint8Array,
  threshold: number,
  { dims, zooms }: { readonly dims: Dims; readonly zooms: Triple },
  connectivity: Connectivity,
): BaselineDifference {
  let [both, network, plain] = [0, 0, 0];
  for (let i = 0; i < mask.length; i += 1) {
    if (mask[i] !== 0 && baseline[i] !== 0) both += 1;
    else if (mask[i] !== 0) network += 1;
    else if (baseline[i] !== 0) plain += 1;
  }
  const voxelMm3 = voxelVolumeMm3(zooms);
  const all = 2 * both + network + plain;
  return {
    threshold,
    lesions: countComponents(baseline, dims, connectivity),
    volumeMm3: (both + plain) * voxelMm3,
    bothMm3: both * voxelMm3,
    networkOnlyMm3: network * voxelMm3,
    baselineOnlyMm3: plain * voxelMm3,
    dice: all === 0 ? 1 : (2 * both) / all,
  };
}

/** It in one sentence. @param format of a volume */
export function differenceSentence(difference: BaselineDifference, format: (mm3: number) => string): string {
  const { threshold, volumeMm3, bothMm3, networkOnlyMm3, baselineOnlyMm3, dice } = difference;
  return `A plain threshold on the smoothed scan (z above ${threshold}) marks ${format(volumeMm3)}: ${format(bothMm3)} of it are in the mask, ${format(baselineOnlyMm3)} are not; the mask has ${format(networkOnlyMm3)} that it lacks (Dice of the two ${dice.toFixed(2)}).`;
}
