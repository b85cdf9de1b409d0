import { deviation } from './deviation';
import type { PredictedSlices } from './predict';

/** The images [n, height, width, channels] mirrored left to right. A new array. */
export function mirrored(images: Float32Array, width: number, channels = 1): Float32Array {
  const out = new Float32Array(images.length);
  const row = width * channels;
  for (let start = 0; start < images.length; start += row) {
    for (let x = 0; x < width; x += 1) {
      const from = start + (width - 1 - x) * channels;
      for (let c = 0; c < channels; c += 1) out[start + x * channels + c] = images[from + c] as number;
    }
  }
  return out;
}

/**
 * A prediction that is the mean of that of the image and that of its mirror image: the brain has two like halves, and
 * what the network says of one side only because of the side is taken out.
 */
export function withMirrorAveraging(
  predict: (images: Float32Array) => PredictedSlices,
  width: number,
  channels: number,
): (images: Float32Array) => PredictedSlices {
  return (images) => {
    const straight = predict(images);
    const turned = predict(mirrored(images, width, channels));
    const mean = (a: Float32Array, b: Float32Array): Float32Array => {
      const back = mirrored(b, width);
      return a.map((value, i) => (value + (back[i] as number)) / 2);
    };
    return {
      ifc: mean(straight.ifc, turned.ifc),
      iwc: mean(straight.iwc, turned.iwc),
      iro: mean(straight.iro, turned.iro),
      spread: deviation([straight.iro, mirrored(turned.iro, width)]),
    };
  };
}
