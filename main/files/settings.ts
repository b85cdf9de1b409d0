import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ExpectedError } from '../../shared/failure';
import { defaultSettings, settingsSchema, type Settings } from '../../shared/ipc/contract';

/** The version of the file. A setting that is added needs no new one: its default stands in. */
export const settingsVersion = 2;

type Document = Readonly<Record<string, unknown>>;

/** Brings a file of each earlier version to the next. */
const migrations: Readonly<Record<number, (document: Document) => Document>> = {
  // Version 1 did not say its version, and knew no tour: whoever has such a file has found the way already.
  1: (document) => ({ ...document, tourSeen: true }),
};

/** What the window remembers between starts, in one small JSON file. */
export class SettingsFile {
  readonly #file: string;
  #settings: Settings;
  #notice: string | null = null;

  constructor(folder: string) {
    this.#file = path.join(folder, 'settings.json');
    this.#settings = this.#read();
  }

  get(): Settings {
    return this.#settings;
  }

  /** What the reader must know about the file as it was found; null where all was well. */
  get notice(): string | null {
    return this.#notice;
  }

  /** @throws ExpectedError file-unwritable; what was on disk is still there then */
  save(settings: Settings): void {
    this.#settings = settings;
    const temporary = `${this.#file}.${process.pid}.tmp`;
    try {
      mkdirSync(path.dirname(this.#file), { recursive: true });
      writeFileSync(temporary, `${JSON.stringify({ version: settingsVersion, ...settings }, null, 2)}\n`);
      renameSync(temporary, this.#file);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw new ExpectedError(
        'file-unwritable',
        `Your settings cannot be saved (${(error as Error).message}): make room. They hold until ASC-Net ends.`,
      );
    }
  }

  /** A settings file that is broken is no reason not to start: it is set aside and the defaults stand in. */
  #read(): Settings {
    let text: string;
    try {
      text = readFileSync(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT')
        this.#notice = 'Your settings could not be read: the usual ones are in use.';
      return defaultSettings;
    }
    const settings = parse(text);
    if (typeof settings !== 'string') return settings;
    const aside = this.#file.replace(/\.json$/, '.broken.json');
    try {
      renameSync(this.#file, aside);
      this.#notice = `Your settings ${settings}: the usual ones are in use, and yours were set aside as ${path.basename(aside)}.`;
    } catch {
      this.#notice = `Your settings ${settings}: the usual ones are in use.`;
    }
    return defaultSettings;
  }
}

/** @returns the settings, or what is wrong with the text, to follow "Your settings" */
function parse(text: string): Settings | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return 'are damaged';
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return 'are damaged';
  const { version = 1, ...rest } = document as Document;
  if (typeof version !== 'number') return 'are damaged';
  if (version > settingsVersion) return 'come from a newer version of ASC-Net';
  let migrated: Document = rest;
  for (let at = version; at < settingsVersion; at += 1) migrated = migrations[at]?.(migrated) ?? migrated;
  const settings = settingsSchema.safeParse({ ...defaultSettings, ...migrated });
  return settings.success ? settings.data : 'are not what they should be';
}
