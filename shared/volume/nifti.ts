import { ExpectedError } from '../failure';
import { affineZooms, centredAffine, isUsableAffine, qformAffine } from '../geometry/affine';
import { hostIsLittleEndian, swappedCopy, typedView } from './byteOrder';
import {
  expectedFileBytes,
  gridDims,
  headerBytes,
  headerZooms,
  readNiftiHeader,
  volumesInFile,
  voxelType,
} from './niftiHeader';
import {
  voxelCount,
  type Affine,
  type Dims,
  type NiftiHeader,
  type Triple,
  type Volume,
  type VoxelArray,
} from './volume';

export { expectedFileBytes, readNiftiHeader, volumesInFile } from './niftiHeader';

export interface NiftiReadOptions {
  /** Which volume of a 4D file, from 0; needed where there is more than one. */
  readonly volumeIndex?: number;
  /** The uncompressed bytes of the .img where `bytes` is the .hdr of a pair. */
  readonly imageBytes?: Uint8Array;
  /** How the file is called in messages. */
  readonly nameForMessages?: string;
}

/**
 * A volume from the uncompressed bytes of a NIfTI-1 or NIfTI-2 file, or of a .hdr and its .img.
 *
 * The voxels stay in the file's type (64-bit whole numbers become float64). Where alignment and byte order allow they are
 * a view of the given bytes, which the volume then owns; else they are one copy.
 *
 * @throws ExpectedError not-nifti, nifti-damaged (cut short: says how many bytes are missing), nifti-unsupported (RGB,
 *   complex, several volumes and none chosen), too-large.
 */
export function volumeFromNifti(bytes: Uint8Array, options: NiftiReadOptions = {}): Volume {
  const what = options.nameForMessages ?? 'This file';
  const header = readNiftiHeader(bytes, what);
  const body = bodyOf(header, bytes, options, what);
  const expected = expectedFileBytes(header);
  if (body.length < expected) {
    throw new ExpectedError(
      'nifti-damaged',
      `${what} is cut short: its header promises ${expected} bytes, and there are ${body.length}. Copy it again.`,
    );
  }
  const index = chooseVolume(header, options.volumeIndex, what);
  const dims = gridDims(header);
  const count = voxelCount(dims);
  const offset = header.voxOffsetBytes + index * count * voxelType(header, what).bytes;
  const geometry = geometryOf(header, dims);
  const scaling = scalingOf(header);
  return {
    dims,
    data: readVoxels(body, header, offset, count),
    slope: scaling.slope,
    intercept: scaling.intercept,
    affine: geometry.affine,
    zooms: geometry.zooms,
    header,
    warnings: [...geometry.warnings, ...scaling.warnings, ...volumeWarning(header, index)],
  };
}

/** One plane across the file's third axis, and where the volume's voxels lie. */
export interface NiftiPlane extends Pick<Volume, 'affine' | 'zooms'> {
  /** The volume's extents along x and y, and 1. */
  readonly dims: Dims;
  /** True values, x fastest; NaN and infinite ones are 0. */
  readonly values: Float32Array;
}

/** Planes of a single-file volume, before the whole of it is there. */
export const niftiPlane = {
  /** Where the first plane begins, how long each is, and how many there are. */
  sizeOf(header: NiftiHeader): { voxOffsetBytes: number; planeBytes: number; count: number } {
    const [nx, ny, nz] = gridDims(header);
    const { voxOffsetBytes } = header;
    return { voxOffsetBytes, planeBytes: nx * ny * voxelType(header).bytes, count: nz };
  },
  /** @param bytes the file up to the end of plane `k` at least */
  read(header: NiftiHeader, bytes: Uint8Array, k: number): NiftiPlane {
    const [nx, ny] = gridDims(header);
    const { voxOffsetBytes, planeBytes } = niftiPlane.sizeOf(header);
    const data = readVoxels(bytes, header, voxOffsetBytes + k * planeBytes, nx * ny);
    const { affine, zooms } = geometryOf(header, gridDims(header));
    return { dims: [nx, ny, 1], values: trueValues({ data, ...scalingOf(header) }).values, affine, zooms };
  },
};

/**
 * The voxels' true values: slope and intercept applied, NaN and infinite voxels replaced by 0 and counted. Always a new
 * array, in the volume's order.
 */
export function trueValues(volume: Pick<Volume, 'data' | 'slope' | 'intercept'>): {
  values: Float32Array;
  nonFinite: number;
} {
  const { data, slope, intercept } = volume;
  const values = new Float32Array(data.length);
  let nonFinite = 0;
  if (slope === 1 && intercept === 0) values.set(data);
  else for (let i = 0; i < data.length; i += 1) values[i] = (data[i] as number) * slope + intercept;
  for (let i = 0; i < values.length; i += 1) {
    // x - x is 0 for finite x alone.
    const value = values[i] as number;
    if (value - value !== 0) {
      values[i] = 0;
      nonFinite += 1;
    }
  }
  return { values, nonFinite };
}

export interface NiftiWrite {
  readonly dims: Dims;
  readonly data: Uint8Array | Int16Array | Float32Array;
  /** The volume whose grid the data lie on: its header is carried over. */
  readonly like: Pick<Volume, 'dims' | 'affine' | 'zooms' | 'header'>;
  /** At most 79 characters are kept. */
  readonly description: string;
  /** Which of the source's header extensions are carried over: those without DICOM attributes unless said. */
  readonly extensions?: KeptExtensions | undefined;
}

/**
 * Which header extensions a file of ours has from its source: all, all but those that hold DICOM attributes (which can name
 * the patient), or none.
 */
export type KeptExtensions = 'all' | 'public' | 'none';

/** NIFTI_ECODE_DICOM of nifti1_io.h. */
const dicomExtension = 2;

/** 3, or as many dimensions as the source has where those beyond the third are all 1. */
function writtenRank({ dim }: NiftiHeader): number {
  const rank = dim[0] ?? 3;
  return rank > 3 && rank <= 7 && dim.slice(4, rank + 1).every((length) => length === 1) ? rank : 3;
}

/**
 * An uncompressed .nii on the grid of `like`: little endian, three-dimensional (with the source's further dimensions where
 * they are all 1, so that readers report the same shape), slope 1, intercept 0, NIfTI-2 where the
 * source was NIfTI-2. Voxel sizes, units, sform and qform with their codes and raw numbers, and qfac are the source's;
 * only voxel sizes that are negative or 0 are written as readers take them (absolute, 1), and a qfac that is neither 1
 * nor -1 as 1.
 *
 * Where the source had no NIfTI header (.npy), the affine becomes the sform with code 2, "aligned", which is what nibabel
 * writes for an affine that comes from no scanner; the qform is unset.
 *
 * @throws Error when the dims are not the source's, or the data do not fill them: a bug of the caller.
 */
export function niftiBytes(image: NiftiWrite): Uint8Array {
  const { dims, data, like } = image;
  if (dims.some((size, axis) => size !== like.dims[axis]))
    throw new Error('the image is not on the source grid');
  if (data.length !== voxelCount(dims)) throw new Error('the data do not fill the grid');
  const source = like.header ?? headerForAffine(dims, like.affine, like.zooms);
  const type = typeOf(data);
  const size = headerBytes[source.version];
  const extensions = keptExtensions(source, image.extensions ?? 'public');
  const voxOffset = size + 4 + extensions.length;
  const out = new Uint8Array(voxOffset + data.byteLength);
  const fields: HeaderFields = {
    dim: [writtenRank(source), dims[0], dims[1], dims[2], 1, 1, 1, 1],
    datatype: type.code,
    bitpix: data.BYTES_PER_ELEMENT * 8,
    pixdim: [qfacOf(source), ...headerZooms(source), 1, 1, 1, 1],
    voxOffset,
    units: source.xyztUnits,
    qformCode: source.qformCode,
    sformCode: source.sformCode,
    quatern: source.quatern,
    qoffset: source.qoffset,
    srow: source.srow,
    description: image.description,
  };
  const view = new DataView(out.buffer);
  if (source.version === 1) writeHeader1(view, fields);
  else writeHeader2(view, fields);
  if (extensions.length > 0) out[size] = 1;
  out.set(extensions, size + 4);
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  out.set(hostIsLittleEndian ? raw : swappedCopy(raw, data.BYTES_PER_ELEMENT), voxOffset);
  return out;
}

/**
 * A copy of a little-endian NIfTI-1 file with the texts of its header wiped: those that converters fill with what they
 * found in DICOM (data_type, db_name, descrip, aux_file, intent_name). Positions: nifti1.h.
 */
export function withoutPrivateText(bytes: Uint8Array): Uint8Array {
  const out = Uint8Array.from(bytes);
  for (const [start, end] of [
    [4, 32],
    [148, 252],
    [328, 344],
  ] as const) {
    out.fill(0, start, end);
  }
  return out;
}

function bodyOf(header: NiftiHeader, bytes: Uint8Array, options: NiftiReadOptions, what: string): Uint8Array {
  if (!header.pair) return bytes;
  if (options.imageBytes) return options.imageBytes;
  throw new ExpectedError(
    'nifti-unsupported',
    `${what} is the header of a pair and holds no voxels: keep its .img file beside it.`,
  );
}

/**
 * Which volume of the file is meant, from 0.
 * @throws ExpectedError nifti-unsupported where there are several and none was chosen, or the chosen one is not there.
 */
export function chooseVolume(header: NiftiHeader, chosen: number | undefined, what: string): number {
  const volumes = volumesInFile(header);
  if (chosen === undefined) {
    if (volumes === 1) return 0;
    throw new ExpectedError(
      'nifti-unsupported',
      `${what} holds ${volumes} volumes and ASC-Net works on one: --volume N chooses it, with N from 0 to ${volumes - 1}.`,
    );
  }
  if (Number.isInteger(chosen) && chosen >= 0 && chosen < volumes) return chosen;
  throw new ExpectedError(
    'nifti-unsupported',
    volumes === 1
      ? `${what} holds one volume, number 0: there is no volume ${chosen}.`
      : `${what} holds ${volumes} volumes, numbered from 0 to ${volumes - 1}: there is no volume ${chosen}.`,
  );
}

/** Of several volumes one is used, and the reader should see which. */
function volumeWarning(header: NiftiHeader, index: number): string[] {
  const volumes = volumesInFile(header);
  return volumes === 1 ? [] : [`Volume ${index} is used, of ${volumes} in the file (0 to ${volumes - 1}).`];
}

function readVoxels(body: Uint8Array, header: NiftiHeader, offset: number, count: number): VoxelArray {
  const little = header.littleEndian;
  switch (header.datatype) {
    case 2:
      return typedView(Uint8Array, body, offset, count, little);
    case 4:
      return typedView(Int16Array, body, offset, count, little);
    case 8:
      return typedView(Int32Array, body, offset, count, little);
    case 16:
      return typedView(Float32Array, body, offset, count, little);
    case 64:
      return typedView(Float64Array, body, offset, count, little);
    case 256:
      return typedView(Int8Array, body, offset, count, little);
    case 512:
      return typedView(Uint16Array, body, offset, count, little);
    case 768:
      return typedView(Uint32Array, body, offset, count, little);
    case 1024:
    case 1280:
      return wholeNumbers64(body, offset, count, little, header.datatype === 1024);
    default:
      throw new Error(`no reader for NIfTI datatype ${header.datatype}`);
  }
}

/** 64-bit whole numbers as float64: exact up to 2^53. Without BigInt, which is thirty times slower here. */
function wholeNumbers64(
  body: Uint8Array,
  offset: number,
  count: number,
  little: boolean,
  signed: boolean,
): Float64Array {
  const words = typedView(Uint32Array, body, offset, count * 2, little);
  const out = new Float64Array(count);
  const [low, high] = little ? [0, 1] : [1, 0];
  for (let i = 0; i < count; i += 1) {
    const top = words[2 * i + high] as number;
    out[i] = (signed ? top | 0 : top) * 4294967296 + (words[2 * i + low] as number);
  }
  return out;
}

interface Scaling {
  readonly slope: number;
  readonly intercept: number;
  readonly warnings: readonly string[];
}

/** A slope of 0, NaN or infinity means that nothing is scaled (NIfTI standard, nibabel). */
function scalingOf(header: NiftiHeader): Scaling {
  const { slope, intercept } = header;
  if (slope === 0 || !Number.isFinite(slope)) return { slope: 1, intercept: 0, warnings: [] };
  if (Number.isFinite(intercept)) return { slope, intercept, warnings: [] };
  return {
    slope,
    intercept: 0,
    warnings: ['The intercept in the header is not a number; it is taken as 0.'],
  };
}

interface Geometry {
  readonly affine: Affine;
  readonly zooms: Triple;
  readonly warnings: readonly string[];
}

/**
 * Where the voxels lie, by nibabel's rule: the sform when its code is set, else the qform, else the voxel sizes around
 * the centre of the grid. Codes outside 1..5 count as unset. A form that cannot be used (not finite, or flat) is passed
 * over with a warning, where nibabel would return it.
 */
function geometryOf(header: NiftiHeader, dims: Dims): Geometry {
  const warnings: string[] = [];
  const isSet = (code: number): boolean => code >= 1 && code <= 5;
  const usable = (name: string, code: number, affine: Affine): Affine | null => {
    if (!isSet(code)) {
      if (code !== 0) warnings.push(`The ${name} code ${code} does not exist; the ${name} is not used.`);
      return null;
    }
    if (isUsableAffine(affine)) return affine;
    warnings.push(`The ${name} in the header is damaged and is not used.`);
    return null;
  };
  const zooms = headerZooms(header);
  const sform = usable('sform', header.sformCode, [...header.srow, 0, 0, 0, 1]);
  const precision = header.version === 1 ? 2 ** -23 : 2 ** -52;
  const qform = usable(
    'qform',
    header.qformCode,
    qformAffine(header.quatern, zooms, qfacOf(header), header.qoffset, precision),
  );
  if (sform && qform) {
    const apart = largestDistanceMm(sform, qform, dims);
    // Half a voxel is what would move a mask; rounding in 32-bit headers stays far below a hundredth of a millimetre.
    if (apart > 0.05) {
      warnings.push(
        `The sform and the qform disagree by up to ${apart.toFixed(apart < 10 ? 2 : 0)} mm; the sform is used.`,
      );
    }
  }
  const affine = sform ?? qform ?? centredAffine(dims, zooms);
  if (!sform && !qform) {
    warnings.push(
      'The header does not say where the head lies: left and right are assumed (x runs to the left).',
    );
  }
  const spatialUnits = header.xyztUnits & 7;
  if (spatialUnits === 1 || spatialUnits === 3) {
    const unit = spatialUnits === 1 ? 'metres' : 'micrometres';
    warnings.push(
      `The header gives lengths in ${unit}; they are taken as millimetres, as other programs do.`,
    );
  }
  return { affine, zooms: affineZooms(affine), warnings };
}

/** The farthest that two affines put the same corner of the grid apart. */
function largestDistanceMm(a: Affine, b: Affine, dims: Dims): number {
  let farthest = 0;
  for (let corner = 0; corner < 8; corner += 1) {
    const point = dims.map((size, axis) => ((corner >> axis) & 1) * (size - 1));
    let square = 0;
    for (let row = 0; row < 3; row += 1) {
      let difference = (a[row * 4 + 3] as number) - (b[row * 4 + 3] as number);
      for (let axis = 0; axis < 3; axis += 1) {
        difference +=
          ((a[row * 4 + axis] as number) - (b[row * 4 + axis] as number)) * (point[axis] as number);
      }
      square += difference * difference;
    }
    farthest = Math.max(farthest, Math.sqrt(square));
  }
  return farthest;
}

function qfacOf(header: NiftiHeader): 1 | -1 {
  return header.pixdim[0] === -1 ? -1 : 1;
}

/** A header's extensions with their sizes and codes in our byte order; what they hold stays as it is. */
function keptExtensions({ extensions, littleEndian }: NiftiHeader, which: KeptExtensions): Uint8Array {
  const out = new Uint8Array(which === 'none' ? 0 : extensions.length);
  const view = new DataView(out.buffer);
  const from = new DataView(extensions.buffer, extensions.byteOffset, extensions.byteLength);
  let end = 0;
  for (let at = 0; at < extensions.length && which !== 'none';) {
    const size = from.getInt32(at, littleEndian);
    const code = from.getInt32(at + 4, littleEndian);
    const whole = extensions.subarray(at, at + size);
    at += size;
    if (which === 'public' && code === dicomExtension) continue;
    out.set(whole, end);
    view.setInt32(end, size, true);
    view.setInt32(end + 4, code, true);
    end += size;
  }
  return out.subarray(0, end);
}

function typeOf(data: Uint8Array | Int16Array | Float32Array): { code: number } {
  if (data instanceof Uint8Array) return { code: 2 };
  return { code: data instanceof Int16Array ? 4 : 16 };
}

function headerForAffine(dims: Dims, affine: Affine, zooms: Triple): NiftiHeader {
  return {
    version: 1,
    littleEndian: true,
    pair: false,
    dim: [3, ...dims, 1, 1, 1, 1],
    datatype: 16,
    bitpix: 32,
    pixdim: [1, ...zooms, 1, 1, 1, 1],
    voxOffsetBytes: 352,
    slope: 1,
    intercept: 0,
    xyztUnits: 2,
    qformCode: 0,
    sformCode: 2,
    quatern: [0, 0, 0],
    qoffset: [0, 0, 0],
    srow: affine.slice(0, 12),
    description: '',
    intentCode: 0,
    extensions: new Uint8Array(0),
  };
}

interface HeaderFields {
  readonly dim: readonly number[];
  readonly datatype: number;
  readonly bitpix: number;
  readonly pixdim: readonly number[];
  readonly voxOffset: number;
  readonly units: number;
  readonly qformCode: number;
  readonly sformCode: number;
  readonly quatern: Triple;
  readonly qoffset: Triple;
  readonly srow: readonly number[];
  readonly description: string;
}

/** Field offsets: nifti1.h. All fields not named here are 0. */
function writeHeader1(view: DataView, f: HeaderFields): void {
  view.setInt32(0, headerBytes[1], true);
  view.setUint8(38, 'r'.charCodeAt(0));
  f.dim.forEach((value, i) => view.setInt16(40 + 2 * i, value, true));
  view.setInt16(70, f.datatype, true);
  view.setInt16(72, f.bitpix, true);
  f.pixdim.forEach((value, i) => view.setFloat32(76 + 4 * i, value, true));
  view.setFloat32(108, f.voxOffset, true);
  view.setFloat32(112, 1, true);
  view.setUint8(123, f.units);
  writeText(view, 148, f.description);
  view.setInt16(252, f.qformCode, true);
  view.setInt16(254, f.sformCode, true);
  [...f.quatern, ...f.qoffset, ...f.srow].forEach((value, i) => view.setFloat32(256 + 4 * i, value, true));
  writeText(view, 344, 'n+1');
}

/** Field offsets: nifti2.h. All fields not named here are 0. */
function writeHeader2(view: DataView, f: HeaderFields): void {
  view.setInt32(0, headerBytes[2], true);
  writeText(view, 4, 'n+2');
  // The last four bytes of the magic show whether a transfer in text mode changed line ends.
  [0x0d, 0x0a, 0x1a, 0x0a].forEach((value, i) => view.setUint8(8 + i, value));
  view.setInt16(12, f.datatype, true);
  view.setInt16(14, f.bitpix, true);
  f.dim.forEach((value, i) => view.setBigInt64(16 + 8 * i, BigInt(value), true));
  f.pixdim.forEach((value, i) => view.setFloat64(104 + 8 * i, value, true));
  view.setBigInt64(168, BigInt(f.voxOffset), true);
  view.setFloat64(176, 1, true);
  writeText(view, 240, f.description);
  view.setInt32(344, f.qformCode, true);
  view.setInt32(348, f.sformCode, true);
  [...f.quatern, ...f.qoffset, ...f.srow].forEach((value, i) => view.setFloat64(352 + 8 * i, value, true));
  view.setInt32(500, f.units, true);
}

/** At most 79 characters; those beyond ISO 8859-1 become "?". */
function writeText(view: DataView, offset: number, text: string): void {
  for (let i = 0; i < Math.min(text.length, 79); i += 1) {
    const code = text.charCodeAt(i);
    view.setUint8(offset + i, code < 256 ? code : '?'.charCodeAt(0));
  }
}
