import { readdirSync, statSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { ExpectedError } from '../../../../../shared/failure';
import {
  ADDON_FILE,
  INSTALLED_FILE,
  libraryFolder,
  libraryIn,
  nativeHome,
  type NativeKind,
  type NativeLibrary,
} from '../installed';
import { runProbe } from '../probe';
import { compileAddon, libraryFilesIn } from './compile';
import { downloadFile, sha256Of } from './download';
import type { IndexFile } from './pythonIndex';
import {
  findCudaWheels,
  findTensorFlowWheel,
  unpackCuda,
  unpackedTensorFlow,
  unpackTensorFlow,
} from './wheel';

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

/**
 * Installs TensorFlow's library with the addon that connects it to Node. It is made in a folder beside the target, tried
 * there with a convolution and its gradient, and moved into place whole: what stops it in the middle leaves what was there
 * before, and the downloads for the next attempt.
 * @throws ExpectedError download-failed, install-failed or cancelled
 */
export async function installNative(options: InstallOptions, host: InstallHost): Promise<NativeLibrary> {
  const target = libraryFolder(options.kind);
  const work = `${target}.making-${process.pid}`;
  await mkdir(work, { recursive: true });
  try {
    const source = options.libtensorflow
      ? await fromFolder(options.libtensorflow, work, host)
      : await fromWheel(options.kind, work, host);
    host.onProgress('trying a convolution and its gradient', null);
    const addon = join(work, ADDON_FILE);
    const probe = await runProbe(addon);
    if (!probe.works) {
      throw new ExpectedError(
        'install-failed',
        `TensorFlow was fetched but does not run on this computer, because ${probe.why}. Nothing was changed; everything runs on WebAssembly.`,
      );
    }
    await writeFile(
      join(work, INSTALLED_FILE),
      JSON.stringify(
        { version: 1, tensorflow: probe.tensorflow, source, files: await checksums(work) },
        null,
        1,
      ),
    );
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

async function fromWheel(kind: NativeKind, work: string, host: InstallHost): Promise<string> {
  host.onProgress('asking the Python package index', null);
  const wheel = await findTensorFlowWheel(kind);
  const archive = await fetchWheel(wheel, host);
  host.onProgress('unpacking TensorFlow', null);
  await unpackTensorFlow(archive, work);
  if (kind === 'gpu') {
    for (const cuda of await findCudaWheels(archive)) await unpackCuda(await fetchWheel(cuda, host), work);
  }
  host.onProgress('compiling the addon', null);
  const files = libraryFilesIn(unpackedTensorFlow(work));
  if (!files)
    throw new ExpectedError('install-failed', `${wheel.filename} holds no library that can be used.`);
  const beside = process.platform === 'darwin' ? '@loader_path/tensorflow' : '$ORIGIN/tensorflow';
  await compileAddon(files, beside, join(work, ADDON_FILE));
  // Only the compiler needed them.
  await rm(files.include, { recursive: true, force: true });
  return `${wheel.filename} of the Python package index`;
}

async function fetchWheel(wheel: IndexFile, host: InstallHost): Promise<string> {
  const archive = join(downloads(), wheel.filename);
  const mb = (bytes: number): string => (bytes / 1e6).toFixed(0);
  await downloadFile(
    wheel,
    archive,
    (bytes) => {
      const of = wheel.sizeBytes === null ? '' : ` of ${mb(wheel.sizeBytes)}`;
      host.onProgress(
        `downloading ${wheel.filename.split('-')[0] ?? ''}: ${mb(bytes)}${of} MB`,
        wheel.sizeBytes === null ? null : bytes / wheel.sizeBytes,
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
