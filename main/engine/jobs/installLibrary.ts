import { openBackend, reopenBackend } from '../backend/backend';
import { installNative, type InstallOptions } from '../backend/native/install/installNative';
import type { NativeLibrary } from '../backend/native/installed';
import { ProgressReporter, type JobContext } from './context';

const STOP_EVERY_MS = 200;

/**
 * Installs TensorFlow's library and opens it: the same for window and command line.
 * @throws ExpectedError download-failed, install-failed or cancelled
 */
export async function installLibrary(options: InstallOptions, context: JobContext): Promise<NativeLibrary> {
  const progress = new ProgressReporter(context);
  const stop = new AbortController();
  // A connection that hangs reports nothing, and must be given up all the same.
  const watch = setInterval(() => {
    if (context.shouldStop()) stop.abort();
  }, STOP_EVERY_MS);
  const host = {
    signal: stop.signal,
    onProgress: (message: string, fraction: number | null) =>
      progress.report('prepare', fraction ?? 0, message),
  };
  const library = await installNative(options, host).finally(() => clearInterval(watch));
  reopenBackend();
  const { device } = await openBackend('auto');
  context.emit({ type: 'device', device });
  return library;
}
