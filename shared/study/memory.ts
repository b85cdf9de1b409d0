import type { TrainingSettings } from './trainingSettings';

/**
 * How much memory a training takes, before it starts. Fitted to the peaks of trainings that were measured on each backend at
 * widths of 4 to 32 (they are in its test): what an image leaves behind on its way forward and back grows with its pixels and
 * with the width.
 */

/** All that WebAssembly can address, with 32 bits. */
export const WASM_HEAP_BYTES = 4 * 2 ** 30;

export type MemoryBackend = 'wasm' | 'native';

interface Needs {
  /** What the program itself holds. */
  readonly base: number;
  /** Of M, for each pixel of each image and each channel of the first level. */
  readonly main: number;
  /** The same of D, which has an encoder only. */
  readonly discriminator: number;
  /** Weights, moments, gradients and a checkpoint of both networks at the published width; they grow with its square. */
  readonly weights: number;
}

/** In bytes. */
const needs: Readonly<Record<MemoryBackend, Needs>> = {
  wasm: { base: 190 * 2 ** 20, main: 390, discriminator: 91, weights: 590 * 2 ** 20 },
  native: { base: 345 * 2 ** 20, main: 240, discriminator: 110, weights: 165 * 2 ** 20 },
};
const PUBLISHED_WIDTH = 32;

type Sizes = Pick<
  TrainingSettings,
  'baseWidth' | 'generatorBatch' | 'pastedBatch' | 'discriminatorBatch' | 'cropPixels'
>;
type Slice = { readonly height: number; readonly width: number };

/**
 * About how many bytes a training holds at its peak. On WebAssembly never more than that can hold: beyond it, batches are
 * computed in pieces (main/engine/training/pieces.ts). On a CPU with TensorFlow it is what a training needs, kernel by kernel;
 * it takes up to 1.7 times as much where there is that much, for graphs (main/engine/backend/native/graph).
 * @param slice its sides in pixels
 */
export function trainingBytes(settings: Sizes, slice: Slice, backend: MemoryBackend): number {
  const { baseWidth, generatorBatch, pastedBatch, discriminatorBatch, cropPixels } = settings;
  const { base, main, discriminator, weights } = needs[backend];
  const pixels = cropPixels === null ? slice.height * slice.width : cropPixels * cropPixels;
  const perChannel = Math.max(main * (generatorBatch + pastedBatch), discriminator * discriminatorBatch);
  const networks = perChannel * pixels * baseWidth + weights * (baseWidth / PUBLISHED_WIDTH) ** 2;
  return base + (backend === 'wasm' ? Math.min(networks, WASM_HEAP_BYTES) : networks);
}

/** What would fit into so many bytes: the largest batches at this width, the largest width at these batches; null: none. */
export function whatFits(
  settings: Sizes,
  slice: Slice,
  backend: MemoryBackend,
  bytes: number,
): {
  readonly batches: Pick<Sizes, 'generatorBatch' | 'discriminatorBatch'> | null;
  readonly width: number | null;
} {
  const fits = (part: Partial<Sizes>): boolean =>
    trainingBytes({ ...settings, ...part }, slice, backend) <= bytes;
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
