import { stat } from 'node:fs/promises';
import { freemem } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { ExpectedError } from '../../shared/failure';
import {
  declaredSize,
  headBytes,
  isNpy,
  mostHeaderFileBytes,
  refuseShortFile,
  type DeclaredSize,
} from '../../shared/volume/declaredSize';
import { chooseVolume, readNiftiHeader, volumeFromNifti } from '../../shared/volume/nifti';
import { oneVolume } from '../../shared/volume/oneVolume';
import { volumeFromNpy, type NpyLayout } from '../../shared/volume/npy';
import type { Volume } from '../../shared/volume/volume';
import { chooseSeries, convertDicom, filesBelow } from './dicom';
import { readUncompressed } from './uncompressed';

export interface ReadVolumeOptions {
  /** Which volume of a 4D file, from 0; needed where there is more than one. */
  readonly volumeIndex?: number | undefined;
  /** What the axes of a .npy mean; slices, rows and columns unless said. */
  readonly npyLayout?: NpyLayout | undefined;
  /** Which series of a DICOM folder, from 1; needed where there is more than one. */
  readonly series?: number | undefined;
}

/**
 * Reads a volume from a .nii, .nii.gz, .hdr/.img pair (either of the two), .npy file, or from a folder of DICOM files. What the header declares is checked
 * against the file's size and the memory at hand before anything of that size is allocated, and no more than declared is
 * kept.
 * @throws ExpectedError with a sentence for the user
 */
export async function readVolumeFile(path: string, options: ReadVolumeOptions = {}): Promise<Volume> {
  if (await isFolder(path)) return readDicomFolder(path, options);
  const { name, bytes, image } = await readBytes(path, options.volumeIndex);
  if (isNpy(bytes)) return volumeFromNpy(bytes, name, options.npyLayout);
  return volumeFromNifti(bytes, {
    nameForMessages: name,
    ...(options.volumeIndex === undefined ? {} : { volumeIndex: options.volumeIndex }),
    ...(image ? { imageBytes: image } : {}),
  });
}

/**
 * One volume of a NIfTI file with several, as the bytes of a .nii of its own.
 * @throws ExpectedError as {@link readVolumeFile}
 */
export async function readOneVolume(path: string, index: number): Promise<Uint8Array> {
  const { name, bytes, image } = await readBytes(path, index);
  return oneVolume(bytes, readNiftiHeader(bytes, name), index, name, image);
}

/** The uncompressed start of a file, enough for its header; of a pair, that of the .hdr. @throws ExpectedError */
export function readHead(path: string): Promise<Uint8Array> {
  return readUncompressed(headerPath(path), (_head, mostBytes) => Math.min(mostBytes, headBytes));
}

/** The uncompressed bytes of a file, and those of the .img of a pair. */
async function readBytes(
  path: string,
  volumeIndex: number | undefined,
): Promise<{ name: string; bytes: Uint8Array; image?: Uint8Array }> {
  const header = headerPath(path);
  const name = basename(header);
  const bytes = await readUncompressed(header, (head, mostBytes) => {
    const declared = declaredSize(head, name);
    if (declared.format === 'nifti') chooseVolume(readNiftiHeader(head, name), volumeIndex, name);
    return declared.pair ? Math.min(mostBytes, mostHeaderFileBytes) : affordable(declared, mostBytes, name);
  });
  const declared = declaredSize(bytes, name);
  const image = declared.pair ? await readImage(imagePath(header), declared) : undefined;
  return { name, bytes, ...(image ? { image } : {}) };
}

async function isFolder(path: string): Promise<boolean> {
  const facts = await stat(path).catch(() => null);
  return facts?.isDirectory() ?? false;
}

async function readDicomFolder(path: string, options: ReadVolumeOptions): Promise<Volume> {
  const name = basename(path);
  const { nifti } = chooseSeries(
    await convertDicom(await filesBelow(path), name),
    options.series ?? null,
    name,
  );
  const { volumeIndex } = options;
  return volumeFromNifti(nifti, {
    nameForMessages: name,
    ...(volumeIndex === undefined ? {} : { volumeIndex }),
  });
}

function readImage(path: string, declared: DeclaredSize): Promise<Uint8Array> {
  return readUncompressed(path, (_head, mostBytes) => affordable(declared, mostBytes, basename(path)), true);
}

/** The header of a pair where its image was named. */
export function headerPath(path: string): string {
  return path.replace(/\.img(\.gz)?$/i, (ending) => ending.replace(/img/i, sameCase('hdr')));
}

/** The .img of a .hdr; other names keep theirs, so that a pair without endings is refused for its missing voxels. */
export function imagePath(path: string): string {
  return join(
    dirname(path),
    basename(path).replace(/\.hdr(\.gz)?$/i, (ending) => ending.replace(/hdr/i, sameCase('img'))),
  );
}

function sameCase(word: string): (found: string) => string {
  return (found) => (found === found.toUpperCase() ? word.toUpperCase() : word);
}

/** Refuses what the file cannot hold, and what would not fit in memory (the data, and copies to work on). */
function affordable(declared: DeclaredSize, mostBytes: number, name: string): number {
  refuseShortFile(declared, mostBytes, name);
  const room = Math.max(freemem() * 0.6, 256 * 2 ** 20);
  if (declared.bytes > room) {
    throw new ExpectedError(
      'too-large',
      `${name} declares ${gigabytes(declared.bytes)} GB of data, more than the ${gigabytes(room)} GB of memory that can be spared; ` +
        'close other programs, or crop or downsample it.',
    );
  }
  return declared.bytes;
}

function gigabytes(bytes: number): string {
  return (bytes / 2 ** 30).toFixed(1);
}
