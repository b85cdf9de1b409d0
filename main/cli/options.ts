import { basename } from 'node:path';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { ExpectedError } from '../../shared/failure';
import { contrastSchema, type Contrast, type OfContrasts } from '../../shared/imaging/contrasts';
import type { SlicePlane } from '../../shared/geometry/sliceGrid';
import { MOST_SAMPLES } from '../../shared/ipc/engineEvents';
import {
  thresholdMethods,
  thresholdMethodSchema,
  type ThresholdMethod,
} from '../../shared/imaging/thresholdMethods';
import {
  defaultRules,
  lesionRulesSchema,
  MOST_EROSION_VOXELS,
  type LesionRules,
} from '../../shared/lesions/lesionMask';
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
  readonly t1: string[];
  readonly t2: string[];
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
    .option('--brain-mask <mask>', ...perVolume('brain mask of a volume, found by itself unless given'))
    .option('--t1 <volume>', ...perVolume('T1 on the grid of a volume, as a further channel'))
    .option('--t2 <volume>', ...perVolume('T2 on the grid of a volume, as a further channel'))
    .option('--resample', 'take masks on another grid over to the volume, by the nearest voxel');
}

/** How a mask is made of I_ro, as commander gives it. */
export interface MaskFlags {
  readonly threshold?: number;
  readonly thresholdBy?: ThresholdMethod;
  readonly minVoxels?: number;
  readonly connectivity?: LesionRules['connectivity'];
  readonly erosion?: number;
  readonly samples: number;
}

/** Adds the options of {@link MaskFlags} to a command. */
export function addMaskFlags(command: Command): Command {
  const ways = thresholdMethodSchema.options.map((way) => `${way}: ${thresholdMethods[way].about}`);
  return command
    .addOption(
      new Option('--threshold <t>', 'threshold; found by itself unless given').argParser(parseNumber),
    )
    .addOption(
      new Option(
        '--threshold-by <way>',
        `how the threshold is found, where not as seems best. ${ways.join(' ')}`,
      )
        .choices(thresholdMethodSchema.options)
        .conflicts(['threshold', 'baseline']),
    )
    .addOption(
      new Option(
        '--min-voxels <n>',
        `least voxels of a lesion (default: ${defaultRules.minVoxels})`,
      ).argParser(atLeast(1)),
    )
    .addOption(
      new Option(
        '--connectivity <n>',
        `voxels of one lesion share faces (6), edges (18) or corners (26) (default: ${defaultRules.connectivity})`,
      ).argParser(parseConnectivity),
    )
    .addOption(
      new Option(
        '--erosion <n>',
        `outermost voxels of the brain that are left out, 0 to ${MOST_EROSION_VOXELS} (default: ${defaultRules.erosionVoxels})`,
      ).argParser(parseErosion),
    )
    .option(
      '--samples <n>',
      'predictions with dropout that tell how far I_ro strays, beside the mirror image',
      parseSamples,
      0,
    );
}

/** What counts as a lesion, as far as it was given. */
export function rulesOf({ minVoxels, connectivity, erosion }: MaskFlags): Partial<LesionRules> {
  return {
    ...(minVoxels === undefined ? {} : { minVoxels }),
    ...(connectivity === undefined ? {} : { connectivity }),
    ...(erosion === undefined ? {} : { erosionVoxels: erosion }),
  };
}

const atLeast =
  (least: number) =>
  (text: string): number => {
    const value = parseCount(text);
    if (value < least) throw new InvalidArgumentError(`It must be ${least} or more.`);
    return value;
  };

function atMost(text: string, most: number): number {
  const value = parseCount(text);
  if (value > most) throw new InvalidArgumentError(`It must be ${most} or less.`);
  return value;
}
const parseErosion = (text: string): number => atMost(text, MOST_EROSION_VOXELS);
const parseSamples = (text: string): number => atMost(text, MOST_SAMPLES);

function parseConnectivity(text: string): LesionRules['connectivity'] {
  const parsed = lesionRulesSchema.shape.connectivity.safeParse(Number(text));
  if (!parsed.success) throw new InvalidArgumentError('It must be 6, 18 or 26.');
  return parsed.data;
}

/** What is given once for each volume. */
function perVolume(what: string): [string, (path: string, before: string[]) => string[], string[]] {
  return [
    `${what}; repeated for several volumes, in their order`,
    (path: string, before: string[]) => [...before, path],
    [],
  ];
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
  refuseUnequal('brain masks', '--brain-mask', brainMask, volumes);
  return volumes.map((_, i) => brainMask[i] ?? null);
}

/**
 * The other contrasts that were given, of each volume.
 * @throws WrongUsage where there are some, but not one for each
 */
export function contrastsOf({ t1, t2 }: VolumeFlags, volumes: readonly string[]): OfContrasts<string>[] {
  refuseUnequal('T1', '--t1', t1, volumes);
  refuseUnequal('T2', '--t2', t2, volumes);
  return volumes.map((_, i) => {
    const [ownT1, ownT2] = [t1[i], t2[i]];
    return {
      ...(ownT1 === undefined ? {} : { T1: ownT1 }),
      ...(ownT2 === undefined ? {} : { T2: ownT2 }),
    };
  });
}

function refuseUnequal(
  what: string,
  flag: string,
  given: readonly string[],
  volumes: readonly string[],
): void {
  if (given.length === 0 || given.length === volumes.length) return;
  throw new WrongUsage(
    `There are ${given.length} ${what} for ${volumes.length} volumes (${volumes.map((path) => basename(path)).join(', ')}): give ${flag} once for each, in this order.`,
  );
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

/** "T1,T2", in any order. */
export function parseContrasts(text: string): Contrast[] {
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  const parsed = contrastSchema.array().safeParse(names);
  if (!parsed.success) throw new InvalidArgumentError('It must be T1, T2 or both: T1,T2.');
  return contrastSchema.options.filter((name) => parsed.data.includes(name));
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
