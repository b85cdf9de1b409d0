import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { ExpectedError } from '../../shared/failure';
import { npyItemBytes, npyValues, readNpyHeader, type NpyHeader } from '../../shared/volume/npy';
import type { SliceSource } from '../engine/training/sliceSource';

/** The longest .npy header that is read, with the bytes before it. */
const HEAD_BYTES = 65_536 + 12;

/** An open .npy set: its slices as they are in the file. The caller closes it. */
export interface NpySlices extends SliceSource {
  readonly name: string;
  /** As the file says it: [n, h, w] or [n, h, w, channels]. */
  readonly shape: readonly number[];
  readonly dtype: NpyHeader['dtype'];
  readonly dataOffsetBytes: number;
  readonly sliceBytes: number;
  /** Size of the file, which may be longer than its slices. */
  readonly fileBytes: number;
  /** Bytes of the file; fewer than asked for at its end. The view is valid until the next call. */
  readBytes(offset: number, length: number): Uint8Array;
  /** Bytes of whole slices as values. */
  valuesOf(bytes: Uint8Array): Float32Array;
  close(): void;
}

/**
 * Opens a .npy set [n, h, w] or [n, h, w, channels] to be read slice by slice from its place in the file: memory does not grow
 * with the set. Values are neither checked nor scaled (see openSet).
 * @throws ExpectedError naming what does not fit: shape, type, an empty or shortened set
 */
export function openNpySlices(path: string, channels = 1): NpySlices {
  const name = basename(path);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new ExpectedError('file-missing', `${name} cannot be opened (${(error as Error).message}).`);
  }
  try {
    let buffer = new Uint8Array(0);
    const readBytes = (offset: number, length: number): Uint8Array => {
      if (buffer.length < length) buffer = new Uint8Array(length);
      let got = 0;
      while (got < length) {
        const more = readSync(descriptor, buffer, got, length - got, offset + got);
        if (more === 0) break;
        got += more;
      }
      return buffer.subarray(0, got);
    };
    const header = readNpyHeader(readBytes(0, HEAD_BYTES), name);
    const { count, height, width } = sliceShape(header, name, channels);
    const sliceBytes = height * width * channels * npyItemBytes(header.dtype);
    const expected = header.dataOffsetBytes + count * sliceBytes;
    const fileBytes = fstatSync(descriptor).size;
    if (fileBytes < expected) {
      throw new ExpectedError(
        'npy-damaged',
        `${name} is cut short: it has ${fileBytes} of ${expected} bytes. Copy or make it again.`,
      );
    }
    const valuesOf = (bytes: Uint8Array): Float32Array =>
      npyValues(bytes, {
        ...header,
        shape: [bytes.length / sliceBytes, height, width, channels],
        dataOffsetBytes: 0,
      });
    return {
      name,
      shape: header.shape,
      count,
      height,
      width,
      channels,
      dtype: header.dtype,
      dataOffsetBytes: header.dataOffsetBytes,
      sliceBytes,
      fileBytes,
      readBytes,
      valuesOf,
      read(indices) {
        const raw = new Uint8Array(indices.length * sliceBytes);
        indices.forEach((index, i) => {
          raw.set(readBytes(header.dataOffsetBytes + index * sliceBytes, sliceBytes), i * sliceBytes);
        });
        return valuesOf(raw);
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

function sliceShape(
  header: NpyHeader,
  name: string,
  wanted: number,
): { count: number; height: number; width: number } {
  const [count = 0, height = 0, width = 0, channels = 1] = header.shape;
  if (header.shape.length < 3 || header.shape.length > 4 || channels !== wanted) {
    const shapes =
      wanted === 1
        ? 'a set of slices is [n, height, width] or [n, height, width, 1]'
        : `a set of slices with their neighbours is [n, height, width, ${wanted}]; prepare it again with the preset`;
    throw new ExpectedError(
      'shape-mismatch',
      `${name} has the shape [${header.shape.join(', ')}]; ${shapes}.`,
    );
  }
  if (count * height * width === 0) {
    throw new ExpectedError('empty-set', `${name} holds no slices; prepare the set again.`);
  }
  if (header.fortranOrder) {
    throw new ExpectedError(
      'npy-unsupported',
      `${name} is in Fortran order; save it with numpy.ascontiguousarray.`,
    );
  }
  return { count, height, width };
}
