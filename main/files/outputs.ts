import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { ExpectedError } from '../../shared/failure';
import { sidecarName } from '../../shared/volume/maskSidecar';
import { packedFor, writeFileAtomic } from './atomicWrite';

/** What a segmentation writes, by name. */
export interface OutputNames {
  readonly mask: string;
  /** JSON beside the mask. */
  readonly sidecar: string;
  readonly iro: string;
  /** Spread of I_ro over several predictions, and the mask of the plain threshold: where there are any. */
  readonly spread: string;
  readonly baseline: string;
  readonly lesions: string;
  readonly lesionsJson: string;
  readonly report: string;
}

export interface NamingOptions {
  /** `{name}` stands for the volume's name without its ending, `{kind}` for mask, iro, lesions or report. */
  readonly pattern?: string;
  readonly format?: 'nii.gz' | 'nii';
}

export const defaultPattern = '{name}_{kind}';

/** The file's name without what says its format: "x" of x.nii.gz, x.nii, x.hdr, x.img and x.npy. */
export function stemOf(path: string): string {
  return basename(path).replace(/\.((nii|hdr|img)(\.gz)?|npy)$/i, '');
}

/**
 * x.nii.gz -> x_mask.nii.gz and x_mask.json, x_iro.nii.gz, x_spread.nii.gz, x_baseline.nii.gz, x_lesions.csv and .json, x_report.json, unless the pattern says
 * otherwise.
 * @throws ExpectedError settings-invalid for a pattern that is no file name or gives all files one name
 */
export function outputNames(path: string, options: NamingOptions = {}): OutputNames {
  const { pattern = defaultPattern, format = 'nii.gz' } = options;
  if (!pattern.includes('{kind}') || /[/\\:*?"<>|]|^\.+$/.test(pattern.replaceAll(/\{(name|kind)\}/g, 'x'))) {
    throw new ExpectedError(
      'settings-invalid',
      `"${pattern}" cannot name the files: it needs {kind} for mask, iro, lesions and report, usually {name} for the volume, and no folder; for example ${defaultPattern}.`,
    );
  }
  const name = (kind: string): string =>
    pattern.replaceAll('{kind}', kind).replaceAll('{name}', () => stemOf(path));
  const mask = `${name('mask')}.${format}`;
  return {
    mask,
    sidecar: sidecarName(mask),
    iro: `${name('iro')}.${format}`,
    spread: `${name('spread')}.${format}`,
    baseline: `${name('baseline')}.${format}`,
    lesions: `${name('lesions')}.csv`,
    lesionsJson: `${name('lesions')}.json`,
    report: `${name('report')}.json`,
  };
}

/**
 * Says before the work begins what could not be written after it: files that are there already and may not be replaced,
 * and two volumes whose files would have one name.
 * @throws ExpectedError file-exists
 */
export function refuseTaken(folder: string, names: readonly OutputNames[], overwrite: boolean): void {
  const seen = new Set<string>();
  for (const name of names.flatMap((each) => Object.values(each) as string[])) {
    if (seen.has(name.toLowerCase())) {
      throw new ExpectedError(
        'file-exists',
        `Two of the volumes would write to ${name}: segment them into folders of their own, or put {name} into --names.`,
      );
    }
    seen.add(name.toLowerCase());
    if (!overwrite && existsSync(join(folder, name))) throw taken(name);
  }
}

function taken(name: string): ExpectedError {
  return new ExpectedError(
    'file-exists',
    `${name} exists already and was left alone: --overwrite replaces it; or choose another folder or name.`,
  );
}

/** As fast as gzip goes, as other programs write NIfTI: harder work saves a few percent of a map of float32. */
const FAST = 1;

/**
 * Writes files that belong together, all or none: each to a temporary file first, compressed where its name ends in .gz,
 * and renamed when the last one is there.
 * @throws ExpectedError file-exists where one is there and may not be replaced, file-unwritable
 */
export async function writeOutputs(
  folder: string,
  files: readonly (readonly [name: string, content: Uint8Array | string])[],
  overwrite: boolean,
): Promise<void> {
  const made: string[] = [];
  try {
    const packed = await Promise.all(files.map(([name, content]) => packedFor(name, content, FAST)));
    for (const [i, [name]] of files.entries()) {
      const temporary = join(folder, `${name}.part`);
      await writeFileAtomic(temporary, packed[i] as Uint8Array | string);
      made.push(temporary);
    }
    for (const [name] of files) if (!overwrite && existsSync(join(folder, name))) throw taken(name);
    for (const [name] of files) await rename(join(folder, `${name}.part`), join(folder, name));
  } catch (error) {
    for (const temporary of made) await rm(temporary, { force: true });
    if (error instanceof ExpectedError) throw error;
    throw new ExpectedError(
      'file-unwritable',
      `The results cannot be written (${(error as Error).message}); choose another folder or make room.`,
    );
  }
}
