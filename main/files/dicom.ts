import { existsSync } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { freemem } from 'node:os';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { ExpectedError } from '../../shared/failure';
import { withoutPrivateText } from '../../shared/volume/nifti';
import { unreadable } from './uncompressed';

/** One series of a DICOM folder, converted. */
export interface DicomSeries {
  /** Number and description, for a person to choose by: "3 FLAIR SAG". Never the patient's name. */
  readonly label: string;
  readonly number: number;
  /** The uncompressed .nii; no patient is named in it. */
  readonly nifti: Uint8Array;
}

const mostFiles = 20_000;
const deepest = 8;

/** What of dcm2niix's JSON is used; it was written anonymised. */
const sidecarSchema = z.object({
  SeriesNumber: z.number().optional(),
  SeriesDescription: z.string().optional(),
  ProtocolName: z.string().optional(),
});

const convertedSchema = z.object({
  log: z.array(z.string()),
  made: z.array(z.tuple([z.string(), z.instanceof(Uint8Array)])),
});

/**
 * dcm2niix in a thread of its own: it is synchronous WebAssembly, and all that a file says about a patient stays in this
 * thread's memory, which ends with it. As text because a thread wants a file of its own, and the three programs that this
 * is bundled into, and the tests, have none in common.
 */
const worker = `
import { parentPort, workerData } from 'node:worker_threads';
import { readFileSync } from 'node:fs';
const log = [];
const text = encodeURIComponent(readFileSync(workerData.program, 'utf8'));
const { default: load } = await import('data:text/javascript,' + text);
const wasmBinary = readFileSync(workerData.program.replace(/js$/, 'wasm'));
const say = (line) => log.push(line);
const program = await load({ wasmBinary, locateFile: (name) => name, print: say, printErr: say });
program.FS.mkdir('/in');
program.FS.mkdir('/out');
workerData.files.forEach((file, i) => {
  program.FS.createDataFile('/in', i + '.dcm', readFileSync(file), true, false);
});
program.callMain(['-z', 'n', '-b', 'y', '-ba', 'y', '-f', '%s', '-o', '/out', '/in']);
const names = program.FS.readdir('/out').filter((name) => /[.](nii|json)$/.test(name));
parentPort.postMessage({ log, made: names.map((name) => [name, program.FS.readFile('/out/' + name)]) });
`;

/** Whether a file begins as DICOM files do (with a preamble and "DICM"); false where it cannot be read. */
export async function isDicomFile(path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return false;
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(132), 0, 132, 0);
    return bytesRead === 132 && buffer.toString('latin1', 128) === 'DICM';
  } catch {
    return false;
  } finally {
    await file.close();
  }
}

/** The files of a folder and the folders in it, in the order of their names; hidden ones are passed over. */
export async function filesBelow(folder: string, depth = 0): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw unreadable(basename(folder), error as NodeJS.ErrnoException);
  });
  const found: string[] = [];
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.isFile()) found.push(path);
    else if (entry.isDirectory() && depth < deepest) found.push(...(await filesBelow(path, depth + 1)));
    if (found.length > mostFiles) {
      throw new ExpectedError(
        'too-large',
        `${basename(folder)} holds more than ${mostFiles} files: choose the folder of one examination.`,
      );
    }
  }
  return found;
}

/**
 * The series that DICOM files hold, each as a NIfTI volume, in the order of their numbers. Files of other kinds are passed
 * over.
 * @param what how the files are called in messages, e.g. the folder's name
 * @throws ExpectedError file-unreadable where there is no DICOM image, too-large
 */
export async function convertDicom(paths: readonly string[], what: string): Promise<DicomSeries[]> {
  const images: string[] = [];
  for (const path of paths) if (await isDicomFile(path)) images.push(path);
  const sizes = await Promise.all(images.map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  // The files, the volume and the copy that is handed over are in memory at once; WebAssembly reaches 2 GB.
  if (total > Math.min(freemem() / 3, 2 ** 30)) {
    throw new ExpectedError(
      'too-large',
      `${what} holds ${(total / 2 ** 30).toFixed(1)} GB of files, more than can be converted at once: choose the folder of one series.`,
    );
  }
  const { log, made } = images.length > 0 ? await convertInThread(images) : { log: [], made: [] };
  const files = new Map(made);
  const series: DicomSeries[] = [];
  for (const [name, bytes] of files) {
    if (!name.endsWith('.nii')) continue;
    const text = files.get(name.replace(/nii$/, 'json'));
    const parsed = sidecarSchema.safeParse(
      text ? (JSON.parse(Buffer.from(text).toString('utf8')) as unknown) : {},
    );
    const facts = parsed.success ? parsed.data : {};
    const description = facts.SeriesDescription ?? facts.ProtocolName ?? '';
    const number = facts.SeriesNumber ?? 0;
    series.push({
      label: `${name.replace(/\.nii$/, '')} ${description}`.trim(),
      number,
      nifti: withoutPrivateText(bytes),
    });
  }
  if (series.length > 0) return series.sort((a, b) => a.number - b.number || (a.label < b.label ? -1 : 1));
  throw new ExpectedError(
    'file-unreadable',
    `${what} holds no DICOM images that can be read: choose the folder of a series, or open NIfTI or .npy files.`,
    log.join('\n'),
  );
}

async function convertInThread(files: readonly string[]): Promise<z.infer<typeof convertedSchema>> {
  // The package does not say that its files are modules, which older Nodes need to hear: as data: addresses they are.
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(worker)}`), {
    workerData: { program: programPath(), files },
  });
  const ended = new Promise((resolve) => thread.once('exit', resolve));
  try {
    const answer = await new Promise<unknown>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', reject);
      thread.once('exit', () => reject(new Error('dcm2niix ended without an answer')));
    });
    // It ends by itself. Ended from here at that moment it has taken Electron's whole process with it.
    await ended;
    return convertedSchema.parse(answer);
  } catch (error) {
    await thread.terminate();
    throw new ExpectedError(
      'file-unreadable',
      'The DICOM files could not be converted: one of them may be damaged. Convert them with dcm2niix and open the result.',
      error instanceof Error ? (error.stack ?? error.message) : String(error),
    );
  }
}

/** The package names no way in but one for web pages; in the packaged app it lies outside the archive. */
function programPath(): string {
  const inPackage = join('@niivue', 'dcm2niix', 'dist', 'dcm2niix.jpeg.js');
  const folders = createRequire(__filename).resolve.paths('@niivue/dcm2niix') ?? [];
  const found = folders.map((folder) => join(folder, inPackage)).find((path) => existsSync(path));
  if (found) return found.replace(/app\.asar(?=[\\/])/, 'app.asar.unpacked');
  throw new ExpectedError(
    'file-missing',
    'The DICOM converter is not installed; run "npm ci" in the project folder.',
  );
}

/**
 * The series of a folder that is meant.
 * @param index place in the list that the message shows, from 1; null where none was chosen
 * @throws ExpectedError settings-invalid where there are several and none was chosen, or the chosen one is not there
 */
export function chooseSeries(
  series: readonly DicomSeries[],
  index: number | null,
  what: string,
): DicomSeries {
  const list = series.map(({ label }, i) => `${i + 1}: ${label}`).join('; ');
  const chosen = index === null && series.length === 1 ? series[0] : series[(index ?? 0) - 1];
  if (chosen) return chosen;
  throw new ExpectedError(
    'settings-invalid',
    index === null
      ? `${what} holds ${series.length} series: choose one with --series N (${list}).`
      : `${what} holds no series ${index}: there are ${list}.`,
  );
}
