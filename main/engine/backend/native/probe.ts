import { spawn } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { cpus, hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { nativeEnvironment } from './environment';
import type { NativeLibrary } from './installed';

/** What a library does on this machine. */
export type ProbeResult =
  | { readonly works: true; readonly gpu: boolean; readonly tensorflow: string }
  /** `why` completes "because ...". */
  | { readonly works: false; readonly why: string };

const answerSchema = z.strictObject({ gpu: z.boolean(), tensorflow: z.string() });

/** The raw addon, as far as the probe uses it. */
type Addon = Record<'TF_FLOAT' | 'TF_INT32', number> & {
  readonly TF_Version: string;
  createTensor(shape: number[], type: number, values: Float32Array | Int32Array): number;
  executeOp(name: string, attrs: object[], inputs: number[], outputs: number): { id: number }[];
  tensorDataSync(id: number): Float32Array;
  isUsingGpuDevice(): boolean;
} & Record<string, unknown>;

/**
 * Run in a process of its own, because what can go wrong (an instruction that the processor lacks, a missing library, a
 * driver that does not fit) ends the process: one convolution of 1 to 16 with a window of ones, and its gradient in the
 * kernel, on the raw addon. It uses nothing from around it: plain Node gets it as text.
 */
export function tryAddon(b: Addon): z.infer<typeof answerSchema> {
  const attr = (name: string, type: string, value: unknown): object => ({ name, type: b[type], value });
  const attrs = [
    attr('T', 'TF_ATTR_TYPE', b.TF_FLOAT),
    attr('strides', 'TF_ATTR_INT', [1, 1, 1, 1]),
    attr('padding', 'TF_ATTR_STRING', 'SAME'),
    attr('data_format', 'TF_ATTR_STRING', 'NHWC'),
    attr('dilations', 'TF_ATTR_INT', [1, 1, 1, 1]),
    attr('use_cudnn_on_gpu', 'TF_ATTR_BOOL', true),
    attr('explicit_paddings', 'TF_ATTR_INT', []),
  ];
  const x = b.createTensor(
    [1, 4, 4, 1],
    b.TF_FLOAT,
    Float32Array.from({ length: 16 }, (_, i) => i + 1),
  );
  const kernel = b.createTensor([3, 3, 1, 1], b.TF_FLOAT, new Float32Array(9).fill(1));
  const shape = b.createTensor([4], b.TF_INT32, Int32Array.of(3, 3, 1, 1));
  const dy = b.createTensor([1, 4, 4, 1], b.TF_FLOAT, new Float32Array(16).fill(1));
  const run = (name: string, inputs: number[]): Float32Array =>
    b.tensorDataSync((b.executeOp(name, attrs, inputs, 1)[0] as { id: number }).id);
  const y = run('Conv2D', [x, kernel]);
  const dk = run('Conv2DBackpropFilter', [x, shape, dy]);
  // Not NaN either.
  const near = (value: number | undefined, wanted: number): boolean =>
    Math.abs((value as number) - wanted) < 1e-3;
  if (!near(y[5], 54) || !near(dk[4], 136)) {
    throw new Error('it computes wrong numbers: ' + String(y[5]) + ', ' + String(dk[4]));
  }
  return { gpu: b.isUsingGpuDevice(), tensorflow: b.TF_Version };
}

/** Loading the library of a GPU for the first time compiles kernels. */
const PROBE_TIMEOUT_MS = 120_000;

/**
 * Whether a library works here. A success is remembered beside the library for this machine and this Node, so that the
 * second start does not pay for a second process.
 */
export async function probeLibrary(library: NativeLibrary): Promise<ProbeResult> {
  const key = probeKey(library);
  const remembered = recall(library, key);
  if (remembered) return remembered;
  const result = await runProbe(library.addon);
  if (result.works) remember(library, key, result);
  return result;
}

/** How a process that tried a library ended. */
export interface ProbeEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Tries an addon in a process of its own, with this environment. */
export type StartProbe = (addon: string, env: NodeJS.ProcessEnv, timeoutMs: number) => Promise<ProbeEnd>;

let startProbe: StartProbe = probeInNode;

/** For where this program is no Node that can be started once more: the app's own executable is none. */
export function setStartProbe(start: StartProbe): void {
  startProbe = start;
}

/** Always asks the library itself. */
export async function runProbe(addon: string, timeoutMs = PROBE_TIMEOUT_MS): Promise<ProbeResult> {
  const { code, signal, out, err } = await startProbe(addon, nativeEnvironment(), timeoutMs);
  const answer = code === 0 ? parseAnswer(out) : null;
  return answer ? { works: true, ...answer } : { works: false, why: reason(code, signal, err) };
}

function probeInNode(addon: string, env: NodeJS.ProcessEnv, timeout: number): Promise<ProbeEnd> {
  const program = `console.log(JSON.stringify((${tryAddon.toString()})(require(process.argv[1]))))`;
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', program, addon], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout,
      windowsHide: true,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (err += String(chunk)));
    child.on('error', (error) => resolve({ code: null, signal: null, out, err: error.message }));
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
}

function parseAnswer(out: string): z.infer<typeof answerSchema> | null {
  try {
    return answerSchema.parse(JSON.parse(out.trim().split('\n').at(-1) ?? ''));
  } catch {
    return null;
  }
}

/** How a process ended, in words. */
function reason(code: number | null, signal: NodeJS.Signals | null, err: string): string {
  // Windows has no signals: an illegal instruction is a status there.
  if (signal === 'SIGILL' || code === 0xc000001d)
    return 'this processor lacks instructions that TensorFlow was built with (AVX)';
  if (signal === 'SIGTERM') return 'it gave no answer in time';
  if (signal) return `it crashed (${signal})`;
  const missing = /([\w.+-]+): cannot open shared object file/.exec(err)?.[1];
  if (missing) return `the library ${missing} is missing or does not load`;
  const line = /^(?:\w*Error: )(.+)$/m.exec(err)?.[1] ?? err.trim().split('\n').at(-1) ?? '';
  return `its library could not be loaded (${line || `exit code ${code}`})`;
}

const rememberedSchema = z.record(z.string(), answerSchema);
const PROBED_FILE = 'probed.json';

/** A home folder may be shared by machines, so the machine is part of it. */
function probeKey(library: NativeLibrary): string {
  return [
    hostname(),
    cpus()[0]?.model ?? '',
    process.versions.modules,
    process.env['CUDA_VISIBLE_DEVICES'] ?? '',
    statSync(library.addon).mtimeMs,
  ].join('|');
}

function recall(library: NativeLibrary, key: string): ProbeResult | null {
  // A GPU's driver may have changed since, and a program that keeps it busy too: it is always asked.
  if (library.kind === 'gpu') return null;
  try {
    const all = rememberedSchema.parse(JSON.parse(readFileSync(join(library.folder, PROBED_FILE), 'utf8')));
    const answer = all[key];
    return answer ? { works: true, ...answer } : null;
  } catch {
    return null;
  }
}

function remember(library: NativeLibrary, key: string, result: ProbeResult): void {
  if (!result.works) return;
  try {
    const answer = { gpu: result.gpu, tensorflow: result.tensorflow };
    writeFileSync(join(library.folder, PROBED_FILE), JSON.stringify({ [key]: answer }));
  } catch {
    // A folder that may only be read costs a second process at each start, no more.
  }
}
