import { readdirSync, statSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { ExpectedError } from '../../../../../shared/failure';
import {
  ADDON_FILE,
  INSTALLED_FILE,
  libraryFolder,
  libraryIn,
  nativeHome,
  RECIPE,
  RECIPE_FILE,
  type NativeKind,
  type NativeLibrary,
} from '../installed';
import { runProbe } from '../probe';
import { compileAddon, libraryFilesIn } from './compile';
import { downloadFile, sha256Of, type Download } from './download';
import { findOfficial, unpackOfficial } from './official';
import { findCudaWheels, findTensorFlowWheel, unpackCuda, unpackTensorFlow } from './wheel';

export interface InstallOptions {
  readonly kind: NativeKind;
  /** A libtensorflow that is on this machine: it is used where it lies. */
  readonly libtensorflow?: string;
}

/** What the installation tells whoever started it. */
export interface InstallHost {
  /** One step in words; `fraction` of that step, or null where it cannot be told. */
  onProgress(message: string, fraction: number | null): void;
  readonly signal?: AbortSignal;
}

/** A way to a library. */
interface Source {
  /** Completes "trying ...". */
  readonly name: string;
  /** Puts library and addon into the folder; says where they came from. */
  make(work: string, host: InstallHost): Promise<string>;
  /** Whether a library of the kind gpu must find a GPU: there is another way where it does not. */
  readonly mustSeeGpu: boolean;
}

function sourcesOf({ kind, libtensorflow }: InstallOptions): Source[] {
  if (libtensorflow !== undefined) {
    const make = (work: string, host: InstallHost): Promise<string> => fromFolder(libtensorflow, work, host);
    return [{ name: 'the library on this computer', make, mustSeeGpu: false }];
  }
  return [
    {
      name: "TensorFlow's own server",
      make: (work, host) => fromOfficial(kind, work, host),
      mustSeeGpu: kind === 'gpu',
    },
    {
      name: 'the Python package index',
      make: (work, host) => fromWheel(kind, work, host),
      mustSeeGpu: false,
    },
  ];
}

/**
 * Installs TensorFlow's library with the addon that connects it to Node, from the first source that gives one which works
 * here. It is made in a folder beside the target, tried there with a convolution and its gradient, and moved into place
 * whole: what stops it in the middle leaves what was there before, and the downloads for the next attempt.
 * @throws ExpectedError download-failed, install-failed or cancelled
 */
export async function installNative(options: InstallOptions, host: InstallHost): Promise<NativeLibrary> {
  const target = libraryFolder(options.kind);
  const work = `${target}${MAKING}${process.pid}`;
  await removeLeftovers();
  const sources = sourcesOf(options);
  try {
    for (const [place, source] of sources.entries()) {
      try {
        await makeFrom(source, work, host);
        break;
      } catch (error) {
        const next = sources[place + 1];
        const { kind } = error instanceof ExpectedError ? error : { kind: null };
        if (!next || (kind !== 'download-failed' && kind !== 'install-failed')) throw error;
        host.onProgress(`${source.name} gives no library that works here; trying ${next.name}`, null);
      }
    }
    await rm(target, { recursive: true, force: true });
    await rename(work, target);
    await rm(downloads(), { recursive: true, force: true });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  const library = libraryIn(target, options.kind);
  if (!library) throw new Error(`${target} is not complete`);
  return library;
}

/** Makes a complete library in the folder, or throws. */
async function makeFrom(source: Source, work: string, host: InstallHost): Promise<void> {
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  const from = await source.make(work, host);
  host.onProgress('trying a convolution and its gradient', null);
  const probe = await runProbe(join(work, ADDON_FILE));
  const why = !probe.works
    ? probe.why
    : source.mustSeeGpu && !probe.gpu
      ? 'it finds no CUDA device that it can use'
      : null;
  if (!probe.works || why !== null) {
    throw new ExpectedError(
      'install-failed',
      `TensorFlow was fetched but does not run on this computer, because ${why}. Nothing was changed; everything runs on WebAssembly.`,
    );
  }
  await writeFile(join(work, RECIPE_FILE), `${RECIPE}\n`);
  const { tensorflow } = probe;
  const installed = { version: 1, tensorflow, source: from, files: await checksums(work) };
  await writeFile(join(work, INSTALLED_FILE), JSON.stringify(installed, null, 1));
}

/** Ends the name of a folder in which a process is at work; its number follows. */
const MAKING = '.making-';

/** Removes what installations left that were killed. */
async function removeLeftovers(): Promise<void> {
  const home = nativeHome();
  for (const name of await readdir(home).catch(() => [])) {
    const pid = Number(name.split(MAKING)[1] ?? NaN);
    if (Number.isInteger(pid) && !isRunning(pid))
      await rm(join(home, name), { recursive: true, force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It runs, but as somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Removes a kind of library, and downloads that were not finished. */
export async function removeNative(kind: NativeKind): Promise<boolean> {
  const folder = libraryFolder(kind);
  const there = libraryIn(folder, kind) !== null;
  await rm(folder, { recursive: true, force: true });
  await rm(downloads(), { recursive: true, force: true });
  return there;
}

/** The first file of an installed library that is not what was installed, or null where all are. */
export async function damagedFile(library: NativeLibrary): Promise<string | null> {
  for (const [name, sha256] of Object.entries(library.files)) {
    const found = await sha256Of(join(library.folder, name)).catch(() => null);
    if (found !== sha256) return name;
  }
  return null;
}

function downloads(): string {
  return join(nativeHome(), 'downloads');
}

async function fromFolder(folder: string, work: string, host: InstallHost): Promise<string> {
  const files = libraryFilesIn(resolve(folder));
  if (!files) {
    throw new ExpectedError(
      'install-failed',
      `${basename(folder)} holds no TensorFlow library with its headers. Name a folder with include/tensorflow/c/c_api.h and libtensorflow (or Python's tensorflow package).`,
    );
  }
  host.onProgress('compiling the addon', null);
  await compileAddon(files, resolve(files.libraries[0] as string, '..'), join(work, ADDON_FILE));
  return `the library in ${resolve(folder)}`;
}

async function fromOfficial(kind: NativeKind, work: string, host: InstallHost): Promise<string> {
  host.onProgress("asking TensorFlow's own server", null);
  const found = await findOfficial(kind, host.signal);
  if (!found) {
    throw new ExpectedError(
      'install-failed',
      `There is no official TensorFlow library for this computer (${process.platform} ${process.arch}).`,
    );
  }
  const archive = await fetchFile(found, 'libtensorflow', host);
  host.onProgress('unpacking TensorFlow', null);
  await unpackOfficial(archive, join(work, 'tensorflow'));
  await connect(work, 'tensorflow/lib', found.filename, host);
  return `${found.filename} of TensorFlow's own server`;
}

async function fromWheel(kind: NativeKind, work: string, host: InstallHost): Promise<string> {
  host.onProgress('asking the Python package index', null);
  const wheel = await findTensorFlowWheel(kind, host.signal);
  const archive = await fetchFile(wheel, wheel.filename.split('-')[0] ?? '', host);
  host.onProgress('unpacking TensorFlow', null);
  await unpackTensorFlow(archive, work);
  if (kind === 'gpu') {
    for (const cuda of await findCudaWheels(archive, host.signal)) {
      await unpackCuda(await fetchFile(cuda, cuda.filename.split('-')[0] ?? '', host), work);
    }
  }
  await connect(work, 'tensorflow', wheel.filename, host);
  return `${wheel.filename} of the Python package index`;
}

/** Compiles the addon for the library that was unpacked into `work`/tensorflow, and removes its headers. */
async function connect(work: string, libraries: string, archive: string, host: InstallHost): Promise<void> {
  host.onProgress('compiling the addon', null);
  const files = libraryFilesIn(join(work, 'tensorflow'));
  if (!files) throw new ExpectedError('install-failed', `${archive} holds no library that can be used.`);
  const beside = `${process.platform === 'darwin' ? '@loader_path' : '$ORIGIN'}/${libraries}`;
  await compileAddon(files, beside, join(work, ADDON_FILE));
  // Only the compiler needed them.
  await rm(files.include, { recursive: true, force: true });
}

async function fetchFile(
  file: Download & { readonly filename: string },
  title: string,
  host: InstallHost,
): Promise<string> {
  const archive = join(downloads(), file.filename);
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
  await downloadFile(
    file,
    archive,
    (bytes) => {
      const of = file.sizeBytes === null ? '' : ` of ${mb(file.sizeBytes)}`;
      host.onProgress(
        `downloading ${title}: ${mb(bytes)}${of} MB`,
        file.sizeBytes === null ? null : bytes / file.sizeBytes,
      );
    },
    host.signal,
  );
  return archive;
}

/** SHA-256 of every file below a folder, by its name relative to it. */
async function checksums(folder: string): Promise<Record<string, string>> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((file) => statSync(file).isFile());
  const sums: Record<string, string> = {};
  for (const file of files.sort()) {
    sums[relative(folder, file).replaceAll('\\', '/')] = await sha256Of(file);
  }
  return sums;
}
