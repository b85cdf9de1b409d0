import { z } from 'zod';
import { ExpectedError } from '../../../../../shared/failure';
import type { Download } from './download';
import { get } from './http';
import { pipSetting } from './pipSettings';

/** A file of the Python package index. */
export interface IndexFile extends Download {
  readonly filename: string;
}

const PUBLIC_INDEX = 'https://pypi.org/simple';

/** The simple API's JSON form, as far as it is used (PEP 691, PEP 700). */
const projectSchema = z.object({
  files: z.array(
    z.object({
      filename: z.string(),
      url: z.string(),
      hashes: z.record(z.string(), z.string()),
      size: z.number().nullish(),
      yanked: z.union([z.boolean(), z.string()]).optional(),
    }),
  ),
});

/**
 * The wheel of a project's version for a platform. Which Python it is for does not matter here: only C and C++ libraries
 * are taken out of it, and those are the same in all.
 * @param platform tells the wheels that fit by the last part of their file name
 * @throws ExpectedError download-failed where the index has none or cannot be reached
 */
export async function findWheel(
  project: string,
  version: string,
  platform: RegExp,
  signal?: AbortSignal,
): Promise<IndexFile> {
  const index = (pipSetting('index-url') ?? PUBLIC_INDEX).replace(/\/+$/, '');
  const base = `${index}/${project}/`;
  const accept = 'application/vnd.pypi.simple.v1+json, text/html;q=0.5';
  const response = await get(base, { accept }, signal);
  const type = response.headers.get('content-type') ?? '';
  const text = await response.text();
  const files = type.includes('json') ? filesOfJson(text, base) : filesOfHtml(text, base);
  const prefix = `${project.replaceAll('-', '_')}-${version}-`;
  const found = files
    .filter(({ filename }) => filename.toLowerCase().startsWith(prefix))
    .filter(({ filename }) => filename.endsWith('.whl'))
    .filter(({ filename }) => platform.test(filename.slice(0, -4).split('-').at(-1) ?? ''))
    .sort((a, b) => a.filename.localeCompare(b.filename))
    .at(-1);
  if (!found) {
    throw new ExpectedError(
      'download-failed',
      `The Python package index has no ${project} ${version} for this computer (${process.platform} ${process.arch}). See the other ways in docs/native.md.`,
      base,
    );
  }
  return found;
}

function sha256(hex: string): Download['hash'] {
  return { algorithm: 'sha256', hex: hex.toLowerCase() };
}

function filesOfJson(text: string, base: string): IndexFile[] {
  return projectSchema
    .parse(JSON.parse(text))
    .files.filter(({ hashes, yanked }) => hashes['sha256'] && !yanked)
    .map(({ filename, url, hashes, size }) => ({
      filename,
      url: new URL(url, base).href,
      hash: sha256(hashes['sha256'] as string),
      sizeBytes: size ?? null,
    }));
}

/** The older form, which mirrors give (PEP 503): one link a file, its checksum behind the #. */
function filesOfHtml(text: string, base: string): IndexFile[] {
  return [...text.matchAll(/<a\s[^>]*href="([^"#]+)#sha256=([0-9a-f]{64})"[^>]*>/gi)].map((match) => {
    const url = new URL((match[1] as string).replaceAll('&amp;', '&'), base);
    return {
      filename: decodeURIComponent(url.pathname.split('/').at(-1) ?? ''),
      url: url.href,
      hash: sha256(match[2] as string),
      sizeBytes: null,
    };
  });
}
