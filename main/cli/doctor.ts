import { arch, cpus, freemem, platform, totalmem } from 'node:os';
import { loadNative } from '../engine/backend/native/load';
import { openBackend } from '../engine/backend/backend';
import { SOFTWARE } from '../version';

/** Prints what is there, what is missing and how to get it. */
export async function doctor(say: (line: string) => void): Promise<void> {
  const gb = (bytes: number): string => (bytes / 2 ** 30).toFixed(1);
  say(SOFTWARE);
  say(`Node ${process.version} on ${platform()} ${arch()}`);
  say(`${cpus().length} CPU cores, ${gb(freemem())} of ${gb(totalmem())} GB of memory free`);
  const native = await loadNative();
  if ('ops' in native) {
    const { label, version, whyNotFaster } = native.device;
    say(`native backend: ${label}, ${version}${whyNotFaster ? ` (no GPU: ${whyNotFaster})` : ''}`);
  } else
    say(
      `native backend: not available, because ${native.why}; training runs on WebAssembly, which is slower`,
    );
  const wasm = await openBackend('wasm');
  say(`wasm backend:   ${wasm.device.label}, ${wasm.device.version}`);
}
