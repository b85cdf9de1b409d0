import type { TrainingSettings } from './trainingSettings';

/** How many slices an epoch draws. */
export interface EpochSizes {
  /** D's, of each set. */
  readonly reference: number;
  readonly input: number;
  /** M's, of the input set. */
  readonly generator: number;
}

/** How many slices an epoch of each network draws, of sets of so many. */
export function epochSizes(
  settings: Pick<TrainingSettings, 'slicesPerEpoch' | 'discriminatorSlices' | 'generatorSlices'>,
  reference: number,
  input: number,
): EpochSizes {
  const { slicesPerEpoch: most, discriminatorSlices, generatorSlices } = settings;
  return {
    reference: discriminatorSlices ?? Math.min(most ?? reference, reference),
    input: discriminatorSlices ?? Math.min(most ?? input, input),
    generator: generatorSlices ?? Math.min(most ?? input, input),
  };
}
