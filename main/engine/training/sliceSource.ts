/**
 * A set of images that is read in pieces, so that memory does not grow with the set. Values are in [0, 1].
 */
export interface SliceSource {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1, or more where an image is a slice (its first channel) with its neighbours. */
  readonly channels: number;
  /** The images of these numbers, one after the other: [indices.length, height, width, channels]. */
  read(indices: readonly number[]): Float32Array;
}

/** The slices of images [n, h, w, channels]: their first channel, [n, h, w]. The images themselves where that is all. */
export function slicesOf(images: Float32Array, channels: number): Float32Array {
  if (channels === 1) return images;
  const out = new Float32Array(images.length / channels);
  for (let i = 0; i < out.length; i += 1) out[i] = images[i * channels] as number;
  return out;
}
