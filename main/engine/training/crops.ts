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
 * A set whose images come as pieces around a random pixel of brain (values above 0), as far as there is brain to fill
 * them, half of them mirrored where that is wanted. The set itself where nothing varies. What is read depends on the random state alone.
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
        const brain = brainIn(image, fullWidth, channels, random);
        const top = within(
          brain.y - (height >> 1),
          brain.top,
          brain.bottom + 1 - height,
          fullHeight - height,
        );
        const left = within(brain.x - (width >> 1), brain.left, brain.right + 1 - width, fullWidth - width);
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

/** A random pixel above 0, and the box of all of them; of an empty image its middle, and all of it. */
function brainIn(
  image: Float32Array,
  width: number,
  channels: number,
  random: Random,
): { x: number; y: number; left: number; right: number; top: number; bottom: number } {
  const pixels = image.length / channels;
  const height = pixels / width;
  const isBrain = (i: number): boolean => (image[i * channels] as number) > 0;
  let [left, right, top, bottom, count] = [width, -1, height, -1, 0];
  for (let i = 0; i < pixels; i += 1) {
    if (!isBrain(i)) continue;
    const [x, y] = [i % width, Math.floor(i / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    count += 1;
  }
  let wanted = random.integer(Math.max(1, count));
  if (count === 0)
    return { x: width >> 1, y: height >> 1, left: 0, right: width - 1, top: 0, bottom: height - 1 };
  let at = 0;
  for (let i = 0; i < pixels; i += 1) {
    if (isBrain(i) && wanted-- === 0) at = i;
  }
  return { x: at % width, y: Math.floor(at / width), left, right, top, bottom };
}

/** Where a piece begins: within the brain's box where that is large enough, and within the image anyway. */
function within(start: number, first: number, last: number, most: number): number {
  const inBox = last >= first ? Math.min(Math.max(first, start), last) : Math.round((first + last) / 2);
  return Math.min(Math.max(0, inBox), most);
}
