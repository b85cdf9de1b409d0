import { NIFTI1, NIFTI2 } from 'nifti-reader-js';
import { ExpectedError } from '../failure';
import { latin1 } from './byteOrder';
import type { Dims, NiftiHeader, Triple } from './volume';

/** Bytes of a NIfTI-1 and of a NIfTI-2 header, without the four that say whether extensions follow. */
export const headerBytes = { 1: 348, 2: 540 } as const;

/** Most voxels of a grid that this program opens (1024 x 1024 x 1024): beyond it a header is taken for damaged. */
export const maxVoxels = 2 ** 30;

/** A voxel type that can be read. */
export interface VoxelType {
  readonly name: string;
  readonly bytes: number;
}

const readable: ReadonlyMap<number, VoxelType> = new Map([
  [2, { name: 'uint8', bytes: 1 }],
  [4, { name: 'int16', bytes: 2 }],
  [8, { name: 'int32', bytes: 4 }],
  [16, { name: 'float32', bytes: 4 }],
  [64, { name: 'float64', bytes: 8 }],
  [256, { name: 'int8', bytes: 1 }],
  [512, { name: 'uint16', bytes: 2 }],
  [768, { name: 'uint32', bytes: 4 }],
  [1024, { name: 'int64', bytes: 8 }],
  [1280, { name: 'uint64', bytes: 8 }],
]);

const refused: ReadonlyMap<number, string> = new Map([
  [1, 'single bits'],
  [32, 'complex numbers (complex64)'],
  [128, 'RGB colours'],
  [1536, '128-bit floating point numbers'],
  [1792, 'complex numbers (complex128)'],
  [2048, 'complex numbers (complex256)'],
  [2304, 'RGBA colours'],
]);

/**
 * The type of the voxels.
 * @throws ExpectedError nifti-unsupported for RGB, complex and other types that are not one real number a voxel.
 */
export function voxelType(header: NiftiHeader, what = 'This NIfTI file'): VoxelType {
  const type = readable.get(header.datatype);
  if (type) return type;
  const name = refused.get(header.datatype);
  throw name === undefined
    ? new ExpectedError(
        'nifti-damaged',
        `${what} names a voxel type that does not exist (code ${header.datatype}): its header is damaged.`,
      )
    : new ExpectedError(
        'nifti-unsupported',
        `${what} holds ${name}, and ASC-Net reads one real number a voxel: convert it to a grey-scale volume first.`,
      );
}

/**
 * Parses a NIfTI-1 or NIfTI-2 header of either byte order.
 *
 * @param bytes the uncompressed start of the file: the whole header (348 or 540 bytes) at least. Header extensions are
 *   kept when the bytes reach up to the voxels (for a .hdr: when all of it is given), else left empty.
 * @param what how the file is called in messages, e.g. "scan.nii".
 * @throws ExpectedError not-nifti, nifti-damaged or nifti-unsupported.
 */
export function readNiftiHeader(bytes: Uint8Array, what = 'This file'): NiftiHeader {
  const version = recogniseVersion(bytes, what);
  const size = headerBytes[version.version];
  // nifti-reader-js wants an ArrayBuffer of its own. It gets the header alone, because its reading of extensions throws
  // plain errors and trusts their sizes.
  const block = Uint8Array.prototype.slice.call(bytes, 0, size);
  const parsed = version.version === 1 ? new NIFTI1() : new NIFTI2();
  parsed.readHeader(block.buffer as ArrayBuffer);
  const view = new DataView(block.buffer, block.byteOffset, size);
  const { littleEndian } = version;
  const dim = version.version === 1 ? parsed.dims.slice(0, 8) : wholeNumbers(view, 16, 8, littleEndian);
  const voxOffset = version.version === 1 ? parsed.vox_offset : wholeNumbers(view, 168, 1, littleEndian)[0];

  const header: NiftiHeader = {
    version: version.version,
    littleEndian,
    pair: version.pair,
    dim,
    datatype: parsed.datatypeCode,
    bitpix: parsed.numBitsPerVoxel,
    pixdim: parsed.pixDims.slice(0, 8),
    voxOffsetBytes: voxelOffset(voxOffset ?? 0, version.pair, size, what),
    slope: parsed.scl_slope,
    intercept: parsed.scl_inter,
    xyztUnits: parsed.xyzt_units,
    qformCode: parsed.qform_code,
    sformCode: parsed.sform_code,
    quatern: [parsed.quatern_b, parsed.quatern_c, parsed.quatern_d],
    qoffset: [parsed.qoffset_x, parsed.qoffset_y, parsed.qoffset_z],
    srow: sformRows(view, version.version, littleEndian),
    description: headerText(block, version.version === 1 ? 148 : 240, 80),
    intentCode: parsed.intent_code,
    extensions: new Uint8Array(0),
  };
  checkDimensions(header, what);
  voxelType(header, what);
  return { ...header, extensions: readExtensions(bytes, header) };
}

/** Extents along x, y and z: what dim[0] does not count is 1. */
export function gridDims(header: NiftiHeader): Dims {
  return [extent(header, 1), extent(header, 2), extent(header, 3)];
}

/** How many volumes the file holds: the product of all extents beyond the third. */
export function volumesInFile(header: NiftiHeader): number {
  return extent(header, 4) * extent(header, 5) * extent(header, 6) * extent(header, 7);
}

/**
 * The uncompressed size in bytes that the header promises: of the whole .nii, or of the .img where it is a pair. To be
 * compared with the file and with the memory before anything is allocated.
 */
export function expectedFileBytes(header: NiftiHeader): number {
  const [x, y, z] = gridDims(header);
  return header.voxOffsetBytes + x * y * z * volumesInFile(header) * voxelType(header).bytes;
}

/** Voxel sizes as the header gives them, read as nibabel reads them: a negative size is its absolute, 0 is 1. */
export function headerZooms(header: NiftiHeader): Triple {
  const zoom = (axis: number): number => {
    const size = Math.abs(header.pixdim[axis] ?? 1);
    return size === 0 || !Number.isFinite(size) ? 1 : size;
  };
  return [zoom(1), zoom(2), zoom(3)];
}

function extent(header: NiftiHeader, axis: number): number {
  return axis <= (header.dim[0] ?? 0) ? (header.dim[axis] ?? 1) : 1;
}

interface Recognised {
  readonly version: 1 | 2;
  readonly littleEndian: boolean;
  readonly pair: boolean;
}

/** By the header's size in its first four bytes, in either byte order, and by its magic text. */
function recogniseVersion(bytes: Uint8Array, what: string): Recognised {
  if (bytes.length === 0) throw new ExpectedError('not-nifti', `${what} is empty: choose a NIfTI file.`);
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) {
    throw new ExpectedError(
      'not-nifti',
      `${what} is compressed although its name does not say so: name it .nii.gz.`,
    );
  }
  const notNifti = new ExpectedError(
    'not-nifti',
    `${what} is not a NIfTI file: choose a .nii or .nii.gz file, or a pair of .hdr and .img files.`,
  );
  if (bytes.length < 4) throw notNifti;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sizes = [true, false].map((littleEndian) => ({ littleEndian, size: view.getInt32(0, littleEndian) }));
  const match = sizes.find(({ size }) => size === headerBytes[1] || size === headerBytes[2]);
  if (!match) throw notNifti;
  const version = match.size === headerBytes[1] ? 1 : 2;
  if (bytes.length < match.size) {
    throw new ExpectedError(
      'nifti-damaged',
      `${what} is cut short: it has ${bytes.length} bytes, and its header alone takes ${match.size}. Copy it again.`,
    );
  }
  const magic = version === 1 ? latin1(bytes.subarray(344, 348)) : latin1(bytes.subarray(4, 8));
  if (magic === `n+${version}`) return { version, littleEndian: match.littleEndian, pair: false };
  if (magic === `ni${version}`) return { version, littleEndian: match.littleEndian, pair: true };
  if (version === 1 && magic === '') {
    throw new ExpectedError(
      'nifti-unsupported',
      `${what} is an Analyze 7.5 file, which does not say which side is left: convert it to NIfTI first.`,
    );
  }
  throw notNifti;
}

/**
 * The 64-bit whole numbers of NIfTI-2. nifti-reader-js gets the sign wrong where the lower half has its top bit set
 * (big endian) or the number is negative (little endian), so they are read here. Beyond 2^53 they lose their last
 * digits, and are refused as dimensions anyway.
 */
function wholeNumbers(view: DataView, offset: number, count: number, littleEndian: boolean): number[] {
  return Array.from({ length: count }, (_, i) => Number(view.getBigInt64(offset + 8 * i, littleEndian)));
}

/**
 * The twelve numbers of the sform. nifti-reader-js overwrites them with the qform where that has the higher code, drops
 * them where the code is 0, and never builds an affine from a NIfTI-2 qform: its `affine` is not used at all.
 */
function sformRows(view: DataView, version: 1 | 2, littleEndian: boolean): number[] {
  return Array.from({ length: 12 }, (_, i) =>
    version === 1 ? view.getFloat32(280 + 4 * i, littleEndian) : view.getFloat64(400 + 8 * i, littleEndian),
  );
}

/** Text ends at its first zero byte; nifti-reader-js runs on into what an earlier, longer text left behind. */
function headerText(bytes: Uint8Array, offset: number, length: number): string {
  return latin1(bytes.subarray(offset, offset + length));
}

function voxelOffset(raw: number, pair: boolean, size: number, what: string): number {
  const smallest = pair ? 0 : size + 4;
  // nibabel and the NIfTI library both take 0 in a .nii for "right after the header".
  if (raw === 0) return smallest;
  if (!Number.isSafeInteger(raw) || raw < smallest) {
    throw new ExpectedError(
      'nifti-damaged',
      `${what} says that its voxels begin at byte ${raw}, which cannot be: its header is damaged.`,
    );
  }
  return raw;
}

function checkDimensions(header: NiftiHeader, what: string): void {
  const rank = header.dim[0] ?? 0;
  const damaged = (says: string): ExpectedError =>
    new ExpectedError('nifti-damaged', `${what} ${says}: its header is damaged.`);
  if (!Number.isInteger(rank) || rank < 1 || rank > 7) throw damaged(`says that it has ${rank} dimensions`);
  for (let axis = 1; axis <= rank; axis += 1) {
    const size = header.dim[axis] ?? 0;
    if (!Number.isSafeInteger(size) || size < 1)
      throw damaged(`says that dimension ${axis} has ${size} voxels`);
  }
  const [x, y, z] = gridDims(header);
  if (x * y * z > maxVoxels || volumesInFile(header) > maxVoxels) {
    throw new ExpectedError(
      'too-large',
      `${what} says that it has ${header.dim.slice(1, rank + 1).join(' x ')} voxels, more than ASC-Net opens ` +
        '(1024 x 1024 x 1024): its header is damaged, or it has to be cut into parts.',
    );
  }
}

/** The bytes of well-formed extensions (esize, ecode, data), one after the other; malformed ones end the list. */
function readExtensions(bytes: Uint8Array, header: NiftiHeader): Uint8Array {
  const start = headerBytes[header.version] + 4;
  const end = header.pair ? bytes.length : header.voxOffsetBytes;
  const none = new Uint8Array(0);
  if (end > bytes.length || end < start + 16 || bytes[start - 4] === 0) return none;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = start;
  while (at + 16 <= end) {
    const size = view.getInt32(at, header.littleEndian);
    if (size < 16 || size % 16 !== 0 || at + size > end) break;
    at += size;
  }
  return at === start ? none : Uint8Array.prototype.slice.call(bytes, start, at);
}
