import { z } from 'zod';
import { doubtSchema } from '../imaging/doubt';
import { headExtentSchema, levelCoverSchema } from '../imaging/headLevels';
import { thresholdChoiceSchema, thresholdMethodSchema } from '../imaging/thresholdMethods';

/** What a segmentation found out beside I_ro, for whoever judges its mask. */
export const findingsSchema = z.object({
  /** The way that was taken to the threshold, and all that there were, the automatic one first. */
  method: thresholdMethodSchema.nullable(),
  thresholds: z.array(thresholdChoiceSchema),
  /** What may be wrong with the mask, and what else is to be known of the scan. */
  doubts: z.array(doubtSchema),
  notes: z.array(z.string()),
  head: headExtentSchema,
  /** Levels of the head without healthy slices in the training; null where that is not known. */
  cover: levelCoverSchema.nullable(),
  /** Whether the network can be adapted to a scan: it learned from pasted lesions. */
  adaptable: z.boolean(),
  /** How many samples the spread is made of, beside the mirror image. */
  samples: z.number().int(),
});
export type Findings = z.infer<typeof findingsSchema>;
