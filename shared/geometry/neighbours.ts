/**
 * An image for the network can be a slice with the slices at some distance below and above it as further channels, so that
 * it sees what goes on through the head. The slice itself comes first.
 */

/** Where each channel's slice lies above the image's own, in mm; 0 mm means that there are no neighbours. */
export function channelOffsetsMm(neighbourMm: number): readonly number[] {
  return neighbourMm > 0 ? [0, -neighbourMm, neighbourMm] : [0];
}

/** The same in whole slices: the nearest there are, at least the next one. */
export function channelOffsets(neighbourMm: number, sliceMm: number): readonly number[] {
  return channelOffsetsMm(neighbourMm).map(
    (mm) => Math.sign(mm) * Math.max(mm === 0 ? 0 : 1, Math.round(Math.abs(mm) / sliceMm)),
  );
}

/**
 * Images [wanted.length, size, offsets.length] of some slices of a stack [count, size], size being height times width.
 * Beyond the ends of the stack its first and last slice stand in.
 */
export function withNeighbours(
  slices: Float32Array,
  size: number,
  wanted: readonly number[],
  offsets: readonly number[],
): Float32Array {
  const count = slices.length / size;
  const channels = offsets.length;
  const out = new Float32Array(wanted.length * size * channels);
  wanted.forEach((slice, k) => {
    offsets.forEach((offset, c) => {
      const from = Math.min(count - 1, Math.max(0, slice + offset)) * size;
      const to = k * size * channels + c;
      for (let i = 0; i < size; i += 1) out[to + i * channels] = slices[from + i] as number;
    });
  });
  return out;
}
