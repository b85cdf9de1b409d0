/** The values inside the mask, ascending. */
export function sortedInside(values: Float32Array, mask: Uint8Array): Float32Array {
  let count = 0;
  const inside = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 1) if (mask[i] !== 0) inside[count++] = values[i] as number;
  return inside.slice(0, count).sort();
}

/** The percentile by linear interpolation between ranks (numpy's default); 0 where there are no values. */
export function percentileOfSorted(sorted: Float32Array, percentile: number): number {
  if (sorted.length === 0) return 0;
  const rank = (percentile / 100) * (sorted.length - 1);
  const below = Math.floor(rank);
  const low = sorted[below] as number;
  const high = sorted[Math.min(below + 1, sorted.length - 1)] as number;
  return low + (high - low) * (rank - below);
}
