import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { isNpy } from '../../shared/volume/declaredSize';
import { niftiBytes, readNiftiHeader, volumesInFile } from '../../shared/volume/nifti';
import { readNpyHeader } from '../../shared/volume/npy';
import type { FileAnswer, FileQuestion } from '../../shared/ipc/contract';
import { writeFileAtomic } from './atomicWrite';
import { hashFile } from './hashFile';
import { stemOf } from './outputs';
import { readHead, readOneVolume, readVolumeFile } from './readVolume';

/*
 * Files that can be taken in more than one way: the reader is asked, and what was chosen becomes a file of its own below the
 * study, so that all that comes after works on one volume. A JSON file beside it says where it comes from.
 */

const originSchema = z.object({ name: z.string(), sha256: z.string() });
type Origin = z.infer<typeof originSchema>;

/** What has to be known of a file before it is opened; null where nothing has, or reading it will tell what is wrong. */
export async function questionOf(file: string): Promise<FileQuestion | null> {
  try {
    const head = await readHead(file);
    if (isNpy(head)) {
      const { shape } = readNpyHeader(head);
      return shape.length === 3 ? { kind: 'layout', shape: [...shape] } : null;
    }
    const volumes = volumesInFile(readNiftiHeader(head));
    return volumes > 1 ? { kind: 'volume', volumes } : null;
  } catch {
    return null;
  }
}

/**
 * The file that an answer stands for: the file itself, or a volume of it as a file of its own.
 * @param newFolder makes a folder for it
 * @throws ExpectedError what reading and writing throw
 */
export async function takeAs(file: string, answer: FileAnswer, newFolder: () => string): Promise<string> {
  if (answer.kind === 'layout' && answer.layout === 'stack') return file;
  const name = path.basename(file);
  const [bytes, ending] =
    answer.kind === 'volume'
      ? [await readOneVolume(file, answer.index), `volume-${answer.index}`]
      : [await arrayAsVolume(file, name), 'as-volume'];
  const target = path.join(newFolder(), `${stemOf(file)}_${ending}.nii`);
  await writeFileAtomic(target, bytes);
  const origin: Origin = { name, sha256: await hashFile(file) };
  await writeFileAtomic(originFile(target), JSON.stringify(origin));
  return target;
}

async function arrayAsVolume(file: string, name: string): Promise<Uint8Array> {
  const volume = await readVolumeFile(file, { npyLayout: 'volume' });
  const data = Float32Array.from(volume.data);
  return niftiBytes({ dims: volume.dims, data, like: volume, description: `${name} as one volume` });
}

/** The file that a volume was made from, where {@link takeAs} made it, else the file itself: its name and SHA-256. */
export async function sourceOf(file: string): Promise<Origin> {
  const text = await readFile(originFile(file), 'utf8').catch(() => null);
  return text === null
    ? { name: path.basename(file), sha256: await hashFile(file) }
    : originSchema.parse(JSON.parse(text));
}

const originFile = (file: string): string => `${file}.origin.json`;
