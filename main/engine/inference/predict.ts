import * as tf from '@tensorflow/tfjs-core';
import { generatorLayers } from '../network/layers';
import { INFERENCE, runGenerator } from '../network/networks';
import type { NetworkOps } from '../network/ops';
import type { NetworkWeights } from '../network/weights';

/** The cuts and the reconstruction of some slices, each [n, height, width]. */
export interface PredictedSlices {
  readonly ifc: Float32Array;
  readonly iwc: Float32Array;
  readonly iro: Float32Array;
}

/** The slices go through the network a few at a time: memory, not speed, asks for small batches here. */
export const PREDICTION_BATCH = 4;

/** A function that takes slices [n, height, width] apart with these weights. The weights stay the caller's. */
export function slicePredictor(
  ops: NetworkOps,
  weights: NetworkWeights,
  baseWidth: number,
  height: number,
  width: number,
): (slices: Float32Array) => PredictedSlices {
  const layers = generatorLayers(baseWidth);
  const size = height * width;
  return (slices) => {
    const out = {
      ifc: new Float32Array(slices.length),
      iwc: new Float32Array(slices.length),
      iro: new Float32Array(slices.length),
    };
    for (let at = 0; at < slices.length; at += PREDICTION_BATCH * size) {
      const batch = slices.subarray(at, Math.min(slices.length, at + PREDICTION_BATCH * size));
      tf.tidy(() => {
        const x = tf.tensor4d(batch, [batch.length / size, height, width, 1]);
        const cuts = runGenerator(ops, layers, weights, x, INFERENCE);
        out.ifc.set(cuts.ifc.dataSync(), at);
        out.iwc.set(cuts.iwc.dataSync(), at);
        out.iro.set(cuts.iro.dataSync(), at);
      });
    }
    return out;
  };
}
