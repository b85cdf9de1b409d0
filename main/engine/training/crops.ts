import type { Random } from '../../../shared/random';
import { mirrored } from '../inference/mirror';
import type { SliceSource } from './sliceSource';

/** How the images of a set are varied each time they are read. */
export interface CropOptions {
  /** Side of the piece that is taken; null takes the whole image. */
  readonly cropPixels: number | null;
  /** Whether half of them are mirrored left to right. */
  readonly mirror: boolean;
}

/**
 * A set whose images come as pieces around a random pixel of brain (values above 0), half of them mirrored where that is
 * wanted. The set itself where nothing varies. What is read depends on the random state alone.
 */
export function cropped(source: SliceSource, options: CropOptions, random: Random): SliceSource {
  const { cropPixels, mirror } = options;
  if (cropPixels === null && !mirror) return source;
  const { height: fullHeight, width: fullWidth, channels } = source;
  const height = Math.min(cropPixels ?? fullHeight, fullHeight);
  const width = Math.min(cropPixels ?? fullWidth, fullWidth);
  const size = height * width * channels;
  return {
    count: source.count,
    height,
    width,
    channels,
    read(indices) {
      const images = source.read(indices);
      const out = new Float32Array(indices.length * size);
      for (let k = 0; k < indices.length; k += 1) {
        const image = images.subarray(
          k * fullHeight * fullWidth * channels,
          (k + 1) * fullHeight * fullWidth * channels,
        );
        const centre = brainPixel(image, channels, random);
        const top = between(Math.floor(centre / fullWidth) - (height >> 1), fullHeight - height);
        const left = between((centre % fullWidth) - (width >> 1), fullWidth - width);
        const piece = new Float32Array(size);
        for (let y = 0; y < height; y += 1) {
          const from = ((top + y) * fullWidth + left) * channels;
          piece.set(image.subarray(from, from + width * channels), y * width * channels);
        }
        out.set(mirror && random.next() < 0.5 ? mirrored(piece, width, channels) : piece, k * size);
      }
      return out;
    },
  };
}

/** A random pixel above 0; the middle where there is none. */
function brainPixel(image: Float32Array, channels: number, random: Random): number {
  const pixels = image.length / channels;
  let brain = 0;
  for (let i = 0; i < pixels; i += 1) if ((image[i * channels] as number) > 0) brain += 1;
  let wanted = random.integer(Math.max(1, brain));
  for (let i = 0; i < pixels; i += 1) {
    if ((image[i * channels] as number) > 0 && wanted-- === 0) return i;
  }
  return pixels >> 1;
}

const between = (value: number, most: number): number => Math.min(Math.max(0, value), most);
