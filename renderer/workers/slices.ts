import { readNpyHeader, npyValues } from '../../shared/volume/npy';
import { readToken, type TokenFile } from './readToken';

/** A stack of slices as the network saw or made it, values in [0, 1]. */
export interface SliceStack {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly values: Float32Array;
}

/** Reads one of a segmentation's stacks, [n, h, w]; little work, for the bytes are used as they are. */
export async function readSliceStack(file: TokenFile): Promise<SliceStack> {
  const bytes = await readToken(file, () => undefined);
  const header = readNpyHeader(bytes, file.name);
  const [count = 0, height = 0, width = 0] = header.shape;
  return { count, height, width, values: npyValues(bytes, header, file.name) };
}

/** One slice as grey values 0..255; null outside the stack. */
export function greySlice(stack: SliceStack, k: number): Uint8Array | null {
  if (k < 0 || k >= stack.count) return null;
  const size = stack.height * stack.width;
  return Uint8Array.from(stack.values.subarray(k * size, (k + 1) * size), (value) =>
    Math.round(255 * Math.min(1, Math.max(0, value))),
  );
}
