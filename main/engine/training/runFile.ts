import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { ExpectedError } from '../../../shared/failure';
import { deviceSchema } from '../../../shared/ipc/engineEvents';
import { trainingSettingsSchema } from '../../../shared/study/trainingSettings';
import { writeFileAtomic } from '../../files/atomicWrite';
import type { WeightArrays } from '../network/weights';

/** Files of a run's folder. */
export const RUN_FILES = {
  run: 'run.json',
  generator: 'generator.weights',
  discriminator: 'discriminator.weights',
} as const;

const terms = z.record(z.string(), z.number()).nullable();

/** run.json: what was trained, on what, with what, and how it went. */
export const runSchema = z.strictObject({
  version: z.literal(1),
  software: z.string(),
  createdAt: z.string(),
  device: deviceSchema,
  settings: trainingSettingsSchema,
  height: z.number().int(),
  width: z.number().int(),
  /** SHA-256 of the sets. */
  sets: z.strictObject({ reference: z.string(), input: z.string() }),
  history: z.array(
    z.strictObject({
      cycle: z.number(),
      stage: z.union([z.literal(1), z.literal(2)]),
      discriminator: terms,
      generator: terms,
    }),
  ),
  /** Counts of I_ro in the brain of the reference and the input set, in equal bins over [0, 1]. */
  referenceCounts: z.array(z.number()),
  inputCounts: z.array(z.number()),
  stoppedEarly: z.boolean(),
  durationMs: z.number(),
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
  const files = { generator: encodeWeights(generator), discriminator: encodeWeights(discriminator) };
  await writeFileAtomic(join(folder, RUN_FILES.generator), files.generator);
  await writeFileAtomic(join(folder, RUN_FILES.discriminator), files.discriminator);
  const weights = { generator: sha256(files.generator), discriminator: sha256(files.discriminator) };
  await writeFileAtomic(join(folder, RUN_FILES.run), JSON.stringify({ ...run, weights }, null, 1));
}

/**
 * Reads a run and its generator.
 * @throws ExpectedError run-damaged when the folder is no run, or its weights are not the ones that were written
 */
export async function readRun(folder: string): Promise<{ run: Run; generator: Map<string, Float32Array> }> {
  const name = basename(folder);
  const text = await readFile(join(folder, RUN_FILES.run), 'utf8').catch(() => {
    throw new ExpectedError(
      'run-damaged',
      `${name} is not a finished run: it has no ${RUN_FILES.run}. Choose the folder that --out of train named.`,
    );
  });
  let run: Run;
  try {
    run = runSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ExpectedError(
      'run-damaged',
      `The run ${name} cannot be read: its ${RUN_FILES.run} is damaged or of another version. Train again.`,
      String(error),
    );
  }
  const bytes = await readFile(join(folder, RUN_FILES.generator)).catch(() => {
    throw new ExpectedError(
      'run-damaged',
      `The run ${name} lacks ${RUN_FILES.generator}; copy the whole folder again, or train again.`,
    );
  });
  if (sha256(bytes) !== run.weights.generator) {
    throw new ExpectedError(
      'run-damaged',
      `The weights of the run ${name} are damaged: their checksum differs. Copy the whole folder again, or train again.`,
    );
  }
  return { run, generator: decodeWeights(bytes) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
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
