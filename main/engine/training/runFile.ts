import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ExpectedError } from '../../../shared/failure';
import { preparationSchema, preparedScanSchema } from '../../../shared/imaging/preparation';
import { scanStatisticsSchema } from '../../../shared/imaging/scanStatistics';
import { deviceSchema, endedSchema } from '../../../shared/ipc/engineEvents';
import { trainingSettingsSchema } from '../../../shared/study/trainingSettings';
import { writeFileAtomic } from '../../files/atomicWrite';
import { hashBytes } from '../../files/hashFile';
import type { WeightArrays } from '../network/weights';
import { cycleRecordSchema } from './state';

/** Files of a run's folder. */
export const RUN_FILES = {
  run: 'run.json',
  generator: 'generator.weights',
  discriminator: 'discriminator.weights',
} as const;

/** A set as it was trained on (see SetFacts). */
const setSchema = z.strictObject({
  name: z.string(),
  sha256: z.string(),
  count: z.number().int(),
  height: z.number().int(),
  width: z.number().int(),
  paddedFrom: z.tuple([z.number().int(), z.number().int()]).readonly().nullable(),
  dtype: z.string(),
  lowest: z.number(),
  highest: z.number(),
  scale: z.strictObject({ low: z.number(), high: z.number() }).nullable(),
});

const pastedCountsSchema = z.strictObject({ lesion: z.array(z.number()), tissue: z.array(z.number()) });

/** run.json: what was trained, on what, with what, and how it went. */
export const runSchema = z.strictObject({
  version: z.literal(2),
  software: z.string(),
  /** Version of Node or Electron's Node, and operating system and processor. */
  node: z.string(),
  platform: z.string(),
  createdAt: z.string(),
  device: deviceSchema,
  settings: trainingSettingsSchema,
  height: z.number().int(),
  width: z.number().int(),
  /** Channels of an image: the slice, and its neighbours. */
  channels: z.number().int().min(1).default(1),
  /** How the sets were prepared, so that scans are prepared the same; null for sets that came without index.json. */
  preparation: preparationSchema.nullable(),
  /** The scans of the sets with their slice grids; empty for sets that came without index.json. */
  scans: z.array(preparedScanSchema).default([]),
  /** How far each healthy slice lies below the top of its brain; empty where that is not known. */
  referenceMm: z.array(z.number()).default([]),
  sets: z.strictObject({ reference: setSchema, input: setSchema }),
  history: z.array(cycleRecordSchema),
  /** Counts of I_ro in the brain of the reference and the input set, in equal bins over [0, 1]. */
  referenceCounts: z.array(z.number()),
  inputCounts: z.array(z.number()),
  /** The same where lesions were pasted into reference slices that were held back; null where none were. */
  pastedCounts: pastedCountsSchema.nullable().default(null),
  ended: endedSchema,
  /** Time spent training, pauses not counted, and what all cycles of the preset would take at this speed. */
  durationMs: z.number(),
  fullTrainingMs: z.number().nullable(),
  /** SHA-256 of the weight files. */
  weights: z.strictObject({ generator: z.string(), discriminator: z.string() }),
});
export type Run = z.infer<typeof runSchema>;

/** Writes a run: the weights first, run.json last, so that a folder with a run.json is complete. */
export async function writeRun(
  folder: string,
  run: Omit<Run, 'weights'>,
  generator: WeightArrays,
  discriminator: WeightArrays,
): Promise<void> {
  for (const [name, content] of runFiles(run, generator, discriminator)) {
    await writeFileAtomic(join(folder, name), content);
  }
}

/** The files of a run by name, the weights first and run.json, which carries their checksums, last. */
export function runFiles(
  facts: Omit<z.input<typeof runModelSchema>, 'weights'>,
  generator: WeightArrays,
  discriminator: WeightArrays,
): [name: string, content: Uint8Array | string][] {
  const files = { generator: encodeWeights(generator), discriminator: encodeWeights(discriminator) };
  const weights = { generator: hashBytes(files.generator), discriminator: hashBytes(files.discriminator) };
  return [
    [RUN_FILES.generator, files.generator],
    [RUN_FILES.discriminator, files.discriminator],
    [RUN_FILES.run, JSON.stringify({ ...facts, weights }, null, 1)],
  ];
}

/**
 * Reads what a run says of itself; its networks come from {@link readRunWeights}.
 * @throws ExpectedError run-damaged when the folder is no run
 */
export async function readRun(folder: string): Promise<Run> {
  return readRunJson(folder, runSchema);
}

/** What it takes to use or convert a run's networks; an imported run says no more of itself, a trained one does. */
const runModelSchema = z.object({
  height: z.number().int(),
  width: z.number().int(),
  channels: z.number().int().min(1).default(1),
  settings: z.object({
    baseWidth: z.number().int(),
    dropout: z.number(),
    weightDecay: z.number(),
    topConvolutions: trainingSettingsSchema.shape.topConvolutions,
    residualIfc: trainingSettingsSchema.shape.residualIfc,
    mirrorAveraging: trainingSettingsSchema.shape.mirrorAveraging,
    cropPixels: trainingSettingsSchema.shape.cropPixels,
  }),
  preparation: preparationSchema.nullish(),
  /** The levels of the scans that were trained on, and the heights of the healthy slices; as far as they are known. */
  scans: z.array(z.object({ statistics: scanStatisticsSchema.optional() })).default([]),
  referenceMm: z.array(z.number()).default([]),
  /** Counts of I_ro in the brain of the reference; none where they are not known. */
  referenceCounts: z.array(z.number()),
  /** The same of the inputs, and where lesions were pasted into reference slices that were held back. */
  inputCounts: z.array(z.number()).default([]),
  pastedCounts: pastedCountsSchema.nullable().default(null),
  weights: z.object({ generator: z.string(), discriminator: z.string() }),
});
export type RunModel = z.infer<typeof runModelSchema>;

/** The part of a run's facts that its networks need. @throws ExpectedError run-damaged when the folder is no run */
export function readRunModel(folder: string): Promise<RunModel> {
  return readRunJson(folder, runModelSchema);
}

async function readRunJson<T>(folder: string, schema: z.ZodType<T>): Promise<T> {
  const name = basename(folder);
  const text = await readFile(join(folder, RUN_FILES.run), 'utf8').catch(() => {
    throw new ExpectedError(
      'run-damaged',
      `${name} is not a finished run: it has no ${RUN_FILES.run}. Choose the folder that --out of train named.`,
    );
  });
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new ExpectedError(
      'run-damaged',
      `The run ${name} cannot be read: its ${RUN_FILES.run} is damaged or of another version. Train again.`,
      String(error),
    );
  }
}

/**
 * The weights of one network of a run.
 * @throws ExpectedError run-damaged when they are not there or not the ones that were written
 */
export async function readRunWeights(
  folder: string,
  run: RunModel,
  network: keyof RunModel['weights'],
): Promise<Map<string, Float32Array>> {
  const name = basename(folder);
  const bytes = await readFile(join(folder, RUN_FILES[network])).catch(() => {
    throw new ExpectedError(
      'run-damaged',
      `The run ${name} lacks ${RUN_FILES[network]}; copy the whole folder again, or train again.`,
    );
  });
  if (hashBytes(bytes) !== run.weights[network]) {
    throw new ExpectedError(
      'run-damaged',
      `The weights of the run ${name} are damaged: their checksum differs. Copy the whole folder again, or train again.`,
    );
  }
  return decodeWeights(bytes);
}

/**
 * Weights as bytes: the length of a JSON header (uint32, little endian), the header with names and sizes in order, then
 * all values as little-endian float32.
 */
export function encodeWeights(arrays: WeightArrays): Uint8Array {
  const header = Buffer.from(
    JSON.stringify([...arrays].map(([name, values]) => ({ name, size: values.length }))),
  );
  const total = [...arrays.values()].reduce((sum, values) => sum + values.length, 0);
  const bytes = Buffer.alloc(4 + header.length + total * 4);
  bytes.writeUInt32LE(header.length, 0);
  header.copy(bytes, 4);
  let at = 4 + header.length;
  for (const values of arrays.values()) {
    Buffer.from(values.buffer, values.byteOffset, values.byteLength).copy(bytes, at);
    at += values.byteLength;
  }
  return bytes;
}

/** The inverse of {@link encodeWeights}; its checksum was compared before. */
export function decodeWeights(bytes: Uint8Array): Map<string, Float32Array> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerLength = view.readUInt32LE(0);
  const entries = z
    .array(z.strictObject({ name: z.string(), size: z.number().int().nonnegative() }))
    .parse(JSON.parse(view.toString('utf8', 4, 4 + headerLength)));
  let at = 4 + headerLength;
  return new Map(
    entries.map(({ name, size }) => {
      // A copy, because the values need not be aligned in the file.
      const values = new Float32Array(new Uint8Array(view.subarray(at, at + size * 4)).buffer);
      at += size * 4;
      return [name, values] as const;
    }),
  );
}
