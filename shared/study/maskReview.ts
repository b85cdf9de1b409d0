import { z } from 'zod';
import { decisionSchema, signedSchema } from './studyFile';

const range = z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]);

/** What a reader has decided on a mask: travels in the JSON beside it, so that a mask that is taken in again is reviewed. */
export const maskReviewSchema = z.strictObject({
  decisions: z.array(decisionSchema),
  declared: z.enum(['done', 'flagged']).nullable(),
  declaredOn: signedSchema.nullable(),
  slices: z.strictObject({ done: z.array(range), flagged: z.array(range) }),
});
export type MaskReview = z.infer<typeof maskReviewSchema>;

/** The review in a mask's JSON; null where there is none that can be read. */
export function reviewIn(sidecar: string): MaskReview | null {
  try {
    const { Review: review } = JSON.parse(sidecar) as { Review?: unknown };
    return maskReviewSchema.safeParse(review).data ?? null;
  } catch {
    return null;
  }
}
