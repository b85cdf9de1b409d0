import { ExpectedError, fromFailure, type Failure } from '../../shared/failure';
import { failureSchema } from '../../shared/ipc/engineEvents';
import {
  declaredSize,
  headBytes,
  mostHeaderFileBytes,
  refuseShortFile,
} from '../../shared/volume/declaredSize';

/** What may follow the declared data before reading ends: some writers pad. */
const slackBytes = 1 << 16;

/** Told while bytes come in: the share that is there, and what there is of the file (not to be kept or changed). */
export type OnProgress = (fraction: number, bytes: Uint8Array) => void;

export interface TokenFile {
  readonly token: string;
  /** For messages. */
  readonly name: string;
}

/**
 * The uncompressed bytes of a file that main knows by this token. Memory is taken once, for as many bytes as the file's
 * header declares; a file that holds fewer comes back short, and its reader says so.
 *
 * @throws ExpectedError what main answers (denied, file-missing, too-large), not-nifti and its like as soon as the header
 *   is there, nifti-damaged where the compressed data break off.
 */
export function readToken(
  file: TokenFile,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return fetchBytes(file, '', onProgress, signal, (head, mostBytes) => {
    const size = declaredSize(head, file.name);
    if (size.pair) return Math.min(mostBytes, mostHeaderFileBytes);
    refuseShortFile(size, mostBytes, file.name);
    return size.bytes;
  });
}

/** The uncompressed bytes of the .img beside a .hdr that main knows by this token. @param bytes as its header declares */
export function readImageOf(
  file: TokenFile,
  bytes: number,
  onProgress: OnProgress,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  return fetchBytes(file, '/image', onProgress, signal, (_head, mostBytes) => {
    refuseShortFile({ format: 'nifti', bytes }, mostBytes, `The image of ${file.name}`);
    return bytes;
  });
}

/** How many bytes are wanted, from the first ones and the most that there can be; throws to refuse the file. */
type Wanted = (head: Uint8Array, mostBytes: number) => number;

async function fetchBytes(
  file: TokenFile,
  part: '' | '/image',
  onProgress: OnProgress,
  signal: AbortSignal | undefined,
  wanted: Wanted,
): Promise<Uint8Array> {
  const response = await fetch(`ascnet://file/${file.token}${part}`, signal ? { signal } : {});
  if (!response.ok || !response.body) throw await failureOf(response, file.name);
  const reader = response.body.getReader();
  try {
    const most = Number(response.headers.get('X-Most-Bytes') ?? Infinity);
    return await collect(reader, file.name, (head) => wanted(head, most), onProgress);
  } catch (thrown) {
    if (thrown instanceof ExpectedError || signal?.aborted) throw thrown;
    throw new ExpectedError(
      'nifti-damaged',
      `${file.name} is cut short or damaged: it cannot be decompressed to its end. Copy or export it again.`,
      String(thrown),
    );
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

async function collect(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  name: string,
  wanted: (head: Uint8Array) => number,
  onProgress: OnProgress,
): Promise<Uint8Array> {
  let head = new Uint8Array(0);
  let ended = false;
  while (head.length < headBytes && !ended) {
    const { done, value } = await reader.read();
    ended = done;
    if (value) head = joined(head, value);
  }
  const declared = wanted(head);
  // A gzip that turns out shorter is handed on as short as it is: whoever parses it names what is missing.
  const bytes = allocate(declared + slackBytes, name);
  bytes.set(head.subarray(0, bytes.length));
  let filled = Math.min(head.length, bytes.length);
  while (!ended && filled < bytes.length) {
    const { done, value } = await reader.read();
    if (done) break;
    const fits = value.subarray(0, bytes.length - filled);
    bytes.set(fits, filled);
    filled += fits.length;
    onProgress(Math.min(1, filled / declared), bytes.subarray(0, filled));
  }
  return bytes.subarray(0, filled);
}

function allocate(bytes: number, name: string): Uint8Array {
  try {
    return new Uint8Array(bytes);
  } catch {
    throw new ExpectedError(
      'out-of-memory',
      `${name} needs ${(bytes / 2 ** 30).toFixed(1)} GB, more than there is: close other scans, crop or downsample it.`,
    );
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(a.length + b.length);
  out.set(a);
  out.set(b, a.length);
  return out;
}

async function failureOf(response: Response, name: string): Promise<ExpectedError> {
  const parsed = failureSchema.safeParse(await response.json().catch(() => null));
  return parsed.success
    ? fromFailure(parsed.data as Failure)
    : new ExpectedError('file-unreadable', `${name} cannot be read: open it again.`);
}
