import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { defaultSettings, settingsSchema, type Settings } from '../../shared/ipc/contract';

/** What the window remembers between starts, in one small JSON file. */
export class SettingsFile {
  readonly #file: string;
  #settings: Settings;

  constructor(folder: string) {
    this.#file = path.join(folder, 'settings.json');
    this.#settings = this.#read();
  }

  get(): Settings {
    return this.#settings;
  }

  save(settings: Settings): void {
    this.#settings = settings;
    mkdirSync(path.dirname(this.#file), { recursive: true });
    const temporary = `${this.#file}.${process.pid}.tmp`;
    writeFileSync(temporary, `${JSON.stringify(settings, null, 2)}\n`);
    renameSync(temporary, this.#file);
  }

  /** A settings file that is missing or broken is no reason not to start: the defaults stand in. */
  #read(): Settings {
    try {
      return settingsSchema.parse({
        ...defaultSettings,
        ...(JSON.parse(readFileSync(this.#file, 'utf8')) as object),
      });
    } catch {
      return defaultSettings;
    }
  }
}
