import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';

export type NativeKind = 'cpu' | 'gpu';

/** installed.json in the folder of a library: written last, so that a folder with it is complete. */
export const installedSchema = z.strictObject({
  version: z.literal(1),
  tensorflow: z.string(),
  /** Where it came from, in words. */
  source: z.string(),
  /** SHA-256 of each file, by its name relative to the folder. */
  files: z.record(z.string(), z.string()),
});

export interface NativeLibrary extends z.infer<typeof installedSchema> {
  readonly kind: NativeKind;
  readonly folder: string;
  /** The Node addon, which finds the library beside itself. */
  readonly addon: string;
}

export const INSTALLED_FILE = 'installed.json';
export const ADDON_FILE = 'tfjs_binding.node';

/** Counts the ways in which the addon has been compiled: one of an older way works too, but more slowly. */
export const RECIPE = 2;
export const RECIPE_FILE = 'recipe.txt';

/**
 * Where TensorFlow's library is kept for this user: outside of node_modules, which `npm ci` empties, and outside of a
 * packaged app, whose folder nobody may write to. ASCNET_NATIVE_DIR names another place.
 */
export function nativeHome(env: NodeJS.ProcessEnv = process.env, platform = process.platform): string {
  const given = env['ASCNET_NATIVE_DIR'];
  if (given) return given;
  const home = homedir();
  const data =
    platform === 'win32'
      ? (env['LOCALAPPDATA'] ?? join(home, 'AppData', 'Local'))
      : platform === 'darwin'
        ? join(home, 'Library', 'Application Support')
        : (env['XDG_DATA_HOME'] ?? join(home, '.local', 'share'));
  return join(data, 'asc-net', 'native');
}

/** The folder of one kind of library, whether it is there or not. */
export function libraryFolder(kind: NativeKind): string {
  return join(nativeHome(), kind);
}

/** The library in this folder, or null where there is none or it is not complete. */
export function libraryIn(folder: string, kind: NativeKind): NativeLibrary | null {
  const addon = join(folder, ADDON_FILE);
  const file = join(folder, INSTALLED_FILE);
  if (!existsSync(addon) || !existsSync(file)) return null;
  try {
    return { ...installedSchema.parse(JSON.parse(readFileSync(file, 'utf8'))), kind, folder, addon };
  } catch {
    return null;
  }
}

/** Whether the addon was compiled as it would be now. */
export function isCurrent(library: NativeLibrary): boolean {
  try {
    return Number(readFileSync(join(library.folder, RECIPE_FILE), 'utf8')) === RECIPE;
  } catch {
    return false;
  }
}

/** The libraries of this user, the faster kind first. */
export function installedLibraries(): NativeLibrary[] {
  return (['gpu', 'cpu'] as const).flatMap((kind) => libraryIn(libraryFolder(kind), kind) ?? []);
}
