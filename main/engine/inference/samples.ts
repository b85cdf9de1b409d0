import { createRandom } from '../../../shared/random';
import { dropoutMasks } from '../training/dropout';
import type { RunMode } from '../network/networks';
import { deviation } from './deviation';
import { mirrored } from './mirror';
import type { PredictedSlices } from './predict';

/** How a network runs for a sample: as it predicts, but with the dropout that it was trained with (Gal and Ghahramani 2016). */
export function samplingMode(dropout: number, seed: number): RunMode {
  const masks = dropoutMasks(dropout, createRandom(seed));
  return { kind: 'inference', ...(masks ? { dropout: masks } : {}) };
}

/**
 * A prediction that stays what it is, and tells beside it how far I_ro strays over samples of the network. Where the
 * prediction averages mirror images, each sample does so with a pair.
 *
 * @param sample takes images apart with dropout, each time with other masks
 * @param mirrorWidth width of the images where mirror images are averaged; null where not
 */
export function withSamples(
  predict: (images: Float32Array) => PredictedSlices,
  sample: (images: Float32Array) => PredictedSlices,
  samples: number,
  mirrorWidth: number | null,
  channels: number,
): (images: Float32Array) => PredictedSlices {
  return (images) => {
    const drawn: Float32Array[] = [];
    for (let k = 0; k < samples; k += 1) {
      drawn.push(sample(images).iro);
      if (mirrorWidth !== null)
        drawn.push(mirrored(sample(mirrored(images, mirrorWidth, channels)).iro, mirrorWidth));
    }
    return { ...predict(images), spread: deviation(drawn) };
  };
}
