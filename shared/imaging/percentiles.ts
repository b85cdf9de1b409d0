/** The values inside the mask, ascending (NaN last). */
export function sortedInside(values: Float32Array, mask: Uint8Array): Float32Array {
  let count = 0;
  const inside = new Float32Array(values.length);
  for (let i = 0; i < values.length; i += 1) if (mask[i] !== 0) inside[count++] = values[i] as number;
  const out = inside.slice(0, count);
  return count < 4096 ? out.sort() : radixSorted(out);
}

/** Digits of a radix sort: three of eleven bits are a float32. */
const digitBits = 11;

/**
 * Sorts in place, several times as fast as the built-in sort for the millions of voxels of a brain: by the bits of the
 * numbers, turned so that they rise with the values.
 */
function radixSorted(values: Float32Array): Float32Array {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const digits = 1 << digitBits;
  const [low, middle, high] = [new Uint32Array(digits), new Uint32Array(digits), new Uint32Array(digits)];
  for (let i = 0; i < bits.length; i += 1) {
    const raw = bits[i] as number;
    const turned = raw >>> 31 === 0 ? raw ^ 0x80000000 : ~raw;
    bits[i] = turned;
    const [a, b, c] = [
      turned & (digits - 1),
      (turned >>> digitBits) & (digits - 1),
      turned >>> (2 * digitBits),
    ];
    low[a] = (low[a] as number) + 1;
    middle[b] = (middle[b] as number) + 1;
    high[c] = (high[c] as number) + 1;
  }
  let from: Uint32Array = bits;
  let to: Uint32Array = new Uint32Array(bits.length);
  for (const [pass, starts] of [low, middle, high].entries()) {
    const shift = pass * digitBits;
    for (let digit = 0, start = 0; digit < digits; digit += 1) {
      const count = starts[digit] as number;
      starts[digit] = start;
      start += count;
    }
    for (let i = 0; i < from.length; i += 1) {
      const value = from[i] as number;
      const digit = (value >>> shift) & (digits - 1);
      const at = starts[digit] as number;
      to[at] = value;
      starts[digit] = at + 1;
    }
    [from, to] = [to, from];
  }
  for (let i = 0; i < bits.length; i += 1) {
    const turned = from[i] as number;
    bits[i] = turned >>> 31 === 1 ? turned ^ 0x80000000 : ~turned;
  }
  return values;
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
