import { basename } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ExpectedError } from '../../shared/failure';
import type { SlicePlane } from '../../shared/geometry/sliceGrid';
import type { NpyLayout } from '../../shared/volume/npy';
import type { VolumeOptions } from '../engine/jobs/volumeOptions';
import { ProgressView } from './progress';

/** What several commands share: their options, how numbers are read, the progress line. */

/** What was typed cannot be meant, whatever lies on the disk: the command ends with the code of wrong usage. */
export class WrongUsage extends ExpectedError {
  constructor(message: string) {
    super('settings-invalid', message);
  }
}

/** What follows from what was typed alone. @throws WrongUsage where it is not valid */
export async function typed<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ExpectedError && error.kind === 'settings-invalid')
      throw new WrongUsage(error.message);
    throw error;
  }
}

export function backendOption(): Option {
  return new Option('--backend <name>', 'where to compute')
    .choices(['auto', 'native', 'wasm'])
    .default('auto');
}

/** How volumes are read and become slices, as commander gives it. */
export interface VolumeFlags {
  readonly volume?: number;
  readonly series?: number;
  readonly npy: NpyLayout;
  readonly plane?: SlicePlane;
  readonly spacing?: number;
  readonly fit?: boolean;
  readonly brainMask: string[];
  readonly resample?: boolean;
}

/** Adds the options of {@link VolumeFlags} to a command. */
export function addVolumeFlags(command: Command): Command {
  return command
    .option('--volume <n>', 'which volume of a 4D file, from 0', parseCount)
    .option('--series <n>', 'which series of a DICOM folder, from 1', parseCount)
    .addOption(
      new Option('--npy <layout>', 'what a .npy is: (slices, rows, columns) or one volume (x, y, z)')
        .choices(['stack', 'volume'])
        .default('stack'),
    )
    .addOption(
      new Option(
        '--plane <plane>',
        'of the slices; axial, or across the long side of thick slices, unless given',
      ).choices(['axial', 'coronal', 'sagittal']),
    )
    .addOption(new Option('--spacing <mm>', 'common side of a pixel').argParser(parseNumber).conflicts('fit'))
    .option('--fit', 'make each brain fill the slice (as it is, unless --spacing or the run says otherwise)')
    .option(
      '--brain-mask <mask>',
      'brain mask of a volume, found by itself unless given; repeated for several volumes, in their order',
      (mask: string, before: string[]) => [...before, mask],
      [],
    )
    .option('--resample', 'take masks on another grid over to the volume, by the nearest voxel');
}

export function volumeOptions(flags: VolumeFlags): VolumeOptions {
  return {
    volumeIndex: flags.volume,
    series: flags.series,
    npyLayout: flags.npy,
    plane: flags.plane,
    pixelMm: flags.spacing ?? (flags.fit ? null : undefined),
    resampleMasks: flags.resample,
  };
}

/**
 * The brain masks that were given, one for each volume.
 * @throws WrongUsage where there are some, but not one for each
 */
export function brainMasksOf({ brainMask }: VolumeFlags, volumes: readonly string[]): (string | null)[] {
  if (brainMask.length > 0 && brainMask.length !== volumes.length) {
    throw new WrongUsage(
      `There are ${brainMask.length} brain masks for ${volumes.length} volumes (${volumes.map((path) => basename(path)).join(', ')}): give --brain-mask once for each, in this order.`,
    );
  }
  return volumes.map((_, i) => brainMask[i] ?? null);
}

export function parseNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}

export function parseCount(text: string): number {
  const value = parseNumber(text);
  if (!Number.isInteger(value) || value < 0)
    throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return value;
}

/** "name=value", the value as JSON or, where it is none, as text; of several, all. */
export function parseAssignment(
  text: string,
  before: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('It must be NAME=VALUE.');
  const value = text.slice(at + 1);
  let parsed: unknown = value;
  try {
    parsed = JSON.parse(value);
  } catch {
    // A word: the name of a choice.
  }
  return { ...before, [text.slice(0, at)]: parsed };
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** For what the reader should see without it being a result. */
export function warn(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Runs work with a progress line that is gone when it ends. */
export async function withView<T>(work: (view: ProgressView) => Promise<T>): Promise<T> {
  const view = new ProgressView();
  try {
    return await work(view);
  } finally {
    view.end();
  }
}
