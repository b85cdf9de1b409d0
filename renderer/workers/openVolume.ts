import { ExpectedError } from '../../shared/failure';
import { isNpy } from '../../shared/volume/declaredSize';
import {
  expectedFileBytes,
  readNiftiHeader,
  volumeFromNifti,
  volumesInFile,
} from '../../shared/volume/nifti';
import { volumeFromNpy } from '../../shared/volume/npy';
import type { Volume } from '../../shared/volume/volume';
import { readImageOf, readToken, type OnProgress, type TokenFile } from './readToken';

/** The volume in a file that main knows by a token; the .img of a .hdr is read from beside it. @throws ExpectedError */
export async function openVolume(
  file: TokenFile,
  onProgress: OnProgress = () => undefined,
  signal?: AbortSignal,
): Promise<Volume> {
  const bytes = await readToken(file, onProgress, signal);
  const header = isNpy(bytes) ? null : readNiftiHeader(bytes, file.name);
  if (!header?.pair) return volumeOf(bytes, file.name);
  const image = await readImageOf(file, expectedFileBytes(header), onProgress, signal);
  return volumeOf(bytes, file.name, image);
}

/**
 * The volume in a file's bytes: NIfTI with one volume, or a stack of slices from NumPy.
 * @param imageBytes of the .img where `bytes` is its .hdr
 * @throws ExpectedError
 */
export function volumeOf(bytes: Uint8Array, name: string, imageBytes?: Uint8Array): Volume {
  if (isNpy(bytes)) return volumeFromNpy(bytes, name);
  const volumes = volumesInFile(readNiftiHeader(bytes, name));
  if (volumes > 1) {
    throw new ExpectedError(
      'nifti-unsupported',
      `${name} holds ${volumes} volumes and a scan is one: open it with "Open scans...", which asks for its number.`,
    );
  }
  return volumeFromNifti(bytes, { nameForMessages: name, ...(imageBytes ? { imageBytes } : {}) });
}
