import { z } from 'zod';

/**
 * Every constant of a training, by name. Published values and where they come from are in the comments: "paper" is
 * Dey & Hong, MICCAI 2021 (arXiv 2103.03664); "scripts" are the authors' public training scripts.
 */
export const trainingSettingsSchema = z.strictObject({
  /** Which preset the settings started from. */
  preset: z.enum(['published', 'quick']),
  /** Channels of the first level; doubled at each of the four levels below. Scripts: 32. */
  baseWidth: z.number().int().min(1).max(64),
  /** Dropout rate after pooling and in the decoders. Scripts: 0.3. */
  dropout: z.number().min(0).max(0.9),
  /** L2 weight decay on every 3x3 kernel. Scripts: 2e-4. */
  weightDecay: z.number().min(0),
  /** Which disjointness and real set, as published. */
  stage: z.enum(['1', '2']),
  /** Upper bound of the number of cycles (one cycle: predict, train D, train M). Scripts: by hand. */
  maxCycles: z.number().int().min(1).max(10_000),
  /** Epochs of the discriminator in a cycle. Scripts: typed in by the operator. */
  discriminatorEpochs: z.number().int().min(0).max(1000),
  /** Epochs of the main module in a cycle. Scripts: typed in by the operator. */
  generatorEpochs: z.number().int().min(1).max(1000),
  /** Scripts: 72 per GPU. */
  discriminatorBatch: z.number().int().min(1).max(512),
  /** Scripts: 16 per GPU. */
  generatorBatch: z.number().int().min(1).max(512),
  /** Adam's learning rate for D. Scripts: 5e-5. */
  discriminatorRate: z.number().positive(),
  /** Adam's learning rate for M. Scripts: 5e-5. */
  generatorRate: z.number().positive(),
  /** Learning rate of the layer that mixes the cuts into I_ro, as a multiple of M's. Scripts: 1. */
  mixingRateFactor: z.number().positive(),
  /**
   * Start of the mixing layer, I_ro = sigmoid(ifcWeight I_fc + iwcWeight I_wc + bias); null starts it at random as the
   * scripts do, which leaves I_ro flat near 0.5 for a long time.
   */
  mixingStart: z.strictObject({ ifcWeight: z.number(), iwcWeight: z.number(), bias: z.number() }).nullable(),
  /** Weights of the three loss terms of M. Paper and scripts: all 1. */
  adversarialWeight: z.number().min(0),
  reconstructionWeight: z.number().min(0),
  disjointnessWeight: z.number().min(0),
  /** Whether each cycle begins with a newly initialised D. Scripts: yes. */
  newDiscriminatorEachCycle: z.boolean(),
  /** How the frozen D runs while M trains: with moving statistics, or with the batch's (Keras 2.2.2 did the latter). */
  frozenDiscriminatorMode: z.enum(['inference', 'training']),
  /** Most slices of the input set that one generator epoch draws; null means all of them. */
  slicesPerEpoch: z.number().int().min(1).nullable(),
  /** Seed of every random number of the run. */
  seed: z.number().int().min(0).max(0xffff_ffff),
});

export type TrainingSettings = z.infer<typeof trainingSettingsSchema>;
export type PresetName = TrainingSettings['preset'];

const published: TrainingSettings = {
  preset: 'published',
  baseWidth: 32,
  dropout: 0.3,
  weightDecay: 2e-4,
  stage: '1',
  maxCycles: 100,
  discriminatorEpochs: 1,
  generatorEpochs: 1,
  discriminatorBatch: 72,
  generatorBatch: 16,
  discriminatorRate: 5e-5,
  generatorRate: 5e-5,
  mixingRateFactor: 1,
  mixingStart: null,
  adversarialWeight: 1,
  reconstructionWeight: 1,
  disjointnessWeight: 1,
  newDiscriminatorEachCycle: true,
  frozenDiscriminatorMode: 'inference',
  slicesPerEpoch: null,
  seed: 1,
};

/** The presets, as data. `quick` keeps the published losses and cycles and shrinks the network and the schedule. */
export const presets: Readonly<Record<PresetName, TrainingSettings>> = {
  published,
  quick: {
    ...published,
    preset: 'quick',
    baseWidth: 4,
    maxCycles: 2,
    generatorEpochs: 3,
    discriminatorBatch: 8,
    // Small batches: on a small set, the number of steps is what the main module lacks.
    generatorBatch: 2,
    generatorRate: 2e-3,
    mixingRateFactor: 10,
    // Reaches from 0.12 to 0.98 with one of the cuts alone, so that bright tissue does not saturate it.
    mixingStart: { ifcWeight: 4, iwcWeight: 6, bias: -2 },
  },
};
