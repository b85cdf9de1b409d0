/** True where typed arrays hold their numbers with the lowest byte first (every machine this program ships for). */
export const hostIsLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** A copy of the bytes with each item of itemBytes bytes reversed; the length must be a multiple of itemBytes. */
export function swappedCopy(bytes: Uint8Array, itemBytes: number): Uint8Array {
  const out = new Uint8Array(bytes.length);
  switch (itemBytes) {
    case 1:
      out.set(bytes);
      break;
    case 2:
      for (let i = 0; i < bytes.length; i += 2) {
        out[i] = bytes[i + 1] as number;
        out[i + 1] = bytes[i] as number;
      }
      break;
    default:
      for (let i = 0; i < bytes.length; i += itemBytes) {
        for (let k = 0; k < itemBytes; k += 1) out[i + k] = bytes[i + itemBytes - 1 - k] as number;
      }
  }
  return out;
}

/** Constructor of a typed array over an ArrayBuffer. */
interface ArrayType<T> {
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/**
 * `count` numbers that begin at `offset` in `bytes`. A view where alignment and byte order allow it (it then shares
 * memory with `bytes`), else one copy. The caller has checked that the bytes are there.
 */
export function typedView<T>(
  type: ArrayType<T>,
  bytes: Uint8Array,
  offset: number,
  count: number,
  littleEndian: boolean,
): T {
  const size = type.BYTES_PER_ELEMENT;
  const start = bytes.byteOffset + offset;
  if (size > 1 && littleEndian !== hostIsLittleEndian) {
    const swapped = swappedCopy(bytes.subarray(offset, offset + count * size), size);
    return new type(swapped.buffer, 0, count);
  }
  if (start % size === 0) return new type(bytes.buffer, start, count);
  // Uint8Array.prototype.slice and not bytes.slice: Node's Buffer overrides it with a view.
  const copy = Uint8Array.prototype.slice.call(bytes, offset, offset + count * size);
  return new type(copy.buffer, copy.byteOffset, count);
}

/** The bytes as text, one character a byte (ISO 8859-1), up to the first zero byte. */
export function latin1(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) {
    if (byte === 0) break;
    text += String.fromCharCode(byte);
  }
  return text;
}
