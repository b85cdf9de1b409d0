import { ExpectedError } from '../failure';
import { centredAffine } from '../geometry/affine';
import { hostIsLittleEndian, latin1, swappedCopy, typedView } from './byteOrder';
import { parseLiteral, type Literal } from './pythonLiteral';
import type { Volume } from './volume';

/** The item types that are read; all become float32. */
export type NpyDtype =
  | 'bool'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'float16'
  | 'float32'
  | 'float64';

export interface NpyHeader {
  readonly shape: number[];
  readonly dtype: NpyDtype;
  readonly littleEndian: boolean;
  readonly fortranOrder: boolean;
  /** Where the items begin. */
  readonly dataOffsetBytes: number;
}

const dtypes: ReadonlyMap<string, NpyDtype> = new Map([
  ['b1', 'bool'],
  ['i1', 'int8'],
  ['u1', 'uint8'],
  ['i2', 'int16'],
  ['u2', 'uint16'],
  ['i4', 'int32'],
  ['u4', 'uint32'],
  ['i8', 'int64'],
  ['u8', 'uint64'],
  ['f2', 'float16'],
  ['f4', 'float32'],
  ['f8', 'float64'],
]);

const refused: ReadonlyMap<string, string> = new Map([
  ['O', 'Python objects'],
  ['S', 'text'],
  ['a', 'text'],
  ['U', 'text'],
  ['V', 'records'],
  ['c', 'complex numbers'],
  ['M', 'dates'],
  ['m', 'time spans'],
  ['f', 'floating point numbers of an unusual size'],
  ['g', 'floating point numbers of an unusual size'],
]);

/** numpy's own limit is 10,000 characters; beyond it a header is not one of a plain array. */
export const maxNpyHeaderBytes = 65_536;
const maxItems = 2 ** 31;

/**
 * Parses the header of an .npy file, version 1.0 to 3.0. The header is a Python literal and is read as one: nothing is
 * evaluated.
 *
 * @param bytes the start of the file, or all of it.
 * @throws ExpectedError not-npy, npy-damaged, npy-unsupported (objects, text, records: named), too-large.
 */
export function readNpyHeader(bytes: Uint8Array, what = 'This file'): NpyHeader {
  if (bytes.length < 6 || bytes[0] !== 0x93 || latin1(bytes.subarray(1, 6)) !== 'NUMPY') {
    throw new ExpectedError('not-npy', `${what} is not a NumPy .npy file: save the array with numpy.save.`);
  }
  const major = bytes[6] ?? 0;
  if (bytes.length > 6 && (major < 1 || major > 3)) {
    throw new ExpectedError(
      'npy-unsupported',
      `${what} is in version ${major} of the .npy format, and ASC-Net reads versions 1 to 3.`,
    );
  }
  const prefix = major === 1 ? 10 : 12;
  const cut = (): ExpectedError =>
    new ExpectedError('npy-damaged', `${what} is cut short in its header: copy it again.`);
  if (bytes.length < prefix) throw cut();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxNpyHeaderBytes) {
    throw new ExpectedError('npy-damaged', `${what} has a header of ${length} bytes: it is damaged.`);
  }
  if (bytes.length < prefix + length) throw cut();
  return {
    ...parseHeader(latin1(bytes.subarray(prefix, prefix + length)), what),
    dataOffsetBytes: prefix + length,
  };
}

/** Bytes of one item. */
export function npyItemBytes(dtype: NpyDtype): number {
  switch (dtype) {
    case 'bool':
    case 'int8':
    case 'uint8':
      return 1;
    case 'int16':
    case 'uint16':
    case 'float16':
      return 2;
    case 'int32':
    case 'uint32':
    case 'float32':
      return 4;
    case 'int64':
    case 'uint64':
    case 'float64':
      return 8;
  }
}

/** Number of items of an array of this shape: 1 for a shape without axes, 0 where an axis is empty. */
export function npyItemCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The items in C order (last axis fastest) as float32. For little-endian float32 in C order this is a view of `bytes`
 * where alignment allows; else a copy.
 *
 * @throws ExpectedError npy-damaged where items are missing; what {@link readNpyHeader} throws.
 */
export function npyValues(
  bytes: Uint8Array,
  header: NpyHeader = readNpyHeader(bytes),
  what = 'This file',
): Float32Array {
  const count = npyItemCount(header.shape);
  const expected = header.dataOffsetBytes + count * npyItemBytes(header.dtype);
  if (bytes.length < expected) {
    throw new ExpectedError(
      'npy-damaged',
      `${what} is cut short: its header promises ${expected} bytes, and there are ${bytes.length}. Copy it again.`,
    );
  }
  const items = readItems(bytes, header, count);
  return header.fortranOrder && header.shape.filter((size) => size > 1).length > 1
    ? toCOrder(items, header.shape)
    : items;
}

/**
 * The header of an .npy file in C order, byte for byte as numpy.save writes it: version 1.0, little endian, padded with
 * spaces to a multiple of 64 bytes. The items follow it.
 */
export function npyHeaderBytes(shape: readonly number[], dtype: NpyDtype): Uint8Array {
  const code = [...dtypes].find(([, name]) => name === dtype)?.[0] as string;
  const tuple = shape.length === 1 ? `${String(shape[0])},` : shape.join(', ');
  const order = npyItemBytes(dtype) === 1 ? '|' : '<';
  let text = `{'descr': '${order}${code}', 'fortran_order': False, 'shape': (${tuple}), }`;
  // numpy leaves room for the first axis to grow to 21 digits without rewriting the file.
  if (shape.length > 0) text += ' '.repeat(21 - String(shape[0]).length);
  text += ' '.repeat(64 - ((10 + text.length + 1) % 64)) + '\n';
  const out = new Uint8Array(10 + text.length);
  out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
  for (let i = 0; i < text.length; i += 1) out[10 + i] = text.charCodeAt(i);
  return out;
}

/** A whole .npy file in C order: float32 or uint8 by the data's type. @throws Error when the data do not fill the shape. */
export function npyBytes(shape: readonly number[], data: Float32Array | Uint8Array): Uint8Array {
  if (npyItemCount(shape) !== data.length) throw new Error('the data do not fill the shape');
  const header = npyHeaderBytes(shape, data instanceof Uint8Array ? 'uint8' : 'float32');
  const out = new Uint8Array(header.length + data.byteLength);
  out.set(header);
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  out.set(hostIsLittleEndian ? raw : swappedCopy(raw, data.BYTES_PER_ELEMENT), header.length);
  return out;
}

/** What the axes of an array mean: (slices, rows, columns), or voxels along x, y and z as nibabel's get_fdata gives them. */
export type NpyLayout = 'stack' | 'volume';

/**
 * An array as a volume of 1 mm cubes; nothing in the file says where the head lies.
 *
 * As a stack of slices, [n, h, w], [n, h, w, 1] or one slice [h, w]: rows are taken to run from anterior to posterior and
 * columns from the patient's right to left, as the slice grid lays axial slices out; so the slice grid of a stack of the
 * network's size is an identity copy. As one volume, [x, y, z] or [x, y, z, 1]: x is taken to run from right to left, y to
 * the front and z upwards, which is what nibabel assumes of a volume without an affine; the reader is told.
 *
 * @throws ExpectedError shape-mismatch for other shapes, empty-set for an array without items, and what
 *   {@link npyValues} throws.
 */
export function volumeFromNpy(bytes: Uint8Array, what = 'This file', layout: NpyLayout = 'stack'): Volume {
  const header = readNpyHeader(bytes, what);
  const shape = arrayShape(header.shape, layout, what);
  if (layout === 'volume') {
    // The first axis is to run fastest: C order read backwards.
    const fastestFirst = { ...header, shape: [...shape].reverse(), fortranOrder: !header.fortranOrder };
    return {
      dims: shape,
      data: npyValues(bytes, fastestFirst, what),
      slope: 1,
      intercept: 0,
      affine: centredAffine(shape, [1, 1, 1]),
      zooms: [1, 1, 1],
      header: null,
      layout,
      warnings: [
        'An array does not say where the head lies: voxels of 1 mm are assumed, x to the left, y to the front, z upwards.',
      ],
    };
  }
  const [count, height, width] = shape;
  return {
    dims: [width, height, count],
    data: npyValues(bytes, header, what),
    slope: 1,
    intercept: 0,
    affine: [-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    zooms: [1, 1, 1],
    header: null,
    layout,
    warnings: [],
  };
}

function arrayShape(shape: readonly number[], layout: NpyLayout, what: string): [number, number, number] {
  const last = shape[shape.length - 1];
  const plain = shape.length === 4 && last === 1 ? shape.slice(0, 3) : shape;
  const [first, second, third] = plain.length === 2 && layout === 'stack' ? [1, ...plain] : plain;
  if (plain.length > 3 || first === undefined || second === undefined || third === undefined) {
    const wanted =
      layout === 'stack' ? 'a stack of slices is (slices, rows, columns)' : 'a volume is (x, y, z)';
    throw new ExpectedError(
      'shape-mismatch',
      `${what} has the shape (${shape.join(', ')}); ${wanted}, or that with a last axis of 1.`,
    );
  }
  if (first * second * third === 0) {
    throw new ExpectedError('empty-set', `${what} holds no slices: its shape is (${shape.join(', ')}).`);
  }
  return [first, second, third];
}

function parseHeader(text: string, what: string): Omit<NpyHeader, 'dataOffsetBytes'> {
  const damaged = (): ExpectedError =>
    new ExpectedError('npy-damaged', `${what} has a header that cannot be read: it is damaged.`);
  const parsed = parseLiteral(text);
  if (!(parsed instanceof Map)) throw damaged();
  const [descr, fortranOrder, shape] = ['descr', 'fortran_order', 'shape'].map((key) => parsed.get(key));
  if (descr === undefined || typeof fortranOrder !== 'boolean' || !Array.isArray(shape)) throw damaged();
  const sizes: number[] = [];
  for (const size of shape) {
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) throw damaged();
    sizes.push(size);
  }
  const type = dtypeOf(descr, what);
  // The product over the axes that are not empty: an empty axis must not hide an absurd one.
  if (sizes.length > 32 || npyItemCount(sizes.filter((size) => size > 0)) > maxItems) {
    throw new ExpectedError(
      'too-large',
      `${what} says that its shape is (${sizes.slice(0, 8).join(', ')}), more than ASC-Net opens: its header is damaged, or it has to be cut into parts.`,
    );
  }
  return { shape: sizes, fortranOrder, ...type };
}

function dtypeOf(descr: Literal, what: string): { dtype: NpyDtype; littleEndian: boolean } {
  const unsupported = (name: string): ExpectedError =>
    new ExpectedError(
      'npy-unsupported',
      `${what} is an array of ${name}, and ASC-Net reads arrays of numbers: save it as float32.`,
    );
  if (Array.isArray(descr)) throw unsupported('records');
  const match = typeof descr === 'string' ? /^([<>|=]?)([a-zA-Z])(\d*)/.exec(descr) : null;
  if (typeof descr !== 'string' || !match)
    throw new ExpectedError('npy-damaged', `${what} has a header that cannot be read: it is damaged.`);
  const [whole, order, letter, size] = match as unknown as [string, string, string, string];
  const dtype = whole === descr ? dtypes.get(letter + size) : undefined;
  if (dtype) return { dtype, littleEndian: order !== '>' };
  throw unsupported(refused.get(letter) ?? `an unknown type ("${descr.slice(0, 20)}")`);
}

function readItems(bytes: Uint8Array, header: NpyHeader, count: number): Float32Array {
  const { dataOffsetBytes: offset, littleEndian: little } = header;
  const converted = (items: ArrayLike<number>): Float32Array => new Float32Array(items);
  switch (header.dtype) {
    case 'bool':
      // Any byte but 0 is true.
      return converted(typedView(Uint8Array, bytes, offset, count, little)).map((byte) =>
        byte === 0 ? 0 : 1,
      );
    case 'int8':
      return converted(typedView(Int8Array, bytes, offset, count, little));
    case 'uint8':
      return converted(typedView(Uint8Array, bytes, offset, count, little));
    case 'int16':
      return converted(typedView(Int16Array, bytes, offset, count, little));
    case 'uint16':
      return converted(typedView(Uint16Array, bytes, offset, count, little));
    case 'int32':
      return converted(typedView(Int32Array, bytes, offset, count, little));
    case 'uint32':
      return converted(typedView(Uint32Array, bytes, offset, count, little));
    case 'float32':
      return typedView(Float32Array, bytes, offset, count, little);
    case 'float64':
      return converted(typedView(Float64Array, bytes, offset, count, little));
    case 'float16':
      return halfFloats(typedView(Uint16Array, bytes, offset, count, little));
    case 'int64':
    case 'uint64': {
      const words = typedView(Uint32Array, bytes, offset, count * 2, little);
      const [low, high] = little ? [0, 1] : [1, 0];
      const out = new Float32Array(count);
      for (let i = 0; i < count; i += 1) {
        const top = words[2 * i + high] as number;
        out[i] = (header.dtype === 'int64' ? top | 0 : top) * 4294967296 + (words[2 * i + low] as number);
      }
      return out;
    }
  }
}

/** IEEE 754 binary16 to float32, exact, subnormal numbers, infinities and NaN included. */
function halfFloats(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i += 1) {
    const word = bits[i] as number;
    const exponent = (word >> 10) & 31;
    const fraction = word & 1023;
    let size: number;
    if (exponent === 0) size = fraction * 2 ** -24;
    else if (exponent === 31) size = fraction === 0 ? Infinity : NaN;
    else size = (1024 + fraction) * 2 ** (exponent - 25);
    out[i] = word & 0x8000 ? -size : size;
  }
  return out;
}

/** First axis fastest -> last axis fastest. */
function toCOrder(items: Float32Array, shape: readonly number[]): Float32Array {
  const out = new Float32Array(items.length);
  const strides = shape.map((_, axis) => npyItemCount(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  const last = shape.length - 1;
  const lastSize = shape[last] as number;
  const lastStride = strides[last] as number;
  let start = 0;
  for (let at = 0; at < items.length; at += lastSize) {
    for (let k = 0; k < lastSize; k += 1) out[at + k] = items[start + k * lastStride] as number;
    for (let axis = last - 1; axis >= 0; axis -= 1) {
      index[axis] = (index[axis] as number) + 1;
      start += strides[axis] as number;
      if ((index[axis] as number) < (shape[axis] as number)) break;
      start -= (strides[axis] as number) * (shape[axis] as number);
      index[axis] = 0;
    }
  }
  return out;
}
