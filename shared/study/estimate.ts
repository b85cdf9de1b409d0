import { z } from 'zod';
import { epochSizes } from './epochSizes';
import type { TrainingSettings } from './trainingSettings';

/** How long steps took on some device: those of a run, or of a short trial. */
export const timedTrainingSchema = z.strictObject({
  device: z.string(),
  baseWidth: z.number().positive(),
  topConvolutions: z.number().positive(),
  /** Images of a step of M, with those that lesions are pasted into, and of one of D. */
  generatorBatch: z.number().positive(),
  discriminatorBatch: z.number().positive(),
  /** Pixels of an image that the networks train on. */
  pixels: z.number().positive(),
  generatorSteps: z.number().int().nonnegative(),
  generatorMs: z.number().nonnegative(),
  discriminatorSteps: z.number().int().nonnegative(),
  discriminatorMs: z.number().nonnegative(),
  /** What a cycle takes beside its steps: the histograms and pictures at its end. */
  cycleMs: z.number().nonnegative(),
});
export type TimedTraining = z.infer<typeof timedTrainingSchema>;

/**
 * What the time of a step depends on beside the device.
 * @param slicePixels of the slices that were trained on
 */
export function timedWith(
  settings: TrainingSettings,
  slicePixels: number,
): Pick<TimedTraining, 'baseWidth' | 'topConvolutions' | 'generatorBatch' | 'discriminatorBatch' | 'pixels'> {
  return {
    baseWidth: settings.baseWidth,
    topConvolutions: settings.topConvolutions,
    generatorBatch: generatorImages(settings),
    discriminatorBatch: settings.discriminatorBatch,
    pixels: trainedPixels(settings, slicePixels),
  };
}

/** Pixels of an image that the networks of these settings train on, of slices of so many. */
function trainedPixels({ cropPixels }: Pick<TrainingSettings, 'cropPixels'>, slicePixels: number): number {
  return cropPixels === null ? slicePixels : cropPixels ** 2;
}

/** Images of a step of M. */
function generatorImages({
  generatorBatch,
  pastedBatch,
}: Pick<TrainingSettings, 'generatorBatch' | 'pastedBatch'>): number {
  return generatorBatch + pastedBatch;
}

/**
 * How long a training will take at most (its histogram may split before) at the speed of one that was timed: the least and
 * the most in ms. They differ where the networks do, for time grows with the width by something between once and twice
 * over, and with the convolutions of the top level by at most their number. Null where nothing was timed.
 *
 * @param slices of the reference and of the input scans, and the pixels of each.
 */
export function estimateTraining(
  settings: TrainingSettings,
  slices: { readonly reference: number; readonly input: number; readonly pixels: number },
  timed: TimedTraining,
): readonly [leastMs: number, mostMs: number] | null {
  if (timed.generatorSteps === 0 || timed.discriminatorSteps === 0) return null;
  const sizes = epochSizes(settings, slices.reference, slices.input);
  const pixels = trainedPixels(settings, slices.pixels);
  // In `auto` the second half of the cycles is stage 2, whose discriminator sees twice as many slices.
  const stage = settings.stage === '1' ? 1 : settings.stage === '2' ? 2 : 1.5;
  const perPixel = (ms: number, steps: number, batch: number): number => ms / (steps * batch * timed.pixels);
  const mImages = sizes.generator * (generatorImages(settings) / settings.generatorBatch);
  const mMs =
    settings.generatorEpochs *
    mImages *
    pixels *
    perPixel(timed.generatorMs, timed.generatorSteps, timed.generatorBatch);
  const dMs =
    settings.discriminatorEpochs *
    stage *
    (sizes.reference + sizes.input) *
    pixels *
    perPixel(timed.discriminatorMs, timed.discriminatorSteps, timed.discriminatorBatch);
  const all = settings.maxCycles * (mMs + dMs + timed.cycleMs);
  const wider = settings.baseWidth / timed.baseWidth;
  const deeper = settings.topConvolutions / timed.topConvolutions;
  const ends = [wider, wider ** 2].flatMap((factor) => [all * factor, all * factor * deeper]);
  const within = ends.map((ms) => Math.min(ms, (settings.maxMinutes ?? Infinity) * 60_000));
  return [Math.min(...within), Math.max(...within)];
}
