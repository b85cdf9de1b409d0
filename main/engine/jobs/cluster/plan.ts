import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ExpectedError } from '../../../../shared/failure';
import { presetNameSchema } from '../../../../shared/study/trainingSettings';
import { writeFileAtomic } from '../../../files/atomicWrite';
import { batchItemSchema } from '../batch/items';
import { batchSettingsSchema } from '../batch/settings';

/*
 * What a job array works on, in OUT/slurm/N/plan.json: a task reads its part of it by its number, so that no path ever has
 * to pass through a shell.
 */

const resourcesSchema = z.strictObject({
  cpus: z.number().int().positive(),
  memoryMb: z.number().int().positive(),
  minutes: z.number().int().positive(),
  gres: z.string().nullable(),
  partition: z.string().nullable(),
  account: z.string().nullable(),
  /** Apptainer image that holds the program; null where the nodes have it. */
  container: z.string().nullable(),
  /** Folders that the container sees. */
  bind: z.array(z.string()),
});
export type Resources = z.infer<typeof resourcesSchema>;

const workSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('segment'),
    outDir: z.string(),
    settings: batchSettingsSchema,
    overwrite: z.boolean(),
    /** Scans that a task has in memory at a time: its memory was asked for so many. */
    lanes: z.number().int().positive(),
    /** Scans of each task. */
    tasks: z.array(z.array(batchItemSchema).min(1)),
  }),
  z.strictObject({
    kind: z.literal('sweep'),
    outDir: z.string(),
    dataDir: z.string(),
    preset: presetNameSchema,
    backend: z.enum(['auto', 'native', 'wasm']),
    /** Settings that each task's training changes. */
    tasks: z.array(z.record(z.string(), z.unknown())),
  }),
]);
export type Work = z.infer<typeof workSchema>;

const planSchema = z.strictObject({
  format: z.literal('asc-net-cluster-plan'),
  version: z.literal(1),
  work: workSchema,
  resources: resourcesSchema,
  /** Numbers that SLURM gave; null before it was asked. */
  jobId: z.string().nullable(),
  groupJobId: z.string().nullable(),
});
export type Plan = z.infer<typeof planSchema>;

export const slurmFolder = (outDir: string): string => join(outDir, 'slurm');
export const planFile = (folder: string): string => join(folder, 'plan.json');

/** @throws ExpectedError file-missing, settings-invalid */
export async function readPlan(file: string): Promise<Plan> {
  const text = await readFile(file, 'utf8').catch((error: Error) => {
    throw new ExpectedError('file-missing', `The plan of the job array cannot be read (${error.message}).`);
  });
  try {
    return planSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new ExpectedError(
      'settings-invalid',
      'The plan of the job array is damaged or of another version; submit it again.',
      (error as Error).message,
    );
  }
}

export async function writePlan(folder: string, plan: Plan): Promise<void> {
  await writeFileAtomic(planFile(folder), `${JSON.stringify(plan)}\n`);
}

/** Folders of all arrays of an output folder, the oldest first. */
export async function planFolders(outDir: string): Promise<string[]> {
  const names = await readdir(slurmFolder(outDir)).catch(() => [] as string[]);
  return names
    .filter((name) => /^\d+$/.test(name) && existsSync(planFile(join(slurmFolder(outDir), name))))
    .sort((a, b) => Number(a) - Number(b))
    .map((name) => join(slurmFolder(outDir), name));
}

/** The folder of the next array. */
export async function nextPlanFolder(outDir: string): Promise<string> {
  const last = (await planFolders(outDir)).at(-1);
  const number = last === undefined ? 1 : Number(/\d+$/.exec(last)?.[0]) + 1;
  return join(slurmFolder(outDir), String(number));
}

/** Cut into parts of at most `size`, as equal as can be. */
export function chunks<T>(all: readonly T[], size: number): T[][] {
  const parts = Math.ceil(all.length / Math.max(1, size));
  return Array.from({ length: parts }, (_, part) =>
    all.slice(Math.floor((part * all.length) / parts), Math.floor(((part + 1) * all.length) / parts)),
  );
}
