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

/**
 * Run by a bare Node in a process of its own, because what can go wrong (an instruction that the processor lacks, a
 * missing library, a driver that does not fit) ends the process: one convolution of 1 to 16 with a window of ones, and
 * its gradient in the kernel, on the raw addon. Text, because the bundler must not touch it.
 */
const PROBE = `
const b = require(process.argv[1]);
const attr = (name, type, value) => ({ name, type: b[type], value });
const attrs = [
  attr('T', 'TF_ATTR_TYPE', b.TF_FLOAT),
  attr('strides', 'TF_ATTR_INT', [1, 1, 1, 1]),
  attr('padding', 'TF_ATTR_STRING', 'SAME'),
  attr('data_format', 'TF_ATTR_STRING', 'NHWC'),
  attr('dilations', 'TF_ATTR_INT', [1, 1, 1, 1]),
  attr('use_cudnn_on_gpu', 'TF_ATTR_BOOL', true),
  attr('explicit_paddings', 'TF_ATTR_INT', []),
];
const x = b.createTensor([1, 4, 4, 1], b.TF_FLOAT, Float32Array.from({ length: 16 }, (_, i) => i + 1));
const kernel = b.createTensor([3, 3, 1, 1], b.TF_FLOAT, new Float32Array(9).fill(1));
const shape = b.createTensor([4], b.TF_INT32, Int32Array.of(3, 3, 1, 1));
const dy = b.createTensor([1, 4, 4, 1], b.TF_FLOAT, new Float32Array(16).fill(1));
const run = (name, inputs) => b.tensorDataSync(b.executeOp(name, attrs, inputs, 1)[0].id);
const y = run('Conv2D', [x, kernel]);
const dk = run('Conv2DBackpropFilter', [x, shape, dy]);
if (Math.abs(y[5] - 54) > 1e-3 || Math.abs(dk[4] - 136) > 1e-3) {
  console.error('it computes wrong numbers: ' + y[5] + ', ' + dk[4]);
  process.exit(3);
}
console.log(JSON.stringify({ gpu: b.isUsingGpuDevice(), tensorflow: b.TF_Version }));
`;

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

/** Always asks the library itself. */
export async function runProbe(addon: string, timeoutMs = PROBE_TIMEOUT_MS): Promise<ProbeResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', PROBE, addon], {
      // Inside Electron, the same program runs as a plain Node.
      env: { ...nativeEnvironment(), ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: timeoutMs,
      windowsHide: true,
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => (out += String(chunk)));
    child.stderr.on('data', (chunk) => (err += String(chunk)));
    child.on('error', (error) => resolve({ works: false, why: `it could not be tried (${error.message})` }));
    child.on('close', (code, signal) => {
      const answer = code === 0 ? parseAnswer(out) : null;
      resolve(answer ? { works: true, ...answer } : { works: false, why: reason(code, signal, err) });
    });
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
