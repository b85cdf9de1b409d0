import { z } from 'zod';
import { headExtentSchema, levelCoverSchema } from '../imaging/headLevels';
import { baselineDifferenceSchema } from '../lesions/difference';

/*
 * What a batch keeps of each scan, in batch/ID.json: whether it is done, from what, and the figures that the group's report
 * is made of. It is written after the results, so that a scan with a record that says "done" has all its files.
 */

const figure = z.number();
const lesionRow = z.object({
  id: z.number().int(),
  voxels: z.number().int(),
  volumeMm3: z.number(),
  centreVox: z.tuple([figure, figure, figure]),
  centreMm: z.tuple([figure, figure, figure]),
  /** null for the intensity baseline, and where there was one prediction alone. */
  meanIro: figure.nullable().default(null),
  spreadIro: figure.nullable().default(null),
});

/** What the outliers of a cohort are found by. */
export const figuresSchema = z.object({
  lesions: z.number().int().nonnegative(),
  lesionVolumeMm3: z.number().nonnegative(),
  largestMm3: z.number().nonnegative(),
  brainMm3: z.number().nonnegative(),
  threshold: z.number(),
  /** The level of the score that one in a thousand of the brain's voxels pass. */
  scoreP999: z.number(),
});
export type Figures = z.infer<typeof figuresSchema>;

/** What is the same for every state. */
const about = {
  format: z.literal('asc-net-batch-record'),
  version: z.literal(1),
  id: z.string(),
  subject: z.string(),
  session: z.string().nullable(),
  /** Absolute path of the scan. */
  source: z.string(),
  /** SHA-256 over the input, the model and the settings; null where the input could not be read. */
  fingerprint: z.string().nullable(),
  software: z.string(),
  at: z.string(),
};

const doneSchema = z.object({
  ...about,
  state: z.literal('done'),
  /** Paths below the output folder (with forward slashes), with their sizes in bytes. */
  files: z.record(z.string(), z.number().int().nonnegative()),
  mask: z.string(),
  score: z.string(),
  page: z.string(),
  scoreName: z.enum(['I_ro', 'robust z']),
  reason: z.string(),
  figures: figuresSchema,
  rows: z.array(lesionRow),
  /** The plain threshold beside the mask; null for the intensity baseline itself. */
  difference: baselineDifferenceSchema.nullable().default(null),
  /** Where the brain lies in the scan, and which of its levels the healthy reference leaves uncovered, where that is known. */
  levels: z
    .object({ head: headExtentSchema, ...levelCoverSchema.shape })
    .nullable()
    .default(null),
  histogram: z.object({ low: z.number(), high: z.number(), counts: z.array(z.number()) }),
  grid: z.unknown(),
  facts: z.record(z.string(), z.unknown()),
  warnings: z.array(z.string()),
  /** PNG, base64: the slice with most lesion in it. */
  thumbnail: z.string(),
  /** How long its parts took, in ms. */
  tookMs: z.object({ prepare: z.number(), network: z.number(), finish: z.number() }),
});
const failedSchema = z.object({
  ...about,
  state: z.literal('failed'),
  failure: z.object({ kind: z.string(), message: z.string(), detail: z.string() }),
});
const startedSchema = z.object({ ...about, state: z.literal('started') });

export const recordSchema = z.discriminatedUnion('state', [doneSchema, failedSchema, startedSchema]);
export type BatchRecord = z.infer<typeof recordSchema>;
export type DoneRecord = z.infer<typeof doneSchema>;
export type FailedRecord = z.infer<typeof failedSchema>;
