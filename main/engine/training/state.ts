import { z } from 'zod';
import type { WeightArrays } from '../network/weights';

/**
 * All that a training is at one moment, apart from its arrays: with them it can go on from exactly here. Plain data, so
 * that it can be written to a file.
 */

const word = z.number().int().min(0).max(0xffff_ffff);
const randomState = z.tuple([word, word, word, word]);
const stage = z.union([z.literal(1), z.literal(2)]);
const termSums = z.strictObject({ count: z.number().int().min(0), sums: z.record(z.string(), z.number()) });
export type TermSums = z.infer<typeof termSums>;

/** Mean losses of one cycle, and what its end looked like. */
export const cycleRecordSchema = z.strictObject({
  cycle: z.number().int(),
  stage,
  /** mae, weightDecay, total; null where the cycle was stopped before D's first step. */
  discriminator: z.record(z.string(), z.number()).nullable(),
  /** adversarial, reconstruction, disjointness, weightDecay, total; null where it was stopped before M's first step. */
  generator: z.record(z.string(), z.number()).nullable(),
  /** Steps of each, and how long they took without pauses. */
  discriminatorSteps: z.number().int(),
  generatorSteps: z.number().int(),
  discriminatorMs: z.number(),
  generatorMs: z.number(),
  /** Where the histogram of I_ro in the brain has peaks, 0..1, and whether it has split; null where it was not measured. */
  peaks: z.array(z.number()).nullable(),
  split: z.boolean().nullable(),
  /** Distance of the 5th from the 95th percentile of I_ro in the brain; null where it was not measured. */
  iroSpread: z.number().nullable(),
  /** What looked wrong, in sentences. */
  warnings: z.array(z.string()),
});
export type CycleRecord = z.infer<typeof cycleRecordSchema>;

export const trainingStateSchema = z.strictObject({
  /** The cycle at work, from 1; one more than the last where all are done. */
  cycle: z.number().int().min(1),
  stage,
  phase: z.enum(['discriminator', 'generator']),
  /** Epochs of the phase, and steps of its epoch, that are done. */
  epoch: z.number().int().min(0),
  step: z.number().int().min(0),
  /** Whether the D of this cycle exists. */
  discriminatorReady: z.boolean(),
  random: randomState,
  /** The random state before the order of the epoch at work was drawn: it is drawn again on resuming; null between epochs. */
  epochRandom: randomState.nullable(),
  /** Steps that each optimizer has taken. */
  generatorAdamStep: z.number().int().min(0),
  discriminatorAdamStep: z.number().int().min(0),
  discriminatorTerms: termSums,
  generatorTerms: termSums,
  discriminatorMs: z.number(),
  generatorMs: z.number(),
  /** Steps of M in this cycle whose adversarial term was not saturated. */
  openSteps: z.number().int().min(0),
  /** Cycles in a row whose histogram had split. */
  confirmations: z.number().int().min(0),
  /** Into how many pieces the device's memory made it cut a batch (see BatchPieces). */
  batchPieces: z.number().int().min(1).default(1),
  /** Whether I_ro has shown contrast at the end of some cycle. */
  hadContrast: z.boolean(),
  /** Time spent training, pauses not counted. */
  workedMs: z.number(),
  /** Why it ended; null while it can go on. */
  ended: z.enum(['split', 'cycles']).nullable(),
  history: z.array(cycleRecordSchema),
});
export type TrainingState = z.infer<typeof trainingStateSchema>;

/** A training that can be continued. */
export interface Checkpoint {
  readonly state: TrainingState;
  /** Weights and optimizer moments by name. */
  readonly arrays: WeightArrays;
  /** Whether it was taken at the end of a cycle after which nothing was wrong (see CycleHealth.sound). */
  readonly healthy: boolean;
}
