import { ExpectedError } from '../../../../../shared/failure';
import type { NativeKind } from '../installed';
import { findWheel, type IndexFile } from './pythonIndex';
import { readZipText, unzip } from './unpack';

/** The TensorFlow whose wheel is taken: the one that our numbers and times are checked against. */
export const WHEEL_VERSION = '2.15.1';

/** By platform and architecture of Node: the project that has a wheel for it, and the wheels' platform. */
const CPU_WHEELS: Readonly<Record<string, { project: string; platform: RegExp }>> = {
  'linux-x64': { project: 'tensorflow-cpu', platform: /^manylinux.*_x86_64$/ },
  'linux-arm64': { project: 'tensorflow-cpu-aws', platform: /^manylinux.*_aarch64$/ },
  'darwin-x64': { project: 'tensorflow-cpu', platform: /^macosx.*_x86_64$/ },
  'darwin-arm64': { project: 'tensorflow-macos', platform: /^macosx.*_arm64$/ },
};

/**
 * The wheel for this computer.
 * @throws ExpectedError install-failed where TensorFlow has none
 */
export async function findTensorFlowWheel(kind: NativeKind, signal?: AbortSignal): Promise<IndexFile> {
  const here = `${process.platform}-${process.arch}`;
  const wheel =
    kind === 'cpu'
      ? CPU_WHEELS[here]
      : here === 'linux-x64'
        ? { project: 'tensorflow', platform: /^manylinux.*_x86_64$/ }
        : undefined;
  if (!wheel) {
    throw new ExpectedError(
      'install-failed',
      `There is no TensorFlow package ${kind === 'gpu' ? 'for GPUs ' : ''}that can be used on this computer (${here}). Name a libtensorflow of your own with --libtensorflow DIR, or stay with WebAssembly.`,
    );
  }
  return findWheel(wheel.project, WHEEL_VERSION, wheel.platform, signal);
}

/**
 * NVIDIA's libraries that a wheel of TensorFlow for GPUs asks for: CUDA and cuDNN as wheels, in the versions that it names.
 * @param wheel the downloaded wheel
 */
export async function findCudaWheels(wheel: string, signal?: AbortSignal): Promise<IndexFile[]> {
  const metadata = (await readZipText(wheel, /^[^/]+\.dist-info\/METADATA$/)) ?? '';
  const wanted = cudaRequirements(metadata);
  return Promise.all(
    wanted.map(({ project, version }) => findWheel(project, version, /^manylinux.*_x86_64$/, signal)),
  );
}

/** The requirements of the extra "and-cuda" in a wheel's metadata. */
export function cudaRequirements(metadata: string): { project: string; version: string }[] {
  const line =
    /^Requires-Dist:\s*(nvidia-[\w-]+)\s*\(?\s*==\s*([\w.]+)\s*\)?\s*;.*extra == ['"]and-cuda['"]/gm;
  return [...metadata.matchAll(line)].map((match) => ({
    project: match[1] as string,
    version: match[2] as string,
  }));
}

/** Headers and libraries of TensorFlow's wheel into `folder`/tensorflow, as Python lays them out. */
export function unpackTensorFlow(wheel: string, folder: string): Promise<void> {
  return unzip(wheel, folder, (name) =>
    /^tensorflow\/(libtensorflow_(cc|framework)\.[^/]*|include\/(tensorflow\/(c|core\/platform|tsl)|tsl|xla\/tsl)\/.*)$/.test(
      name,
    )
      ? name
      : null,
  );
}

/** The shared libraries of one of NVIDIA's wheels; TensorFlow's look for them in nvidia/ beside their own folder. */
export function unpackCuda(wheel: string, folder: string): Promise<void> {
  return unzip(wheel, folder, (name) => (/^nvidia\/[^/]+\/(lib|bin)\//.test(name) ? name : null));
}
