import { z } from 'zod';

export const presetNameSchema = z.enum(['published', 'quick', 'ms-flair']);

/** Lesions that are pasted into healthy slices, to learn from them what is asked for. See pastedLesions.ts. */
export const pastedLesionsSchema = z.strictObject({
  /** At most so many in an image; their number is drawn evenly from 0 on. */
  most: z.number().int().min(0).max(50),
  /** Smallest and largest mean radius in mm; drawn evenly on a logarithmic scale. */
  radiusMm: z
    .tuple([z.number().positive(), z.number().positive()])
    .refine(([low, high]) => low <= high, 'the smallest comes first'),
  /** Lowest and highest level of a lesion's core, in robust deviations above the brain's mode. */
  level: z.tuple([z.number(), z.number()]).refine(([low, high]) => low <= high, 'the lowest comes first'),
});
export type PastedLesionSettings = z.infer<typeof pastedLesionsSchema>;

/**
 * Every constant of a training, by name. Published values and where they come from are in the comments: "paper" is
 * Dey & Hong, MICCAI 2021 (arXiv 2103.03664); "scripts" are the authors' public training scripts.
 */
export const trainingSettingsSchema = z.strictObject({
  /** Which preset the settings started from. */
  preset: presetNameSchema,
  /** Channels of the first level; doubled at each of the four levels below. Scripts: 32. */
  baseWidth: z.number().int().min(1).max(64),
  /** Dropout rate after pooling and in the decoders. Scripts: 0.3. */
  dropout: z.number().min(0).max(0.9),
  /** L2 weight decay on every 3x3 kernel. Scripts: 2e-4. */
  weightDecay: z.number().min(0),
  /**
   * Which disjointness and which real set, as published: stage 1, stage 2, or `auto`, which begins with stage 1 and goes on
   * to stage 2 when the histogram of I_ro has split, at the latest after half of the cycles. Scripts: two scripts, the
   * operator changes over.
   */
  stage: z.enum(['1', '2', 'auto']),
  /** Upper bound of the number of cycles (one cycle: predict, train D, train M). Scripts: by hand. */
  maxCycles: z.number().int().min(1).max(10_000),
  /**
   * Whether the training ends when the histogram of I_ro has split into distinct peaks at the end of two cycles in a row (in
   * `auto`: of two cycles of stage 2). Paper: terminate when it has; how that is seen was left to the operator.
   */
  stopWhenSplit: z.boolean(),
  /** Longest time to train in minutes, pauses not counted; null is no limit. Scripts: by hand. */
  maxMinutes: z.number().positive().nullable(),
  /** Minutes between checkpoints inside a cycle; the end of a cycle always writes one. Scripts: saved by hand. */
  checkpointMinutes: z.number().min(0),
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
  /** Adam's decay of both moments and what is added to the root of the second. Scripts: 0.9, 0.999, 1e-7, Keras's defaults. */
  adamBeta1: z.number().min(0).lt(1).default(0.9),
  adamBeta2: z.number().min(0).lt(1).default(0.999),
  adamEpsilon: z.number().positive().default(1e-7),
  /** Steps over which M's learning rate rises to its full value. Scripts: 0. */
  generatorWarmupSteps: z.number().int().min(0),
  /** Share of M's learning rate that is left at the end of the last cycle, falling as half a cosine. Scripts: 1, constant. */
  generatorFinalRate: z.number().min(0).max(1),
  /** Momentum of BatchNormalization's moving statistics, with which predictions are made. Scripts: 0.99, Keras's default. */
  normMomentum: z.number().min(0).lt(1),
  /** Learning rate of the layer that mixes the cuts into I_ro, as a multiple of M's; 0 freezes it. Scripts: 1. */
  mixingRateFactor: z.number().min(0),
  /**
   * Start of the mixing layer, I_ro = sigmoid(ifcWeight I_fc + iwcWeight I_wc + bias); null starts it at random as the
   * scripts do, which leaves I_ro flat near 0.5 for a long time.
   */
  mixingStart: z.strictObject({ ifcWeight: z.number(), iwcWeight: z.number(), bias: z.number() }).nullable(),
  /** Weights of the three loss terms of M. Paper and scripts: all 1. */
  adversarialWeight: z.number().min(0),
  reconstructionWeight: z.number().min(0),
  disjointnessWeight: z.number().min(0),
  /** Values of the cuts below it (stage 1) or above it (stage 2) count as 1 in the disjointness. Scripts: 1e-16; create_networks: 0. */
  disjointnessFloor: z.number().min(0).default(1e-16),
  /** What the soft Dice of the disjointness has above and below the line beside its sums. Scripts: 1. */
  disjointnessSmooth: z.number().positive().default(1),
  /** Whether each cycle begins with a newly initialised D. Scripts: yes. */
  newDiscriminatorEachCycle: z.boolean(),
  /** How the frozen D runs while M trains: with moving statistics, or with the batch's (Keras 2.2.2 did the latter). */
  frozenDiscriminatorMode: z.enum(['inference', 'training']),
  /** Most slices of the input set that one generator epoch draws; null means all of them. */
  slicesPerEpoch: z.number().int().min(1).nullable(),
  /** 3x3 convolutions at the top level of encoder and decoders. Scripts: 2. */
  topConvolutions: z.union([z.literal(1), z.literal(2)]).default(2),
  /** Whether I_fc is the slice plus what its decoder adds, before the sigmoid. Scripts: no. */
  residualIfc: z.boolean().default(false),
  /**
   * Start of the layers that end in the cuts: their weights are scaled, and I_wc's bias is given, so that it starts nearly
   * empty. null starts them as the scripts do.
   */
  cutStart: z
    .strictObject({ weightScale: z.number().positive(), iwcBias: z.number() })
    .nullable()
    .default(null),
  /** Side of the square pieces that both networks train on, each around a pixel of brain; null: whole slices, as the scripts. */
  cropPixels: z.number().int().min(16).max(1024).multipleOf(16).nullable().default(null),
  /**
   * Slices of the input set that an epoch of M draws, over and over where there are fewer; null: each once (or as many as
   * slicesPerEpoch says), as the scripts.
   */
  generatorSlices: z.number().int().min(1).max(1_000_000).nullable().default(null),
  /** The same for D: slices of each of its sets. */
  discriminatorSlices: z.number().int().min(1).max(1_000_000).nullable().default(null),
  /** What is pasted into the reference slices of M's batches; null: nothing, as the scripts. */
  pastedLesions: pastedLesionsSchema.nullable().default(null),
  /** Reference slices with pasted lesions that each batch of M has beside its inputs. Scripts: 0. */
  pastedBatch: z.number().int().min(0).max(512).default(0),
  /** Weight of soft Dice and cross-entropy between I_wc and the mask of what was pasted. Scripts: 0. */
  pastedWeight: z.number().min(0).default(0),
  /** Weight of the mean distance between I_fc and the slice before lesions were pasted into it. Scripts: 0. */
  cleanWeight: z.number().min(0).default(0),
  /** Most that the contrast of M's images is changed, as a share, and their level, in robust deviations. Scripts: 0. */
  gainJitter: z.number().min(0).max(0.9).default(0),
  offsetJitter: z.number().min(0).max(3).default(0),
  /** Whether half of the images are mirrored left to right. Scripts: no. */
  mirror: z.boolean().default(false),
  /** Deviation of the noise on what M sees, and on what D sees. Scripts: 0. */
  inputNoise: z.number().min(0).max(1).default(0),
  discriminatorNoise: z.number().min(0).max(1).default(0),
  /** Whether a prediction is the mean of that of the slice and that of its mirror image. Scripts: no. */
  mirrorAveraging: z.boolean().default(false),
  /** Seed of every random number of the run. */
  seed: z.number().int().min(0).max(0xffff_ffff),
});

export type TrainingSettings = z.infer<typeof trainingSettingsSchema>;
export type PresetName = z.infer<typeof presetNameSchema>;

const published: TrainingSettings = {
  preset: 'published',
  baseWidth: 32,
  dropout: 0.3,
  weightDecay: 2e-4,
  stage: 'auto',
  maxCycles: 100,
  stopWhenSplit: true,
  maxMinutes: null,
  checkpointMinutes: 10,
  discriminatorEpochs: 1,
  generatorEpochs: 1,
  discriminatorBatch: 72,
  generatorBatch: 16,
  discriminatorRate: 5e-5,
  generatorRate: 5e-5,
  adamBeta1: 0.9,
  adamBeta2: 0.999,
  adamEpsilon: 1e-7,
  generatorWarmupSteps: 0,
  generatorFinalRate: 1,
  normMomentum: 0.99,
  mixingRateFactor: 1,
  mixingStart: null,
  adversarialWeight: 1,
  reconstructionWeight: 1,
  disjointnessWeight: 1,
  disjointnessFloor: 1e-16,
  disjointnessSmooth: 1,
  newDiscriminatorEachCycle: true,
  frozenDiscriminatorMode: 'inference',
  slicesPerEpoch: null,
  topConvolutions: 2,
  residualIfc: false,
  cutStart: null,
  cropPixels: null,
  generatorSlices: null,
  discriminatorSlices: null,
  pastedLesions: null,
  pastedBatch: 0,
  pastedWeight: 0,
  cleanWeight: 0,
  gainJitter: 0,
  offsetJitter: 0,
  mirror: false,
  inputNoise: 0,
  discriminatorNoise: 0,
  mirrorAveraging: false,
  seed: 1,
};

/**
 * The presets, as data. `quick` keeps the published terms of the losses and the cycles, and shrinks the network and the
 * schedule to minutes on two cores. What differs from the publication besides size, and why:
 * - I_fc starts as the slice itself and I_wc nearly empty. From the random start a short training of a small network ends
 *   where its seed takes it, with a cut saturated as often as not.
 * - The moving statistics follow faster: with Keras's 0.99 those of a few hundred steps are still near their start, and the
 *   network predicts much worse than it trains.
 * - The mixing layer is frozen at a start that spans 0.12 to 0.98 by one of the cuts alone; the random one leaves I_ro flat.
 * - The adversarial term counts a thousandth: the score of a discriminator of one short epoch has a gradient of some
 *   1/sqrt(pixels) at every pixel, and that of the mean squared error of I_ro is 2/pixels of what is missing. At a
 *   thousandth they balance at a few hundredths of the range; at a two-hundredth patterns of single pixels still cut the
 *   mask up with some seeds.
 * - Less dropout: of four channels, 0.3 leaves too little.
 */
export const presets: Readonly<Record<PresetName, TrainingSettings>> = {
  published,
  quick: {
    ...published,
    preset: 'quick',
    baseWidth: 4,
    dropout: 0.1,
    stage: '1',
    maxCycles: 2,
    generatorEpochs: 4,
    discriminatorBatch: 8,
    generatorBatch: 4,
    generatorRate: 1.5e-3,
    generatorWarmupSteps: 20,
    generatorFinalRate: 0.02,
    normMomentum: 0.9,
    mixingRateFactor: 0,
    mixingStart: { ifcWeight: 4, iwcWeight: 6, bias: -2 },
    adversarialWeight: 0.001,
    residualIfc: true,
    cutStart: { weightScale: 0.1, iwcBias: -3 },
  },
  /**
   * For FLAIR of people with MS: the two cuts with a pretext. docs/lesions.md lists what differs from the publication and
   * why, and what it reaches on real scans.
   */
  'ms-flair': {
    ...published,
    preset: 'ms-flair',
    baseWidth: 8,
    dropout: 0.1,
    weightDecay: 0,
    maxCycles: 6,
    stopWhenSplit: false,
    discriminatorBatch: 32,
    generatorBatch: 4,
    discriminatorRate: 5e-4,
    generatorRate: 1.5e-3,
    generatorWarmupSteps: 30,
    generatorFinalRate: 0.03,
    normMomentum: 0.9,
    mixingRateFactor: 0,
    mixingStart: { ifcWeight: 4, iwcWeight: 6, bias: -2 },
    adversarialWeight: 0.02,
    disjointnessWeight: 0.2,
    topConvolutions: 1,
    residualIfc: true,
    cutStart: { weightScale: 0.1, iwcBias: -3 },
    cropPixels: 64,
    generatorSlices: 1000,
    discriminatorSlices: 640,
    pastedLesions: { most: 4, radiusMm: [1.2, 9.5], level: [1.1, 3.4] },
    pastedBatch: 12,
    pastedWeight: 1,
    cleanWeight: 1,
    gainJitter: 0.1,
    offsetJitter: 0.2,
    mirror: true,
    inputNoise: 0.02,
    discriminatorNoise: 0.03,
    mirrorAveraging: true,
  },
};
