import { ExpectedError } from '../failure';
import { expectedFileBytes, readNiftiHeader } from './niftiHeader';
import { maxNpyHeaderBytes, npyItemBytes, npyItemCount, readNpyHeader } from './npy';

/** So many bytes from the start of a file are enough for its header: the longest that is taken is a .npy header. */
export const headBytes = maxNpyHeaderBytes + 12;

/** Whether these are the first bytes of a NumPy file; whatever else they are is for the NIfTI reader to say. */
export function isNpy(bytes: Uint8Array): boolean {
  return bytes[0] === 0x93;
}

/** The most bytes that so many gzipped ones can become: DEFLATE packs at most 1032 to 1. */
export function mostInflatedBytes(compressedBytes: number): number {
  return compressedBytes * 1032;
}

/** A .hdr holds a header and its extensions; what follows beyond this is not read. */
export const mostHeaderFileBytes = 1 << 24;

/** What a header says about sizes. */
export interface DeclaredSize {
  readonly format: 'nifti' | 'npy';
  /** The file is the .hdr of a pair, and `bytes` that of its .img. */
  readonly pair: boolean;
  /** The uncompressed size of the file that holds the voxels. */
  readonly bytes: number;
}

/**
 * The size that the header at a file's start declares. To be held against the file and the memory before anything of that
 * size is allocated.
 *
 * @param head the first {@link headBytes} bytes, or all of a shorter file.
 * @throws ExpectedError what reading the header throws.
 */
export function declaredSize(head: Uint8Array, what: string): DeclaredSize {
  if (isNpy(head)) {
    const header = readNpyHeader(head, what);
    const bytes = header.dataOffsetBytes + npyItemCount(header.shape) * npyItemBytes(header.dtype);
    return { format: 'npy', pair: false, bytes };
  }
  const header = readNiftiHeader(head, what);
  return { format: 'nifti', pair: header.pair, bytes: expectedFileBytes(header) };
}

/** @throws ExpectedError nifti-damaged or npy-damaged where a file cannot hold what its header declares. */
export function refuseShortFile(
  { format, bytes }: Pick<DeclaredSize, 'format' | 'bytes'>,
  mostBytes: number,
  what: string,
): void {
  if (bytes <= mostBytes) return;
  throw new ExpectedError(
    `${format}-damaged`,
    `${what} is cut short: its header promises ${bytes} bytes, and it holds ${mostBytes} at most. Copy it again.`,
  );
}
