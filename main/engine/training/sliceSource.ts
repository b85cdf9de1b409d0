/**
 * A set of slices that is read in pieces, so that memory does not grow with the set. Values are in [0, 1].
 */
export interface SliceSource {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** The slices of these numbers, one after the other: [indices.length, height, width]. */
  read(indices: readonly number[]): Float32Array;
}

/** A set that is in memory already: [count, height, width]. */
export function memorySource(slices: Float32Array, height: number, width: number): SliceSource {
  const size = height * width;
  return {
    count: slices.length / size,
    height,
    width,
    read(indices) {
      const out = new Float32Array(indices.length * size);
      indices.forEach((index, i) => out.set(slices.subarray(index * size, (index + 1) * size), i * size));
      return out;
    },
  };
}
