import { z } from 'zod';
import type { adoptChannel, PublicChannel } from './channels';
import { deviceSchema, engineEventSchema, failureSchema, histogramSchema } from './engineEvents';

/**
 * The one contract between the window and main: each channel's request and answer. Both sides parse with it, so that
 * neither trusts the other's shape. Paths never cross: main hands out opaque tokens.
 */

const token = z.string().regex(/^[0-9a-f]{32}$/);

/** A file that main knows and the page may name only by its token. */
export const fileTokenSchema = z.strictObject({
  token,
  /** The file's own name, without its folder. */
  name: z.string(),
  sizeBytes: z.number().int().nonnegative(),
});
export type FileToken = z.infer<typeof fileTokenSchema>;

const nothing = z.strictObject({});
const openedFiles = z.strictObject({
  files: z.array(fileTokenSchema),
  /** What could not be taken, e.g. a folder; the rest was. */
  refused: z.array(failureSchema),
});
const jobStarted = z.strictObject({ jobId: z.string() });
export const backendChoiceSchema = z.enum(['auto', 'native', 'wasm']);
export type BackendChoice = z.infer<typeof backendChoiceSchema>;

/** What the window remembers between starts. */
export const settingsSchema = z.strictObject({
  theme: z.enum(['dark', 'light']),
  /** How the mask is drawn. */
  maskStyle: z.enum(['outline', 'fill']),
  /** Opacity of the filled mask, 0..1. */
  maskOpacity: z.number().min(0.05).max(1),
});
export type Settings = z.infer<typeof settingsSchema>;
export const defaultSettings: Settings = { theme: 'dark', maskStyle: 'outline', maskOpacity: 0.4 };

/** A scan of a job: its token and, where only part of it counts, its slices (numbers in the slice grid). */
const chosenScan = z.strictObject({
  token,
  slices: z.array(z.number().int().min(0).max(100_000)).max(100_000).nullable(),
});
export type ChosenScan = z.infer<typeof chosenScan>;

const maskBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);

export const contract = {
  'app:info': {
    request: nothing,
    response: z.strictObject({ version: z.string(), electron: z.string(), platform: z.string() }),
  },
  'app:settings': { request: nothing, response: settingsSchema },
  'app:saveSettings': { request: settingsSchema, response: nothing },
  /** Shows the open dialog; no files where it was cancelled. */
  'files:open': { request: nothing, response: openedFiles },
  'files:adopt': {
    request: z.strictObject({ paths: z.array(z.string().min(1).max(32_768)).max(1000) }),
    response: openedFiles,
  },
  'files:forget': { request: z.strictObject({ token }), response: nothing },
  /** Makes the sample study; its scan comes with the `sample` result of the job. */
  'study:openSample': { request: nothing, response: jobStarted },
  'engine:probe': { request: z.strictObject({ backend: backendChoiceSchema }), response: jobStarted },
  'training:start': {
    request: z.strictObject({
      reference: z.array(chosenScan).min(1).max(1000),
      input: z.array(chosenScan).min(1).max(1000),
      preset: z.enum(['published', 'quick']),
      overrides: z.record(z.string(), z.unknown()),
      backend: backendChoiceSchema,
    }),
    response: jobStarted,
  },
  'inference:segment': {
    request: z.strictObject({ run: token, scan: token, backend: backendChoiceSchema }),
    response: jobStarted,
  },
  'jobs:stop': { request: z.strictObject({ jobId: z.string().max(64) }), response: nothing },
  /**
   * Shows the save dialog and writes the mask as NIfTI with the scan's own header: one byte a voxel on the scan's
   * grid, x fastest. `saved` is null where the dialog was cancelled.
   */
  'export:mask': {
    request: z.strictObject({
      scan: token,
      dims: z.tuple([z.number().int().positive(), z.number().int().positive(), z.number().int().positive()]),
      mask: maskBytes,
    }),
    response: z.strictObject({
      saved: z.strictObject({ name: z.string(), sizeBytes: z.number() }).nullable(),
    }),
  },
} as const satisfies Record<
  PublicChannel | typeof adoptChannel,
  { readonly request: z.ZodType; readonly response: z.ZodType }
>;

export type Contract = typeof contract;
export type Channel = keyof Contract;
export type RequestOf<C extends Channel> = z.infer<Contract[C]['request']>;
export type ResponseOf<C extends Channel> = z.infer<Contract[C]['response']>;

/** How an answer travels: errors cross as values. */
export const envelopeSchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), value: z.unknown() }),
  z.object({ ok: z.literal(false), failure: failureSchema }),
]);
export type Envelope = z.infer<typeof envelopeSchema>;

/** What a job ended with, as the page sees it: every path of the engine's result is a token here. */
export const jobResultSchema = z.discriminatedUnion('job', [
  z.strictObject({ job: z.literal('probe') }),
  z.strictObject({
    job: z.literal('sample'),
    scan: fileTokenSchema,
    truth: fileTokenSchema,
    referenceSlices: z.array(z.number().int()),
  }),
  z.strictObject({
    job: z.literal('train'),
    run: fileTokenSchema,
    device: deviceSchema,
    cycles: z.number(),
    stoppedEarly: z.boolean(),
    durationMs: z.number(),
  }),
  z.strictObject({
    job: z.literal('segment'),
    scan: token,
    iroVolume: fileTokenSchema,
    slices: z.strictObject({
      input: fileTokenSchema,
      ifc: fileTokenSchema,
      iwc: fileTokenSchema,
      iro: fileTokenSchema,
    }),
    /** See SliceGrid. */
    grid: z.unknown(),
    histogram: histogramSchema,
    device: deviceSchema,
  }),
]);
export type JobResult = z.infer<typeof jobResultSchema>;

/** Commands that the application menu can ask of the page; the page's registry carries them out. */
export const menuCommandSchema = z.enum([
  'data.open',
  'data.openSample',
  'export.mask',
  'place.data',
  'place.train',
  'place.review',
  'place.export',
  'training.start',
  'training.stop',
  'view.toggleMask',
  'view.reset',
  'view.toggleTheme',
  'help.keys',
  'help.about',
]);
export type MenuCommand = z.infer<typeof menuCommandSchema>;

/** Everything that main tells the page without being asked. */
export const pageEventSchema = z.discriminatedUnion('topic', [
  z.object({ topic: z.literal('engine'), event: engineEventSchema }),
  z.object({ topic: z.literal('finished'), jobId: z.string(), result: jobResultSchema }),
  z.object({ topic: z.literal('command'), command: menuCommandSchema }),
]);
export type PageEvent = z.infer<typeof pageEventSchema>;
