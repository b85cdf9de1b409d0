import * as tf from '@tensorflow/tfjs-core';
import { PUBLISHED_DESIGN, generatorLayers } from '../network/layers';
import { INFERENCE, runGenerator, type RunMode } from '../network/networks';
import type { DropoutMask, NetworkOps } from '../network/ops';
import type { NetworkWeights } from '../network/weights';

/** The cuts and the reconstruction of some slices, each [n, height, width]. */
export interface PredictedSlices {
  readonly ifc: Float32Array;
  readonly iwc: Float32Array;
  readonly iro: Float32Array;
  /**
   * Standard deviation of I_ro over the predictions that there are: of the image and its mirror image, and of the samples;
   * null where there is one alone.
   */
  readonly spread: Float32Array | null;
}

/** The slices go through the network a few at a time: memory, not speed, asks for small batches here. */
export const PREDICTION_BATCH = 4;
/** Pixels of so many published slices; of smaller images more go at a time. */
const PREDICTION_PIXELS = PREDICTION_BATCH * 160 * 160;

/**
 * A function that takes images [n, height, width, channels] apart with these weights; what it gives is of the slices
 * themselves, [n, height, width]. The weights stay the caller's.
 */
export function slicePredictor(
  ops: NetworkOps,
  weights: NetworkWeights,
  baseWidth: number,
  height: number,
  width: number,
  design = PUBLISHED_DESIGN,
  mode: RunMode = INFERENCE,
): (images: Float32Array) => PredictedSlices {
  const layers = generatorLayers(baseWidth, design);
  const size = height * width;
  const channels = design.inputChannels;
  const most = Math.max(PREDICTION_BATCH, Math.floor(PREDICTION_PIXELS / size));
  const key = JSON.stringify(['cuts', layers, mode]);
  return (images) => {
    const count = images.length / (size * channels);
    const out = {
      ifc: new Float32Array(count * size),
      iwc: new Float32Array(count * size),
      iro: new Float32Array(count * size),
      spread: null,
    };
    for (let first = 0; first < count; first += most) {
      const taken = Math.min(most, count - first);
      const batch = images.subarray(first * size * channels, (first + taken) * size * channels);
      const at = first * size;
      tf.tidy(() => {
        const x = tf.tensor4d(batch, [taken, height, width, channels]);
        const run = (dropout: DropoutMask | null): tf.Tensor[] => {
          const { ifc, iwc, iro } = runGenerator(
            ops,
            layers,
            weights,
            x,
            dropout ? { ...mode, dropout } : mode,
          );
          return [ifc, iwc, iro];
        };
        const dropout = mode.dropout ?? null;
        // Full batches come again and again; a last one of another size is not worth preparing for.
        const cuts =
          taken === most
            ? ops.compute({ key, inputs: [x], variables: weights.all, dropout, run })
            : run(dropout);
        [out.ifc, out.iwc, out.iro].forEach((all, i) => all.set((cuts[i] as tf.Tensor).dataSync(), at));
      });
    }
    return out;
  };
}
