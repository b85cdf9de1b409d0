import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise } from 'yauzl';

/**
 * Unpacks some entries of a zip archive (a wheel is one).
 * @param wanted where an entry goes, relative to the folder; null leaves it out
 */
export async function unzip(
  archive: string,
  folder: string,
  wanted: (name: string) => string | null,
): Promise<void> {
  const zip = await openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      const name = entry.fileName;
      const relative = name.endsWith('/') ? null : wanted(name);
      if (relative === null) continue;
      const target = resolve(folder, relative);
      if (!target.startsWith(resolve(folder) + sep)) throw new Error(`${name} leads out of the archive`);
      await mkdir(dirname(target), { recursive: true });
      await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(target));
    }
  } finally {
    zip.close();
  }
}

/** The text of one entry whose name fits, or null. */
export async function readZipText(archive: string, fits: RegExp): Promise<string | null> {
  const zip = await openPromise(archive);
  try {
    for await (const entry of zip.eachEntry()) {
      if (!fits.test(entry.fileName)) continue;
      const chunks: Buffer[] = [];
      for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString('utf8');
    }
    return null;
  } finally {
    zip.close();
  }
}
