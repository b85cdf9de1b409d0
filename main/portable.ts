import { statSync } from 'node:fs';
import path from 'node:path';

/** The folder beside the program whose being there makes it portable. */
const portableName = 'ASC-Net-data';

/**
 * Where a portable program keeps everything of its own: the folder "ASC-Net-data" beside it. Null where there is none, and
 * the user's own place on this system serves.
 * @param executable of the packaged program
 */
export function portableFolder(env: NodeJS.ProcessEnv, executable: string): string | null {
  // What was started is not what runs in a portable .exe and in an AppImage: both unpack themselves first.
  const started = env['PORTABLE_EXECUTABLE_FILE'] ?? env['APPIMAGE'] ?? executable;
  const beside = path.join(path.dirname(started), portableName);
  return statSync(beside, { throwIfNoEntry: false })?.isDirectory() ? beside : null;
}
