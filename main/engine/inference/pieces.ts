import type { GeneratorDesign } from '../network/layers';
import type { RunMode } from '../network/networks';
import type { NetworkOps } from '../network/ops';
import type { NetworkWeights } from '../network/weights';
import { slicePredictor, type PredictedSlices } from './predict';

type Predict = (images: Float32Array) => PredictedSlices;

/**
 * The predictor of a network for whole images. One that was trained on pieces sees pieces again: its lowest maps are then
 * so small that every pixel of them feels the border, and without borders it finds lesions where none are (docs/lesions.md).
 * @param cropPixels side of the pieces of its training; null where it saw whole images
 * @param weights stay the caller's
 */
export function imagePredictor(
  ops: NetworkOps,
  weights: NetworkWeights,
  {
    baseWidth,
    height,
    width,
  }: { readonly baseWidth: number; readonly height: number; readonly width: number },
  design: GeneratorDesign,
  cropPixels: number | null,
  mode?: RunMode,
): Predict {
  if (cropPixels === null || (cropPixels >= height && cropPixels >= width))
    return slicePredictor(ops, weights, baseWidth, height, width, design, mode);
  const piece = { height: Math.min(cropPixels, height), width: Math.min(cropPixels, width) };
  const predict = slicePredictor(ops, weights, baseWidth, piece.height, piece.width, design, mode);
  return inPieces(predict, piece, { height, width, channels: design.inputChannels });
}

interface Sides {
  readonly height: number;
  readonly width: number;
}

/**
 * Takes images apart piece by piece: pieces over the box around the brain (values above 0) that overlap by half or more,
 * blended by a weight that falls towards their borders, where a network knows least of the surroundings. Pixels that no
 * piece reaches are 0.
 * @param predict takes pieces apart
 */
export function inPieces(
  predict: Predict,
  piece: Sides,
  image: Sides & { readonly channels: number },
): Predict {
  const { height, width, channels } = image;
  const size = height * width;
  const weight = blendingWeights(piece);
  return (images) => {
    const count = images.length / (size * channels);
    const [ifc, iwc, iro] = [0, 0, 0].map(() => new Float32Array(count * size)) as [
      Float32Array,
      Float32Array,
      Float32Array,
    ];
    const sums = new Float32Array(size);
    for (let k = 0; k < count; k += 1) {
      const own = images.subarray(k * size * channels, (k + 1) * size * channels);
      const places = piecesOver(own, piece, image);
      if (places.length === 0) continue;
      const parts = predict(cut(own, places, piece, image));
      sums.fill(0);
      places.forEach(({ top, left }, p) => {
        for (let y = 0; y < piece.height; y += 1) {
          for (let x = 0; x < piece.width; x += 1) {
            const to = (top + y) * width + left + x;
            const from = (p * piece.height + y) * piece.width + x;
            const w = weight[y * piece.width + x] as number;
            sums[to] = (sums[to] as number) + w;
            for (const [all, part] of [
              [ifc, parts.ifc],
              [iwc, parts.iwc],
              [iro, parts.iro],
            ] as const)
              all[k * size + to] = (all[k * size + to] as number) + w * (part[from] as number);
          }
        }
      });
      for (const all of [ifc, iwc, iro])
        for (let i = 0; i < size; i += 1)
          if (sums[i] !== 0) all[k * size + i] = (all[k * size + i] as number) / (sums[i] as number);
    }
    return { ifc, iwc, iro, spread: null };
  };
}

interface Place {
  readonly top: number;
  readonly left: number;
}

/** Where the pieces of an image begin; none where it shows no brain. */
function piecesOver(
  image: Float32Array,
  piece: Sides,
  { height, width, channels }: Sides & { channels: number },
): Place[] {
  let [left, right, top, bottom] = [width, -1, height, -1];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if ((image[(y * width + x) * channels] as number) <= 0) continue;
      [left, right] = [Math.min(left, x), Math.max(right, x)];
      [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    }
  }
  if (right < 0) return [];
  const columns = starts(left, right, piece.width, width);
  return starts(top, bottom, piece.height, height).flatMap((y) => columns.map((x) => ({ top: y, left: x })));
}

/** Evenly spaced starts of pieces from the first to the last pixel, each at most half a piece after the one before. */
export function starts(first: number, last: number, side: number, total: number): number[] {
  const inside = (start: number): number => Math.min(Math.max(0, start), total - side);
  const reach = last + 1 - side - first;
  // A brain smaller than a piece lies in its middle, as it does in training.
  if (reach <= 0) return [inside(Math.round(first + reach / 2))];
  const steps = Math.ceil(reach / (side / 2));
  return Array.from({ length: steps + 1 }, (_, k) => inside(first + Math.round((k * reach) / steps)));
}

function cut(
  image: Float32Array,
  places: readonly Place[],
  piece: Sides,
  { width, channels }: Sides & { channels: number },
): Float32Array {
  const row = piece.width * channels;
  const out = new Float32Array(places.length * piece.height * row);
  places.forEach(({ top, left }, p) => {
    for (let y = 0; y < piece.height; y += 1) {
      const from = ((top + y) * width + left) * channels;
      out.set(image.subarray(from, from + row), (p * piece.height + y) * row);
    }
  });
  return out;
}

/** A raised cosine along both sides: 1 in the middle, nearly 0 at the borders. */
function blendingWeights({ height, width }: Sides): Float32Array {
  const along = (side: number): number[] =>
    Array.from({ length: side }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (i + 0.5)) / side));
  const [down, across] = [along(height), along(width)];
  return Float32Array.from({ length: height * width }, (_, i) => {
    return (down[Math.floor(i / width)] as number) * (across[i % width] as number);
  });
}
