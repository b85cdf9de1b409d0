import { presets, trainingSettingsSchema, type TrainingSettings } from './trainingSettings';

/** The settings that the short form shows by names of its own. */
export const shortSettings = ['preset', 'maxCycles', 'baseWidth', 'stage', 'seed', 'slicesPerEpoch'] as const;

/** Every other setting. */
export type GuidedName = Exclude<keyof TrainingSettings, (typeof shortSettings)[number]>;

export interface GuidedSetting {
  readonly name: GuidedName;
  readonly title: string;
  /** What it does, and when one would change it. */
  readonly help: string;
}

const group = (
  title: string,
  settings: Readonly<Record<string, readonly [title: string, help: string]>>,
): { readonly title: string; readonly settings: readonly GuidedSetting[] } => ({
  title,
  settings: Object.entries(settings).map(([name, [words, help]]) => ({
    name: name as GuidedName,
    title: words,
    help,
  })),
});

/** The settings in the groups and the order in which they are shown. */
export const settingsGuide = [
  group('Schedule', {
    maxMinutes: [
      'Longest time, minutes',
      'The training ends after so many minutes of work and keeps what it has learned. Empty: no limit.',
    ],
    stopWhenSplit: [
      'Stop when the histogram splits',
      'Ends the training once the histogram of I_ro shows distinct peaks in two cycles in a row, as the paper says.',
    ],
    discriminatorEpochs: [
      'Epochs of D in a cycle',
      'How often the discriminator sees its slices in each cycle. More makes a stricter judge, and takes longer.',
    ],
    generatorEpochs: [
      'Epochs of M in a cycle',
      'How often the main module sees its slices in each cycle. More learns more between two looks at the histogram.',
    ],
    newDiscriminatorEachCycle: [
      'A new D each cycle',
      'Begins every cycle with an untrained discriminator, as the published scripts do.',
    ],
    checkpointMinutes: [
      'Minutes between checkpoints',
      'How much work a crash can cost at most. The end of a cycle always writes one.',
    ],
  }),
  group('Batches and rates', {
    discriminatorBatch: [
      'Batch of D',
      'Slices that one step of the discriminator sees. Less takes less memory.',
    ],
    generatorBatch: ['Batch of M', 'Slices that one step of the main module sees. Less takes less memory.'],
    discriminatorRate: ['Learning rate of D', 'Step size of Adam. Lower it where the training breaks down.'],
    generatorRate: [
      'Learning rate of M',
      'Step size of Adam. Lower it where a loss jumps or the training breaks down.',
    ],
    generatorWarmupSteps: [
      'Warm-up steps of M',
      'Steps over which the learning rate of M rises to its full value: softens the start.',
    ],
    generatorFinalRate: [
      'Final share of M’s rate',
      'What is left of the learning rate at the end, falling as half a cosine; 1 keeps it constant.',
    ],
    adamBeta1: ['Adam: beta 1', 'Decay of the mean of the gradients; Keras’s default.'],
    adamBeta2: ['Adam: beta 2', 'Decay of the mean of their squares; Keras’s default.'],
    adamEpsilon: ['Adam: epsilon', 'What is added to the root of the second mean; Keras’s default.'],
    weightDecay: ['Weight decay', 'L2 penalty on every 3x3 kernel: keeps weights small.'],
    dropout: [
      'Dropout',
      'Share of channels that are left out at random while training. Small networks want less.',
    ],
    normMomentum: [
      'Momentum of the norms',
      'How slowly the statistics of batch normalisation follow. Short trainings want less than 0.99.',
    ],
  }),
  group('Losses', {
    adversarialWeight: [
      'Weight: adversarial',
      'How much M is driven to make normal parts that D takes for healthy slices.',
    ],
    reconstructionWeight: [
      'Weight: reconstruction',
      'How much the two parts together must give the slice again.',
    ],
    disjointnessWeight: ['Weight: disjointness', 'How much the two parts are kept from overlapping.'],
    disjointnessFloor: [
      'Disjointness: floor',
      'Values of the cuts below it (stage 1) or above it (stage 2) count as 1.',
    ],
    disjointnessSmooth: [
      'Disjointness: smoothing',
      'What its soft Dice has above and below the line beside the sums.',
    ],
    frozenDiscriminatorMode: [
      'D while M trains',
      'Whether the frozen discriminator uses its moving statistics (inference) or those of the batch (training), as Keras 2.2.2 did.',
    ],
  }),
  group('Network', {
    topConvolutions: [
      'Convolutions at the top level',
      '3x3 convolutions at full resolution. One is faster and a little coarser.',
    ],
    residualIfc: [
      'Normal part starts as the slice',
      'I_fc is the slice plus what the network adds to it: a short training begins close to its goal.',
    ],
    cutStart: [
      'Rest starts nearly empty',
      'Scales the start of the layers that end in the cuts, so that I_wc begins dark. Off: random, as published.',
    ],
    mixingStart: [
      'Given start of the mixing layer',
      'Starts the layer that makes I_ro of the two parts at given weights. Off: random, which leaves I_ro flat for long.',
    ],
    mixingRateFactor: [
      'Rate of the mixing layer',
      'As a multiple of M’s learning rate; 0 leaves that layer at its start.',
    ],
    cropPixels: [
      'Train on pieces, pixels',
      'Side of the square pieces that both networks train on, a multiple of 16. Empty: whole slices.',
    ],
    mirrorAveraging: [
      'Average with the mirror image',
      'A prediction is the mean of that of the slice and of its mirror image: steadier, and takes twice as long.',
    ],
  }),
  group('Slices and their variations', {
    generatorSlices: [
      'Slices of an epoch of M',
      'Drawn over and over where there are fewer. Empty: each slice once.',
    ],
    discriminatorSlices: [
      'Slices of an epoch of D',
      'Of each of its two sets, drawn over and over where there are fewer. Empty: each slice once.',
    ],
    mirror: ['Mirror half of the images', 'Left to right, at random: twice as many different slices.'],
    gainJitter: [
      'Change of contrast, share',
      'Most that the contrast of an image is changed at random, so that scanners matter less.',
    ],
    offsetJitter: [
      'Change of level, deviations',
      'Most that the level of an image is changed at random, in robust deviations of the brain.',
    ],
    inputNoise: ['Noise on what M sees', 'Deviation of the noise that is added; 0 adds none.'],
    discriminatorNoise: [
      'Noise on what D sees',
      'Keeps D from judging by traits that nobody can see; 0 adds none.',
    ],
  }),
  group('Lesions pasted into healthy slices', {
    pastedLesions: [
      'Paste lesions',
      'Pastes lesions of drawn sizes and levels into reference slices; for scans prepared with the preset MS FLAIR.',
    ],
    pastedBatch: [
      'Such slices in a batch of M',
      'Reference slices with pasted lesions that each step sees beside its inputs.',
    ],
    pastedWeight: [
      'Weight: found in the rest',
      'How much I_wc must hold what was pasted (soft Dice and cross-entropy).',
    ],
    cleanWeight: [
      'Weight: gone from the normal part',
      'How much I_fc must be the slice as it was before lesions were pasted.',
    ],
  }),
] as const;

/** What a setting that is a group of numbers is where it is switched on: as the presets that use it have it. */
export const givenStarts: Readonly<Partial<Record<GuidedName, unknown>>> = {
  cutStart: presets.quick.cutStart,
  mixingStart: presets.quick.mixingStart,
  pastedLesions: presets['ms-flair'].pastedLesions,
};

/** Words of an enumeration that a setting takes; null for one that takes a number, yes or no. */
export function wordsOf(name: GuidedName): readonly string[] | null {
  const schema = trainingSettingsSchema.shape[name];
  return 'options' in schema && schema.options.every((option) => typeof option === 'string')
    ? (schema.options as readonly string[])
    : null;
}

/** Why a value is none that a setting can have; null where it is one. */
export function refusalOf(name: GuidedName, value: unknown): string | null {
  const parsed = trainingSettingsSchema.shape[name].safeParse(value);
  return parsed.success ? null : (parsed.error.issues[0]?.message ?? 'This cannot be.');
}

/** A setting's value in words: "0.00005", "yes", "none". */
export function valueWords(value: unknown): string {
  if (value === null || value === undefined) return 'none';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'object') return 'on';
  return String(value as string | number);
}
