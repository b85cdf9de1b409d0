import type { TrainingSettings } from './trainingSettings';

/** How long a training on some device took, as its run says. */
export interface TimedTraining {
  readonly device: string;
  readonly settings: Pick<TrainingSettings, 'baseWidth' | 'generatorBatch' | 'discriminatorBatch'>;
  readonly generatorSteps: number;
  readonly generatorMs: number;
  readonly discriminatorSteps: number;
  readonly discriminatorMs: number;
}

/**
 * How long a training will take at most (its histogram may split before) at the speed of one that was timed: the least and
 * the most in ms. They differ where the widths do, for time grows with the width by something between once and twice over.
 * Null where nothing was timed.
 *
 * @param slices of the reference and of the input scans.
 */
export function estimateTraining(
  settings: TrainingSettings,
  slices: { readonly reference: number; readonly input: number },
  timed: TimedTraining,
): readonly [leastMs: number, mostMs: number] | null {
  const mSlices = timed.generatorSteps * timed.settings.generatorBatch;
  const dSlices = timed.discriminatorSteps * timed.settings.discriminatorBatch;
  if (mSlices === 0 || dSlices === 0) return null;
  const wider = settings.baseWidth / timed.settings.baseWidth;
  const drawn = Math.min(settings.slicesPerEpoch ?? slices.input, slices.input);
  // In `auto` the second half of the cycles is stage 2, whose discriminator sees twice as many slices.
  const stage = settings.stage === '1' ? 1 : settings.stage === '2' ? 2 : 1.5;
  const mMs = settings.generatorEpochs * drawn * (timed.generatorMs / mSlices);
  const dMs =
    settings.discriminatorEpochs * stage * (slices.reference + drawn) * (timed.discriminatorMs / dSlices);
  const all = settings.maxCycles * (mMs + dMs);
  const ends = [all * wider, all * wider * wider].map((ms) =>
    Math.min(ms, (settings.maxMinutes ?? Infinity) * 60_000),
  );
  return [Math.min(...ends), Math.max(...ends)];
}
