import { isCurrent, libraryFolder, libraryIn } from '../engine/backend/native/installed';
import { damagedFile, removeNative } from '../engine/backend/native/install/installNative';
import { runProbe } from '../engine/backend/native/probe';
import { installLibrary } from '../engine/jobs/installLibrary';
import type { ProgressView } from './progress';

export interface NativeOptions {
  readonly gpu?: boolean;
  readonly remove?: boolean;
  readonly libtensorflow?: string;
}

/** Installs, checks or removes TensorFlow's library for this user. */
export async function native(
  options: NativeOptions,
  view: ProgressView,
  say: (line: string) => void,
): Promise<void> {
  const kind = options.gpu ? 'gpu' : 'cpu';
  const folder = libraryFolder(kind);
  if (options.remove) {
    const removed = await removeNative(kind);
    say(removed ? `Removed ${folder}.` : `There is no ${kind.toUpperCase()} library to remove.`);
    return;
  }
  const before = libraryIn(folder, kind);
  if (before && options.libtensorflow === undefined) {
    const damaged = await damagedFile(before);
    const probe = damaged === null ? await runProbe(before.addon) : null;
    if (probe?.works && isCurrent(before)) {
      say(
        `TensorFlow ${before.tensorflow} (${kind.toUpperCase()}) is installed in ${folder}; its files are as they were installed, and it works.`,
      );
      return;
    }
    const why =
      damaged !== null
        ? `${damaged} of the installed library is damaged`
        : probe?.works === false
          ? `The installed library does not work, because ${probe.why}`
          : 'The installed library was connected by an older version of ASC-Net, and works more slowly';
    say(`${why}; installing it anew.`);
  }
  const given = options.libtensorflow === undefined ? {} : { libtensorflow: options.libtensorflow };
  const library = await installLibrary({ kind, ...given }, view);
  view.end();
  say(`TensorFlow ${library.tensorflow} (${kind.toUpperCase()}) is installed in ${library.folder}.`);
  say(
    `It came from ${library.source}. Remove it with: asc-net native --remove${options.gpu ? ' --gpu' : ''}`,
  );
}
