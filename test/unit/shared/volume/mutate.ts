import type { Random } from '../../../../shared/random';

/** Numbers that break parsers: ends of ranges, signs, not finite. */
const nasty32 = [0, 1, -1, 0x7fffffff, -0x80000000, 0x7fff, 0x8000, 0x7f800000, 0x7fc00000, 0x4b800000];

/** A damaged copy: a few bytes changed, copied or wiped, most of them in the header; some copies are cut short. */
export function mutate(original: Uint8Array, headerBytes: number, random: Random): Uint8Array {
  // Not original.slice(), which in a Buffer is no copy.
  let bytes = Uint8Array.from(original);
  const view = new DataView(bytes.buffer);
  for (let edits = 1 + random.integer(4); edits > 0; edits -= 1) {
    // Most edits hit the header, where the meaning is.
    const reach = random.next() < 0.9 ? Math.min(headerBytes, bytes.length) : bytes.length;
    const at = random.integer(Math.max(1, reach));
    switch (random.integer(5)) {
      case 0:
        bytes[at] = random.integer(256);
        break;
      case 1:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random.integer(8));
        break;
      case 2:
        if (at + 4 <= bytes.length)
          view.setInt32(at, nasty32[random.integer(nasty32.length)] ?? 0, random.next() < 0.5);
        break;
      case 3:
        bytes.copyWithin(at, random.integer(reach), random.integer(reach) + 8);
        break;
      default:
        bytes.fill(random.integer(2) * 255, at, at + random.integer(16));
    }
  }
  if (random.next() < 0.25) bytes = bytes.slice(0, random.integer(bytes.length + 1));
  return bytes;
}
