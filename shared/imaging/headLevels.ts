import { z } from 'zod';

/*
 * Levels of the head: how far below the top of the brain a slice lies. False lesions appear where a network was shown no
 * healthy slice of that level, so it is worth knowing which levels a reference covers.
 */

/**
 * A level is covered where a healthy slice lies within so much of it. Ten slices spread over the 110 to 150 mm of a brain
 * lie 12 to 15 mm apart, so that between two of them no level is further from one than half of that.
 */
export const LEVEL_REACH_MM = 10;

/** The slices that show brain, counted from the bottom, and how far one lies above the last. */
export const headExtentSchema = z.object({
  first: z.number().int().nonnegative(),
  last: z.number().int().nonnegative(),
  sliceMm: z.number().positive(),
});
export type HeadExtent = Readonly<z.infer<typeof headExtentSchema>>;

/** How far each slice lies below the top of the brain, in mm; negative above it. */
export function levelsMm(slices: readonly number[], { last, sliceMm }: HeadExtent): number[] {
  return slices.map((slice) => (last - slice) * sliceMm);
}

export const levelCoverSchema = z.object({
  /** First and last slice of each stretch that no healthy slice is near to, from the bottom. */
  uncovered: z.array(z.tuple([z.number().int(), z.number().int()]).readonly()).readonly(),
  /** Share of the brain's levels in them. */
  share: z.number(),
});
export type LevelCover = Readonly<z.infer<typeof levelCoverSchema>>;

/** Which slices of a brain lie at levels that no healthy slice covers. @param referenceMm levels of the healthy slices */
export function coverOf(head: HeadExtent, referenceMm: readonly number[]): LevelCover {
  const uncovered: [number, number][] = [];
  let count = 0;
  for (let slice = head.first; slice <= head.last; slice += 1) {
    const [level] = levelsMm([slice], head) as [number];
    if (referenceMm.some((mm) => Math.abs(mm - level) <= LEVEL_REACH_MM)) continue;
    count += 1;
    const open = uncovered.at(-1);
    if (open && open[1] === slice - 1) open[1] = slice;
    else uncovered.push([slice, slice]);
  }
  return { uncovered, share: count / Math.max(1, head.last - head.first + 1) };
}

/** The sentence about levels that are not covered, slices counted from 0 or 1; null where all are. */
export function coverSentence({ uncovered, share }: LevelCover, countedFrom: 0 | 1): string | null {
  if (uncovered.length === 0) return null;
  const stretches = uncovered.map(([first, last]) => {
    const [from, to] = [first + countedFrom, last + countedFrom];
    return from === to ? String(from) : `${from} to ${to}`;
  });
  return `The healthy reference leaves levels of the head uncovered: slices ${stretches.join(', ')} of this scan, ${Math.round(share * 100)} % of its height, have no healthy slice within ${LEVEL_REACH_MM} mm of their level. False lesions are likely there.`;
}
