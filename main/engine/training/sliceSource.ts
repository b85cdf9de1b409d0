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
