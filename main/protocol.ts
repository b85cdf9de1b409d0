import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { protocol, type Session } from 'electron';
import { ExpectedError, toFailure } from '../shared/failure';
import { mostInflatedBytes } from '../shared/volume/declaredSize';
import { imagePath } from './files/readVolume';
import type { FileTokens } from './files/tokens';
import { scheme, type PageOrigin } from './origins';
import { contentSecurityPolicy } from './security';

/** Most bytes of one file that are streamed to the page, uncompressed: about what a page can hold in one piece. */
export const maxStreamBytes = 2 ** 31;

/** Must run before the app is ready. */
export function registerScheme(): void {
  protocol.registerSchemesAsPrivileged([
    {
      scheme,
      privileges: { standard: true, secure: true, supportFetchAPI: true, corsEnabled: true, stream: true },
    },
  ]);
}

export interface ProtocolOptions {
  /** Folder of the built page. */
  readonly pageFolder: string;
  /** Folder of the user guide. */
  readonly guideFolder: string;
  readonly page: PageOrigin;
  readonly tokens: FileTokens;
}

/**
 * Serves the page's own files as ascnet://app/..., the guide's as ascnet://guide/..., and files behind tokens as
 * ascnet://file/TOKEN.
 */
export function setupProtocol(session: Session, options: ProtocolOptions): void {
  session.protocol.handle(scheme, async (request) => {
    const url = new URL(request.url);
    if (request.method !== 'GET' && request.method !== 'HEAD') return new Response(null, { status: 405 });
    if (url.host === 'app') return servePage(options.pageFolder, url.pathname);
    if (url.host === 'guide') return servePage(options.guideFolder, url.pathname);
    if (url.host === 'file') return serveToken(options, url.pathname.slice(1));
    return new Response(null, { status: 404 });
  });
}

const contentTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

async function servePage(folder: string, urlPath: string): Promise<Response> {
  const file = pageFile(folder, urlPath);
  const type = contentTypes[path.extname(file ?? '').toLowerCase()];
  if (file === null || type === undefined) return new Response(null, { status: 404 });
  try {
    const nonce = randomBytes(16).toString('base64');
    const bytes = await readFile(file);
    const body = type.startsWith('text/html')
      ? bytes.toString('utf8').replaceAll('__CSP_NONCE__', nonce)
      : new Uint8Array(bytes);
    return new Response(body, {
      headers: {
        'Content-Type': type,
        'Content-Security-Policy': contentSecurityPolicy(nonce),
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
      },
    });
  } catch {
    return new Response(null, { status: 404 });
  }
}

/** The file of a page address; null for whatever would lie outside the page's folder. */
export function pageFile(folder: string, urlPath: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(urlPath);
  } catch {
    return null;
  }
  if (decoded.includes('\0')) return null;
  const file = path.resolve(folder, `.${path.posix.normalize(`/${decoded}`)}`);
  return file.startsWith(path.resolve(folder) + path.sep) ? file : null;
}

/** @param address TOKEN for the file itself, TOKEN/image for the .img beside a .hdr */
async function serveToken(options: ProtocolOptions, address: string): Promise<Response> {
  // The page (ascnet://app) and its files (ascnet://file) are two origins: one may read the other, no one else may.
  const headers = { 'Access-Control-Allow-Origin': options.page.origin, 'X-Content-Type-Options': 'nosniff' };
  try {
    const [token = '', part] = address.split('/');
    const file = options.tokens.pathOf(token, 'file');
    const opened = await openUncompressed(
      part === 'image' ? imagePath(file) : file,
      options.tokens.nameOf(token, 'file'),
    );
    return new Response(Readable.toWeb(opened.stream) as ReadableStream, {
      headers: {
        ...headers,
        'Content-Type': 'application/octet-stream',
        // For the page to hold against what the file's header declares, before it takes memory for that.
        'X-Most-Bytes': String(opened.mostBytes),
        'Access-Control-Expose-Headers': 'X-Most-Bytes',
        ...(opened.sizeBytes === null ? {} : { 'Content-Length': String(opened.sizeBytes) }),
      },
    });
  } catch (thrown) {
    const failure = toFailure(thrown);
    return Response.json(failure, { status: failure.kind === 'denied' ? 403 : 422, headers });
  }
}

/**
 * A file as a stream of its uncompressed bytes (all members of a multi-member gzip), how many they are where that is
 * known, and how many they can be at most. What the name says about compression does not count, the first two bytes do.
 */
export async function openUncompressed(
  file: string,
  name: string,
): Promise<{ stream: Readable; sizeBytes: number | null; mostBytes: number }> {
  const facts = await stat(file).catch(() => null);
  if (!facts?.isFile()) {
    throw new ExpectedError(
      'file-missing',
      `${name} is no longer where it was: put it back or open it again.`,
    );
  }
  if (facts.size === 0) {
    throw new ExpectedError('file-unreadable', `${name} is empty (0 bytes): export or copy it again.`);
  }
  const source = createReadStream(file, { highWaterMark: 1 << 20 });
  if (!(await isGzip(file))) {
    if (facts.size > maxStreamBytes) throw tooLarge(name);
    return { stream: source, sizeBytes: facts.size, mostBytes: facts.size };
  }
  const gunzip = createGunzip({ chunkSize: 1 << 20 });
  const cap = limitBytes(maxStreamBytes, name);
  source.once('error', (error) => gunzip.destroy(error));
  gunzip.once('error', (error) => cap.destroy(error));
  cap.once('close', () => {
    gunzip.destroy();
    source.destroy();
  });
  source.pipe(gunzip).pipe(cap);
  return { stream: cap, sizeBytes: null, mostBytes: mostInflatedBytes(facts.size) };
}

async function isGzip(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch(() => null);
  if (!handle)
    throw new ExpectedError(
      'file-unreadable',
      `${path.basename(file)} cannot be read: check its permissions.`,
    );
  try {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await handle.close();
  }
}

/** A few compressed bytes can become any number of zeros: the stream ends with an error beyond the limit. */
function limitBytes(limit: number, name: string): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed > limit) done(tooLarge(name));
      else done(null, chunk);
    },
  });
}

function tooLarge(name: string): ExpectedError {
  return new ExpectedError(
    'too-large',
    `${name} holds more than ${maxStreamBytes / 2 ** 30} GB: crop or downsample it before opening it here.`,
  );
}
