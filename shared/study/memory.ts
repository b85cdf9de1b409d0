import type { TrainingSettings } from './trainingSettings';

/**
 * How much memory a training takes, before it starts. Fitted to the peaks of seven trainings that were measured (they are in
 * its test): what an image leaves behind on its way forward and back grows with its pixels and with the width.
 */

/** All that WebAssembly can address, with 32 bits. */
export const WASM_HEAP_BYTES = 4 * 2 ** 30;

/** What the program itself holds. */
const BASE_BYTES = 160 * 2 ** 20;
/** Of M, for each pixel of each image and each channel of the first level. */
const MAIN_BYTES = 512;
/** The same of D, by its share of the layers: it has an encoder only. Not measured by itself. */
const DISCRIMINATOR_BYTES = 128;
/** Weights, moments, gradients and a checkpoint of both networks at the published width; they grow with its square. */
const WEIGHT_BYTES = 760 * 2 ** 20;
const PUBLISHED_WIDTH = 32;

type Sizes = Pick<
  TrainingSettings,
  'baseWidth' | 'generatorBatch' | 'pastedBatch' | 'discriminatorBatch' | 'cropPixels'
>;

/** About how many bytes a training holds at its peak. @param slice its sides in pixels */
export function trainingBytes(
  settings: Sizes,
  slice: { readonly height: number; readonly width: number },
): number {
  const { baseWidth, generatorBatch, pastedBatch, discriminatorBatch, cropPixels } = settings;
  const pixels = cropPixels === null ? slice.height * slice.width : cropPixels * cropPixels;
  const perChannel = Math.max(
    MAIN_BYTES * (generatorBatch + pastedBatch),
    DISCRIMINATOR_BYTES * discriminatorBatch,
  );
  return BASE_BYTES + perChannel * pixels * baseWidth + WEIGHT_BYTES * (baseWidth / PUBLISHED_WIDTH) ** 2;
}

/** What would fit into so many bytes: the largest batches at this width, the largest width at these batches; null: none. */
export function whatFits(
  settings: Sizes,
  slice: { readonly height: number; readonly width: number },
  bytes: number,
): {
  readonly batches: Pick<Sizes, 'generatorBatch' | 'discriminatorBatch'> | null;
  readonly width: number | null;
} {
  const fits = (part: Partial<Sizes>): boolean => trainingBytes({ ...settings, ...part }, slice) <= bytes;
  const largest = (most: number, fitsWith: (value: number) => boolean): number | null =>
    Array.from({ length: most }, (_, i) => most - i).find(fitsWith) ?? null;
  const generatorBatch = largest(settings.generatorBatch, (value) =>
    fits({ generatorBatch: value, discriminatorBatch: 1 }),
  );
  const discriminatorBatch = largest(settings.discriminatorBatch, (value) =>
    fits({ generatorBatch: 1, discriminatorBatch: value }),
  );
  return {
    batches:
      generatorBatch === null || discriminatorBatch === null ? null : { generatorBatch, discriminatorBatch },
    width: largest(settings.baseWidth, (value) => fits({ baseWidth: value })),
  };
}
