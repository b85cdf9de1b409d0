import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ExpectedError } from '../../../shared/failure';
import { openContrasts, type OfContrasts } from '../../../shared/imaging/contrasts';
import { sliceGridSchema, volumeToSlices, type SlicePlane } from '../../../shared/geometry/sliceGrid';
import { levelsMm } from '../../../shared/imaging/headLevels';
import {
  channelsOf,
  defaultPreparation,
  headOf,
  imagesOf,
  preparationSchema,
  preparedScanSchema,
  prepareVolume,
  type Preparation,
  type PreparedVolume,
} from '../../../shared/imaging/preparation';
import { healthySlices } from '../../../shared/lesions/healthySlices';
import { npyHeaderBytes } from '../../../shared/volume/npy';
import type { Volume } from '../../../shared/volume/volume';
import { writeFileAtomic } from '../../files/atomicWrite';
import { hashFile } from '../../files/hashFile';
import { readMaskOf } from '../../files/readMask';
import { readVolumeFile } from '../../files/readVolume';
import { breatheOrStop, ProgressReporter, type JobContext } from './context';
import { preparationWith, type VolumeOptions } from './volumeOptions';

/** The published names of the sets. */
export const SET_FILES = {
  reference: 'good_dic_to_train_disc.npy',
  input: 'input_for_generator.npy',
  truth: 'tumor_mask_for_generator.npy',
  index: 'index.json',
} as const;

/** A volume of a set; `slices` null takes every slice that holds brain. */
export interface SetScan {
  readonly path: string;
  readonly slices: readonly number[] | null;
  /** The user's own brain mask: a file. */
  readonly brain?: string | null;
  /** Its scans of other contrasts: files. */
  readonly contrasts?: OfContrasts<string>;
  /** Takes of these the slices in which this mask, a file, has at most so much area. */
  readonly healthyWhere?: { readonly mask: string; readonly mostMm2: number };
}

const rowSchema = z.strictObject({ volume: z.number().int(), slice: z.number().int() });
/** index.json: which row of which set came from which slice of which volume, and how to go back. */
export const setIndexSchema = z.strictObject({
  version: z.literal(1),
  height: z.number().int(),
  width: z.number().int(),
  preparation: preparationSchema,
  volumes: z.array(preparedScanSchema),
  reference: z.array(rowSchema),
  input: z.array(rowSchema),
  /** How far each reference slice lies below the top of its brain (see headLevels.ts); sets of before do not say it. */
  referenceMm: z.array(z.number()).default([]),
});
export type SetIndex = z.infer<typeof setIndexSchema>;

/**
 * Prepares volumes and writes the published sets and their index to a folder, whole or not at all.
 * @param truth masks on the grids of the input volumes, in their order; empty where there are none
 * @throws ExpectedError empty-set, shape-mismatch and what reading a volume throws
 */
export async function prepareSets(
  reference: readonly SetScan[],
  input: readonly SetScan[],
  truth: readonly string[],
  outDir: string,
  context: JobContext,
  options: VolumeOptions & {
    /** Told of each volume once, e.g. to draw it. */
    readonly onPrepared?: (path: string, prepared: PreparedVolume) => void;
  } = {},
  wanted: Preparation = defaultPreparation,
): Promise<SetIndex> {
  if (truth.length > 0 && truth.length !== input.length) {
    throw new ExpectedError(
      'shape-mismatch',
      `There are ${truth.length} truth masks for ${input.length} input volumes; give one mask for each input, in the same order.`,
    );
  }
  const progress = new ProgressReporter(context);
  const resample = options.resampleMasks === true;
  const preparation = preparationWith(wanted, options);
  const volumes: SetIndex['volumes'] = [];
  const numbers = new Map<string, number>();
  const sets = { reference: [] as Float32Array[], input: [] as Float32Array[], truth: [] as Uint8Array[] };
  const rows: { reference: SetIndex['reference']; input: SetIndex['input'] } = { reference: [], input: [] };
  const referenceMm: number[] = [];
  const jobs = [
    ...reference.map((scan) => ({ role: 'reference' as const, scan, mask: null })),
    ...input.map((scan, i) => ({ role: 'input' as const, scan, mask: truth[i] ?? null })),
  ];
  // Reference slices and input slices of one scan usually follow each other: the last volume is kept.
  const kept: { path: string; volume: Volume; prepared: PreparedVolume }[] = [];
  for (const [at, { role, scan, mask }] of jobs.entries()) {
    progress.report('prepare', at / jobs.length, `preparing ${basename(scan.path)}`);
    await breatheOrStop(context);
    let entry = kept.find((candidate) => candidate.path === scan.path);
    if (!entry) {
      const volume = await readVolumeFile(scan.path, options);
      entry = {
        path: scan.path,
        volume,
        prepared: prepareVolume(volume, {
          preparation,
          contrasts: await openContrasts(scan.contrasts ?? {}, preparation.contrasts, (file) =>
            readVolumeFile(file, options),
          ),
          ...(scan.brain == null
            ? {}
            : { brain: await readMaskOf(scan.brain, volume, basename(scan.path), resample) }),
        }),
      };
      kept.splice(0, kept.length, entry);
    }
    const { volume, prepared } = entry;
    let number = numbers.get(scan.path);
    if (number === undefined) {
      number = volumes.length;
      numbers.set(scan.path, number);
      volumes.push({
        name: basename(scan.path),
        sha256: await hashFile(scan.path),
        grid: sliceGridSchema.parse(prepared.grid),
        normalisation: prepared.normalisation,
        maskMethod: prepared.maskMethod,
        statistics: prepared.statistics,
        contrasts: prepared.contrasts.map((contrast) => contrast.normalisation),
      });
      options.onPrepared?.(scan.path, prepared);
    }
    const empty =
      scan.healthyWhere &&
      healthySlices(
        await readMaskOf(scan.healthyWhere.mask, volume, basename(scan.path), options.resampleMasks === true),
        prepared.grid,
        scan.healthyWhere.mostMm2,
      );
    const taken = chooseSlices(prepared, scan, role);
    const chosen = empty ? taken.filter((slice) => empty.includes(slice)) : taken;
    const truthSlices =
      mask === null
        ? null
        : volumeToSlices(
            prepared.grid,
            Float32Array.from(await readMaskOf(mask, volume, basename(scan.path), resample)),
            { method: 'nearest' },
          );
    const size = prepared.grid.height * prepared.grid.width;
    if (role === 'reference') referenceMm.push(...levelsMm(chosen, headOf(prepared)));
    for (const slice of chosen) {
      rows[role].push({ volume: number, slice });
      sets[role].push(imagesOf(prepared, [slice]));
      if (truthSlices)
        sets.truth.push(Uint8Array.from(truthSlices.subarray(slice * size, (slice + 1) * size)));
    }
  }
  for (const role of ['reference', 'input'] as const) {
    if (sets[role].length === 0) {
      throw new ExpectedError(
        'empty-set',
        `The ${role} set holds no slices; choose volumes or slices that show brain.`,
      );
    }
  }
  const { height, width } = (volumes[0] as SetIndex['volumes'][number]).grid;
  const index: SetIndex = {
    version: 1,
    height,
    width,
    preparation: { ...preparation, plane: planeOf(volumes, context) },
    volumes,
    ...rows,
    referenceMm,
  };
  const channels = channelsOf(preparation);
  await writeSet(join(outDir, SET_FILES.reference), sets.reference, height, width, channels);
  await writeSet(join(outDir, SET_FILES.input), sets.input, height, width, channels);
  if (sets.truth.length > 0) await writeSet(join(outDir, SET_FILES.truth), sets.truth, height, width, 1);
  // A truth set of an earlier run would not match these rows.
  else await rm(join(outDir, SET_FILES.truth), { force: true });
  await writeFileAtomic(join(outDir, SET_FILES.index), JSON.stringify(index, null, 1));
  progress.report('prepare', 1, 'sets are prepared');
  return index;
}

/** The plane in which the sets really were sliced: scans that are segmented later have to be sliced the same. */
function planeOf(volumes: SetIndex['volumes'], context: JobContext): Preparation['plane'] {
  const planes = [...new Set(volumes.map(({ grid }) => grid.plane))];
  if (planes.length === 1) return planes[0] as SlicePlane;
  context.emit({
    type: 'warning',
    message: `The scans are sliced in different planes (${planes.join(', ')}), each across its thick slices. A network learns better from one: choose it (--plane), or leave scans out.`,
  });
  return null;
}

/**
 * How the sets of a folder were prepared, and of what; null for sets that something else wrote.
 * @throws ExpectedError set-damaged
 */
export async function readSetIndex(folder: string): Promise<SetIndex | null> {
  const path = join(folder, SET_FILES.index);
  if (!existsSync(path)) return null;
  const parsed = setIndexSchema.safeParse(parseJson(await readFile(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new ExpectedError(
    'set-damaged',
    `${SET_FILES.index} of the prepared sets is damaged or of another version; prepare the sets again, or remove that file to train without it.`,
    parsed.error.message,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function chooseSlices(prepared: PreparedVolume, scan: SetScan, role: string): readonly number[] {
  if (scan.slices === null) return prepared.brainSlices;
  const beyond = scan.slices.find((slice) => slice >= prepared.grid.count);
  if (beyond !== undefined) {
    throw new ExpectedError(
      'shape-mismatch',
      `${basename(scan.path)} has slices 0 to ${prepared.grid.count - 1}; slice ${beyond} of the ${role} set is not among them.`,
    );
  }
  const brain = new Set(prepared.brainSlices);
  return scan.slices.filter((slice) => brain.has(slice));
}

async function writeSet(
  path: string,
  slices: readonly (Float32Array | Uint8Array)[],
  height: number,
  width: number,
  channels: number,
): Promise<void> {
  const dtype = slices[0] instanceof Uint8Array ? 'uint8' : 'float32';
  const header = npyHeaderBytes([slices.length, height, width, channels], dtype);
  const bodyBytes = slices.reduce((sum, slice) => sum + slice.byteLength, 0);
  const bytes = new Uint8Array(header.length + bodyBytes);
  bytes.set(header);
  let at = header.length;
  for (const slice of slices) {
    bytes.set(new Uint8Array(slice.buffer, slice.byteOffset, slice.byteLength), at);
    at += slice.byteLength;
  }
  await writeFileAtomic(path, bytes);
}
