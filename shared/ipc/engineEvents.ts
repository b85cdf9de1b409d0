import { z } from 'zod';
import { ofContrasts } from '../imaging/contrasts';
import { preparationSchema } from '../imaging/preparation';
import { findingsSchema } from '../study/findings';
import { presetNameSchema } from '../study/trainingSettings';

/** Most samples of a prediction. */
export const MOST_SAMPLES = 50;

/** What the engine tells about a running job: at most ten a second, and each carries the job's id. */

export const failureSchema = z.object({ kind: z.string(), message: z.string(), detail: z.string() });

/** The device that really computes. */
export const deviceSchema = z.strictObject({
  backend: z.enum(['wasm', 'native-cpu', 'native-gpu']),
  /** For a person, e.g. "CPU, 2 threads, WebAssembly". */
  label: z.string(),
  /** TensorFlow.js version, and TensorFlow's where the backend is native. */
  version: z.string(),
  /** Why a faster device is not in use; empty where this is the fastest. */
  whyNotFaster: z.string(),
});
export type Device = z.infer<typeof deviceSchema>;

export const phaseSchema = z.enum(['prepare', 'predict', 'discriminator', 'generator', 'segment', 'write']);
export type Phase = z.infer<typeof phaseSchema>;

/** Counts of the score (I_ro) inside the brain in equal bins over its range, and the threshold found on it. */
export const histogramSchema = z.object({
  counts: z.array(z.number()),
  threshold: z.number(),
  /** One sentence: how the threshold was found. */
  reason: z.string(),
  /** From where to where the bins reach; [0, 1] unless given. */
  range: z.tuple([z.number(), z.number()]).optional(),
  /** I_ro unless given. */
  score: z.enum(['I_ro', 'robust z']).optional(),
});
export type IroHistogram = z.infer<typeof histogramSchema>;

const image = z.instanceof(Uint8Array);
/** One slice as the network sees it and what it made of it, each height x width grey values 0..255. */
export const previewSchema = z.object({
  label: z.string(),
  height: z.number().int(),
  width: z.number().int(),
  input: image,
  ifc: image,
  iwc: image,
  iro: image,
});
export type Preview = z.infer<typeof previewSchema>;

const job = { jobId: z.string() };
/** Where a training is; cycles and epochs are counted from 1. */
const place = {
  network: z.enum(['generator', 'discriminator']),
  stage: z.union([z.literal(1), z.literal(2)]),
  cycle: z.number().int(),
  epoch: z.number().int(),
};
export const engineEventSchema = z.discriminatedUnion('type', [
  z.object({ ...job, type: z.literal('device'), device: deviceSchema }),
  z.object({
    ...job,
    type: z.literal('progress'),
    phase: phaseSchema,
    /** Share of the whole job that is done, 0..1. */
    fraction: z.number(),
    /** Estimated time left; null while unknown. */
    remainingMs: z.number().nullable(),
    /** What is going on, e.g. "cycle 2 of 4, main module". */
    message: z.string(),
  }),
  z.object({
    ...job,
    type: z.literal('losses'),
    ...place,
    /** From 1, within the epoch. */
    step: z.number().int(),
    /** Terms by name: adversarial, reconstruction, disjointness, weightDecay, total; or mae, weightDecay, total. */
    terms: z.record(z.string(), z.number()),
  }),
  /** An epoch has ended; its terms are means over the cycle so far. */
  z.object({ ...job, type: z.literal('epoch'), ...place, terms: z.record(z.string(), z.number()) }),
  /** A cycle has ended. */
  z.object({
    ...job,
    type: z.literal('cycle'),
    cycle: z.number().int(),
    stage: z.union([z.literal(1), z.literal(2)]),
    /** Whether the histogram of I_ro has split into distinct peaks. */
    split: z.boolean(),
  }),
  /** The training can be continued from here, whatever happens. */
  z.object({ ...job, type: z.literal('checkpoint'), cycle: z.number().int(), sizeBytes: z.number() }),
  /** One sentence about something that the user should know or change; the job goes on. */
  z.object({ ...job, type: z.literal('warning'), message: z.string() }),
  z.object({ ...job, type: z.literal('paused') }),
  z.object({ ...job, type: z.literal('resumed') }),
  z.object({ ...job, type: z.literal('histogram'), cycle: z.number().int(), histogram: histogramSchema }),
  z.object({ ...job, type: z.literal('preview'), cycle: z.number().int(), previews: z.array(previewSchema) }),
  z.object({ ...job, type: z.literal('finished'), result: z.unknown() }),
  z.object({ ...job, type: z.literal('stopped') }),
  z.object({ ...job, type: z.literal('failed'), failure: failureSchema }),
]);
export type EngineEvent = z.infer<typeof engineEventSchema>;

/** A scan of a job: a file and, where only part of it counts, its slices. Only main and the engine exchange these. */
export const jobScanSchema = z.strictObject({
  path: z.string(),
  /** Slice numbers in the slice grid (see SliceGrid); null means every slice that holds brain. */
  slices: z.array(z.number().int().min(0)).nullable(),
  /** The reader's own brain mask, on the scan's grid; null: it is found. */
  brain: z.string().nullable(),
  /** Its scans of other contrasts: files. */
  contrasts: ofContrasts(z.string()),
});

export type JobScan = z.infer<typeof jobScanSchema>;

/** What main asks of the engine process; the command line calls the same functions directly. */
export const engineRequestSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...job, type: z.literal('probe'), backend: z.enum(['auto', 'native', 'wasm']) }),
  /** Takes a few steps of a small training; result: {@link timedTrainingSchema}. */
  z.strictObject({ ...job, type: z.literal('time'), backend: z.enum(['auto', 'native', 'wasm']) }),
  /** Downloads and installs TensorFlow's library for this user, then tells the device. */
  z.strictObject({ ...job, type: z.literal('install'), kind: z.enum(['cpu', 'gpu']) }),
  /** Makes the demo's study below `outDir`; result: {@link sampleResultSchema}. */
  z.strictObject({ ...job, type: z.literal('sample'), outDir: z.string(), seed: z.number().int() }),
  /** Prepares the sets below `outDir`/data and trains below `outDir`/run; result: {@link trainResultSchema}. */
  z.strictObject({
    ...job,
    type: z.literal('train'),
    outDir: z.string(),
    reference: z.array(jobScanSchema).min(1),
    input: z.array(jobScanSchema).min(1),
    preparation: preparationSchema,
    preset: presetNameSchema,
    overrides: z.record(z.string(), z.unknown()),
    /** Slices of input scans, numbers of their slice grids, that pictures are made of after each cycle. */
    watched: z.array(z.strictObject({ path: z.string(), slice: z.number().int(), label: z.string() })),
    backend: z.enum(['auto', 'native', 'wasm']),
  }),
  /** Trains a run further on healthy slices of one scan; `outDir` is the new run's; result: {@link trainResultSchema}. */
  z.strictObject({
    ...job,
    type: z.literal('adapt'),
    model: z.string(),
    healthy: jobScanSchema,
    /** The sets that the run was trained on; null where they are gone. */
    data: z.string().nullable(),
    outDir: z.string(),
    backend: z.enum(['auto', 'native', 'wasm']),
  }),
  /** Goes on with the training of `outDir` from its newest checkpoint; result: {@link trainResultSchema}. */
  z.strictObject({
    ...job,
    type: z.literal('continueTraining'),
    outDir: z.string(),
    backend: z.enum(['auto', 'native', 'wasm']),
  }),
  /** Segments one volume with a run; result: {@link segmentResultSchema}. */
  z.strictObject({
    ...job,
    type: z.literal('segment'),
    model: z.string(),
    volume: z.string(),
    brain: z.string().nullable(),
    contrasts: ofContrasts(z.string()),
    samples: z.number().int().min(0).max(MOST_SAMPLES),
    outDir: z.string(),
    backend: z.enum(['auto', 'native', 'wasm']),
  }),
  /** Takes a Keras file into a new run at `outDir`; result: {@link convertResultSchema}. */
  z.strictObject({ ...job, type: z.literal('importModel'), model: z.string(), outDir: z.string() }),
  /** Writes a run's networks to `outDir` as the published Keras files; result: {@link convertResultSchema}. */
  z.strictObject({
    ...job,
    type: z.literal('exportModel'),
    model: z.string(),
    outDir: z.string(),
    overwrite: z.boolean(),
  }),
  /** Ends the job of this id at the next step; it answers with `stopped`, or `finished` with what a training has so far. */
  z.strictObject({ ...job, type: z.literal('stop') }),
  /** Holds a training at the next step; it answers with `paused`. */
  z.strictObject({ ...job, type: z.literal('pause') }),
  /** Lets it go on; it answers with `resumed`. */
  z.strictObject({ ...job, type: z.literal('resume') }),
]);
export type EngineRequest = z.infer<typeof engineRequestSchema>;
/** A request that is answered by a job's events, its end among them. */
export type JobRequest = Exclude<EngineRequest, { type: 'stop' | 'pause' | 'resume' }>;

export const sampleResultSchema = z.object({
  /** The scan with implanted lesions. */
  scan: z.string(),
  /** The mask of the implanted lesions, on the scan's grid. */
  truth: z.string(),
  /** Slices (of the slice grid) that no implanted lesion touches: the healthy reference. */
  referenceSlices: z.array(z.number().int()),
});
export type SampleResult = z.infer<typeof sampleResultSchema>;

/** Why a training ended: the histogram of I_ro has split, all cycles are done, its time is up, or it was stopped. */
export const endedSchema = z.enum(['split', 'cycles', 'time', 'stopped']);

export const trainResultSchema = z.object({
  /** Folder of the run, usable as `model`. */
  run: z.string(),
  device: deviceSchema,
  cycles: z.number().int(),
  /** True where the training was stopped before its schedule ended; what it learned so far is kept. */
  stoppedEarly: z.boolean(),
  ended: endedSchema,
  /** Time spent training, pauses not counted. */
  durationMs: z.number(),
  /** How long all cycles of the preset would take at this speed; null where no cycle was finished. */
  fullTrainingMs: z.number().nullable(),
});
export type TrainResult = z.infer<typeof trainResultSchema>;

/** Names of the files that were written to `outDir`. */
export const convertResultSchema = z.object({ files: z.array(z.string()) });
export type ConvertResult = z.infer<typeof convertResultSchema>;

export const segmentResultSchema = z.object({
  /** Float32 .npy of I_ro on the source grid, C order [nz, ny, nx]: x runs fastest, as in the volume. */
  iroVolume: z.string(),
  /** Float32 .npy stacks [n, h, w] of the prepared slices and the cuts; row k is slice k of the grid. */
  slices: z.object({ input: z.string(), ifc: z.string(), iwc: z.string(), iro: z.string() }),
  /** The slice grid, as JSON (see SliceGrid). */
  grid: z.unknown(),
  /**
   * .npy on the source grid as I_ro's: how deep in the brain each voxel lies (uint8), the baseline's score, and the spread
   * of I_ro (float32); null where there was one prediction alone.
   */
  maps: z.object({ depth: z.string(), baseline: z.string(), spread: z.string().nullable() }),
  findings: findingsSchema,
  /** Of the generator's weights. */
  modelSha256: z.string(),
  histogram: histogramSchema,
  device: deviceSchema,
});
export type SegmentResult = z.infer<typeof segmentResultSchema>;
