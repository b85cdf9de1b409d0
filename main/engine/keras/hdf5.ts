import type { File as Hdf5File, Group } from 'h5wasm';
import { ExpectedError } from '../../../shared/failure';

/**
 * HDF5 in memory, through the HDF5 C library compiled to WebAssembly (h5wasm). Its files live in the library's own
 * memory: what reaches the disk is written elsewhere, whole or not at all.
 */

/** An object with attributes, and the root or a group of a file. */
export type Hdf5Group = Group;

/** The first bytes of every HDF5 file without a user block. */
const SIGNATURE = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

interface Library {
  readonly File: typeof Hdf5File;
  readonly files: {
    writeFile(path: string, content: Uint8Array): void;
    readFile(path: string): Uint8Array;
    unlink(path: string): void;
  };
}

let library: Promise<Library> | null = null;
let filesMade = 0;
/** A name in the library's memory that no other file has. */
const freshPath = (): string => `/${filesMade++}.h5`;

/** Four megabytes of library are loaded when the first file is. */
function open(): Promise<Library> {
  library ??= (async () => {
    const h5wasm = await import('h5wasm');
    const module = await h5wasm.ready;
    // Else the C library prints its stack of errors to the console and gives invalid handles.
    module.activate_throwing_error_handler();
    return { File: h5wasm.File, files: module.FS as unknown as Library['files'] };
  })();
  return library;
}

/**
 * Reads a file's bytes. `read` must take what it needs out of the groups: they are closed afterwards.
 * @param name the file's own name, for the messages
 * @throws ExpectedError model-unreadable when the bytes are not HDF5 or are damaged
 */
export async function readHdf5<T>(bytes: Uint8Array, name: string, read: (root: Hdf5Group) => T): Promise<T> {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    throw new ExpectedError('model-unreadable', `${name} is not an HDF5 file; choose a Keras model (.h5).`);
  }
  const { File, files } = await open();
  const path = freshPath();
  files.writeFile(path, bytes);
  try {
    const file = new File(path, 'r');
    try {
      return read(file);
    } finally {
      file.close();
    }
  } catch (error) {
    if (error instanceof ExpectedError) throw error;
    throw new ExpectedError(
      'model-unreadable',
      `${name} is damaged or cut off and cannot be read; copy it again.`,
      String(error),
    );
  } finally {
    files.unlink(path);
  }
}

/** Makes a file and gives its bytes. */
export async function makeHdf5(fill: (root: Hdf5Group) => void): Promise<Uint8Array> {
  const { File, files } = await open();
  const path = freshPath();
  const file = new File(path, 'w');
  try {
    fill(file);
    file.flush();
  } finally {
    file.close();
  }
  try {
    return files.readFile(path);
  } finally {
    files.unlink(path);
  }
}

/** A text attribute, of fixed or variable length; null where there is none. */
export function textAttribute(group: Hdf5Group, name: string): string | null {
  const value = group.attrs[name]?.value;
  return typeof value === 'string' ? value : null;
}

/**
 * An attribute that is a list of texts; null where there is none. Keras cuts a list above 64 KB into NAME0, NAME1, ...
 */
export function textListAttribute(group: Hdf5Group, name: string): string[] | null {
  const { attrs } = group;
  const parts: unknown[] = [];
  if (attrs[name]) parts.push(attrs[name].value);
  else for (let i = 0; attrs[`${name}${i}`]; i++) parts.push(attrs[`${name}${i}`]?.value);
  if (parts.length === 0) return null;
  // An empty list is stored as an empty array of numbers.
  return parts.flatMap((part) => (Array.isArray(part) ? part.map(String) : []));
}

/** Sets an attribute that is a list of texts; an empty list is stored as Keras does, as no numbers. */
export function setTextList(group: Hdf5Group, name: string, texts: readonly string[]): void {
  if (texts.length === 0) group.create_attribute(name, new Float64Array(0), [0], '<d');
  else group.create_attribute(name, [...texts]);
}
