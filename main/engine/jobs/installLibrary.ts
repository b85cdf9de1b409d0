import { openBackend, reopenBackend } from '../backend/backend';
import { installNative, type InstallOptions } from '../backend/native/install/installNative';
import type { NativeLibrary } from '../backend/native/installed';
import { ProgressReporter, type JobContext } from './context';

/**
 * Installs TensorFlow's library and opens it: the same for window and command line.
 * @throws ExpectedError download-failed, install-failed or cancelled
 */
export async function installLibrary(options: InstallOptions, context: JobContext): Promise<NativeLibrary> {
  const progress = new ProgressReporter(context);
  const stop = new AbortController();
  const library = await installNative(options, {
    signal: stop.signal,
    onProgress: (message, fraction) => {
      if (context.shouldStop()) stop.abort();
      progress.report('prepare', fraction ?? 0, message);
    },
  });
  reopenBackend();
  const { device } = await openBackend('auto');
  context.emit({ type: 'device', device });
  return library;
}
