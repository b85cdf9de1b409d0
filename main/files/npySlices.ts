import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { ExpectedError } from '../../shared/failure';
import { npyItemBytes, npyValues, readNpyHeader } from '../../shared/volume/npy';
import type { SliceSource } from '../engine/training/sliceSource';

const HEAD_BYTES = 4096;

/**
 * A .npy set [n, h, w] or [n, h, w, 1] that is read slice by slice from its file. The caller closes it.
 * @throws ExpectedError naming what does not fit: shape, type, an empty set
 */
export function openNpySlices(path: string): SliceSource & { close(): void } {
  const name = basename(path);
  let descriptor: number;
  try {
    descriptor = openSync(path, 'r');
  } catch (error) {
    throw new ExpectedError('file-missing', `${name} cannot be opened (${(error as Error).message}).`);
  }
  try {
    const head = new Uint8Array(HEAD_BYTES);
    const got = readSync(descriptor, head, 0, HEAD_BYTES, 0);
    const header = readNpyHeader(head.subarray(0, got), name);
    const [count = 0, height = 0, width = 0, channels = 1] = header.shape;
    if (header.shape.length < 3 || header.shape.length > 4 || channels !== 1) {
      throw new ExpectedError(
        'shape-mismatch',
        `${name} has the shape [${header.shape.join(', ')}]; a set of slices is [n, height, width] or [n, height, width, 1].`,
      );
    }
    if (count === 0) throw new ExpectedError('empty-set', `${name} holds no slices; prepare the set again.`);
    if (height % 16 !== 0 || width % 16 !== 0 || height === 0 || width === 0) {
      const next = (side: number): number => Math.max(16, Math.ceil(side / 16) * 16);
      throw new ExpectedError(
        'shape-mismatch',
        `${name} has slices of ${height}x${width}; each side must be a multiple of 16: pad them to ${next(height)}x${next(width)}.`,
      );
    }
    if (header.fortranOrder) {
      throw new ExpectedError(
        'npy-unsupported',
        `${name} is in Fortran order; save it with numpy.ascontiguousarray.`,
      );
    }
    const size = height * width;
    const sliceBytes = size * npyItemBytes(header.dtype);
    const expected = header.dataOffsetBytes + count * sliceBytes;
    const actual = statSync(path).size;
    if (actual < expected) {
      throw new ExpectedError(
        'npy-damaged',
        `${name} is cut short: it has ${actual} of ${expected} bytes. Copy or make it again.`,
      );
    }
    return {
      count,
      height,
      width,
      read(indices) {
        const raw = new Uint8Array(indices.length * sliceBytes);
        indices.forEach((index, i) => {
          readSync(descriptor, raw, i * sliceBytes, sliceBytes, header.dataOffsetBytes + index * sliceBytes);
        });
        const values = npyValues(raw, {
          ...header,
          shape: [indices.length, height, width],
          dataOffsetBytes: 0,
        });
        const bad = values.findIndex((value) => !Number.isFinite(value));
        if (bad >= 0) {
          throw new ExpectedError(
            'not-finite',
            `${name} has a value that is not a number in slice ${indices[Math.floor(bad / size)] ?? 0}; replace it and try again.`,
          );
        }
        return values;
      },
      close: () => closeSync(descriptor),
    };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** SHA-256 of a file, as hexadecimal. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  return hash.digest('hex');
}
