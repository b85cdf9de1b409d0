import { z } from 'zod';
import type { adoptChannel, PublicChannel } from './channels';
import { contrastSchema, ofContrasts } from '../imaging/contrasts';
import { preparationSchema } from '../imaging/preparation';
import { timedTrainingSchema } from '../study/estimate';
import { maskReviewSchema } from '../study/maskReview';
import { presetNameSchema } from '../study/trainingSettings';
import { guidePageSchema } from '../study/guidePages';
import { studyOf } from '../study/studyFile';
import { trainingSettingsSchema } from '../study/trainingSettings';
import { findingsSchema } from '../study/findings';
import {
  deviceSchema,
  endedSchema,
  engineEventSchema,
  failureSchema,
  histogramSchema,
  MOST_SAMPLES,
} from './engineEvents';

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

/** What has to be known of a file before it can be opened. */
const fileQuestionSchema = z.discriminatedUnion('kind', [
  /** Which of its volumes is meant. */
  z.strictObject({ kind: z.literal('volume'), volumes: z.number().int().min(2) }),
  /** Whether an array of this shape is a stack of slices or one volume. */
  z.strictObject({ kind: z.literal('layout'), shape: z.array(z.number()) }),
]);
export type FileQuestion = z.infer<typeof fileQuestionSchema>;
const fileAnswerSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('volume'), index: z.number().int().nonnegative() }),
  z.strictObject({ kind: z.literal('layout'), layout: z.enum(['stack', 'volume']) }),
]);
export type FileAnswer = z.infer<typeof fileAnswerSchema>;

const nothing = z.strictObject({});
const openedFiles = z.strictObject({
  files: z.array(fileTokenSchema),
  /** What could not be taken, e.g. a folder; the rest was. */
  refused: z.array(failureSchema),
});
const jobStarted = z.strictObject({ jobId: z.string() });
/** A dialog comes first: null where it was cancelled. */
const jobAfterDialog = z.strictObject({ jobId: z.string().nullable() });
export const backendChoiceSchema = z.enum(['auto', 'native', 'wasm']);
export type BackendChoice = z.infer<typeof backendChoiceSchema>;

/** What the window remembers between starts. */
export const settingsSchema = z.strictObject({
  theme: z.enum(['dark', 'light']),
  /** How the mask is drawn. */
  maskStyle: z.enum(['outline', 'fill', 'heat', 'spread']),
  /** Opacity of the filled mask and of the heat map, 0..1. */
  maskOpacity: z.number().min(0.05).max(1),
  /** Which side of the patient is on the left of axial and coronal pictures: the right one in radiological. */
  convention: z.enum(['radiological', 'neurological']),
  crosshair: z.boolean(),
  /** Whether the tour has been taken or skipped. */
  tourSeen: z.boolean(),
  /** Who stands in reports as the reader. */
  reviewer: z.string().max(200),
  /** Keys that the reader has changed, by command. */
  keys: z.record(z.string().max(64), z.array(z.string().max(32)).max(4)),
});
export type Settings = z.infer<typeof settingsSchema>;
export const defaultSettings: Settings = {
  theme: 'dark',
  maskStyle: 'outline',
  maskOpacity: 0.4,
  convention: 'radiological',
  crosshair: true,
  tourSeen: false,
  reviewer: '',
  keys: {},
};

/** A scan of a job: its token and, where only part of it counts, its slices (numbers in the slice grid). */
const chosenScan = z.strictObject({
  token,
  slices: z.array(z.number().int().min(0).max(100_000)).max(100_000).nullable(),
  /** The reader's own brain mask, on the scan's grid; null: it is found. */
  brain: token.nullable(),
  /** Its scans of other contrasts, on its grid; used where the preparation or the run names them. */
  contrasts: ofContrasts(token),
});
export type ChosenScan = z.infer<typeof chosenScan>;

/** A run as it is compared with others. */
export const runFactsSchema = z.strictObject({
  createdAt: z.string(),
  settings: trainingSettingsSchema,
  slices: z.strictObject({ reference: z.number().int(), input: z.number().int() }),
  /** Mean losses of each cycle, by name; empty where it was stopped before its first step. */
  cycles: z.array(
    z.strictObject({
      generator: z.record(z.string(), z.number()),
      discriminator: z.record(z.string(), z.number()),
    }),
  ),
  timed: timedTrainingSchema,
  histogram: histogramSchema,
});
export type RunFacts = z.infer<typeof runFactsSchema>;

/** Commands that the application menu can ask of the page; the page's registry carries them out, and names them. */
export const menuCommandSchema = z.enum([
  'data.open',
  'data.openFolder',
  'data.openSample',
  'study.new',
  'study.open',
  'study.saveAs',
  'edit.undo',
  'edit.redo',
  'edit.copyBelow',
  'edit.copyAbove',
  'edit.fillBetween',
  'edit.removeLesion',
  'export.mask',
  'model.import',
  'model.export',
  'place.data',
  'place.train',
  'place.review',
  'place.export',
  'training.start',
  'training.stop',
  'review.segment',
  'review.importMasks',
  'review.emptyMask',
  'review.nextLesion',
  'review.previousLesion',
  'review.nextUndecided',
  'review.accepted',
  'review.rejected',
  'review.flagged',
  'review.sliceDone',
  'review.sliceFlagged',
  'review.nextSlice',
  'review.scanDone',
  'review.scanFlagged',
  'review.nextScan',
  'review.openTruth',
  'review.threshold',
  'view.toggleMask',
  'view.toggleTruth',
  'view.nextStyle',
  'view.toggleCrosshair',
  'view.toggleConvention',
  'view.nextPlane',
  'view.zoomIn',
  'view.zoomOut',
  'view.reset',
  'view.snapshot',
  'view.toggleTheme',
  'help.guide',
  'help.tour',
  'help.keys',
  'help.report',
  'help.about',
]);
export type MenuCommand = z.infer<typeof menuCommandSchema>;

/** A command as the menu shows it. */
export const shownCommandSchema = z.strictObject({
  id: menuCommandSchema,
  title: z.string().max(200),
  key: z.string().max(32).nullable(),
  enabled: z.boolean(),
});
export type ShownCommand = z.infer<typeof shownCommandSchema>;

const maskBytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array);
/** Where a mask comes from, for the JSON beside it (see MaskOrigin). */
const maskOrigin = z.strictObject({
  threshold: z.number().nullable(),
  score: z.enum(['I_ro', 'robust z']),
  modelSha256: z.string().max(64).nullable(),
  /** See SliceGrid; what is none is left out. */
  grid: z.unknown(),
  review: maskReviewSchema,
});

export const contract = {
  'app:info': {
    request: nothing,
    response: z.strictObject({
      version: z.string(),
      /** That the package was made from; '' in a checkout. */
      commit: z.string(),
      electron: z.string(),
      platform: z.string(),
    }),
  },
  'app:settings': { request: nothing, response: settingsSchema },
  'app:saveSettings': { request: settingsSchema, response: nothing },
  /** What the commands of the menu are called now, their keys, and whether they would do something. */
  'app:showCommands': {
    request: z.strictObject({ commands: z.array(shownCommandSchema).max(200) }),
    response: nothing,
  },
  /** Answers the `closing` event: whether everything is on disk. */
  'app:readyToClose': { request: z.strictObject({ unsaved: z.string().nullable() }), response: nothing },
  /** What happened before the page was there that its reader must know, in sentences; each is told once. */
  'app:notices': { request: nothing, response: z.strictObject({ notices: z.array(z.string()) }) },
  /** An error in the page that nobody caught, for the log. */
  'app:complain': { request: z.strictObject({ text: z.string().max(8000) }), response: nothing },
  /** Shows the open dialog; no files where it was cancelled. */
  'files:open': { request: nothing, response: openedFiles },
  'files:adopt': {
    request: z.strictObject({ paths: z.array(z.string().min(1).max(32_768)).max(1000) }),
    response: openedFiles,
  },
  /** Asks for a folder and lists the volumes below it; null where the dialog was cancelled. */
  'files:openFolder': {
    request: nothing,
    response: z.strictObject({
      folder: z
        .strictObject({
          name: z.string(),
          files: z.array(
            z.strictObject({
              file: fileTokenSchema,
              /** Folders below the chosen one and the file's own name, parted by "/". */
              within: z.string(),
            }),
          ),
          /** Whether there are more volumes than are listed. */
          more: z.boolean(),
        })
        .nullable(),
    }),
  },
  /** What has to be known of a file before it is opened; null where nothing has. */
  'files:question': {
    request: z.strictObject({ token }),
    response: z.strictObject({ question: fileQuestionSchema.nullable() }),
  },
  /** The file that an answer stands for; the token of the one that was asked about ends where it is another. */
  'files:answer': {
    request: z.strictObject({ token, answer: fileAnswerSchema }),
    response: z.strictObject({ file: fileTokenSchema }),
  },
  /**
   * What the program was asked to open from outside since this was asked last. A study among it is open when this answers,
   * and the rest is answered the next time.
   */
  'files:given': { request: nothing, response: openedFiles.extend({ study: z.boolean() }) },
  'files:forget': { request: z.strictObject({ token }), response: nothing },
  /** Makes the sample study; its scan comes with the `sample` result of the job. */
  'study:openSample': { request: nothing, response: jobStarted },
  'engine:probe': { request: z.strictObject({ backend: backendChoiceSchema }), response: jobStarted },
  /** Takes a few steps of a small training to see how fast the device is; not saved anywhere. */
  'engine:time': { request: z.strictObject({ backend: backendChoiceSchema }), response: jobStarted },
  /** Downloads TensorFlow's library: the one request that makes the product use a network. */
  'engine:install': { request: z.strictObject({ kind: z.enum(['cpu', 'gpu']) }), response: jobStarted },
  'training:start': {
    request: z.strictObject({
      reference: z.array(chosenScan).min(1).max(1000),
      input: z.array(chosenScan).min(1).max(1000),
      preparation: preparationSchema,
      preset: presetNameSchema,
      overrides: z.record(z.string(), z.unknown()),
      /** Slices of input scans that pictures are made of after each cycle; empty: some, spread over all. */
      watched: z.array(z.strictObject({ token, slice: z.number().int().min(0) })).max(12),
      backend: backendChoiceSchema,
    }),
    response: jobStarted,
  },
  /** Trainings of the study that were interrupted or stopped and can go on; the newest first. */
  /** What runs of the study say of themselves; null for one that says nothing (it was imported, or its files are gone). */
  'training:describe': {
    request: z.strictObject({ runs: z.array(token).max(200) }),
    response: z.strictObject({ runs: z.array(runFactsSchema.nullable()) }),
  },
  'training:unfinished': {
    request: nothing,
    response: z.strictObject({
      runs: z.array(
        z.strictObject({
          run: fileTokenSchema,
          stage: z.union([z.literal(1), z.literal(2)]),
          /** The cycle at work, from 1. */
          cycle: z.number().int(),
          cycles: z.number().int(),
          preset: presetNameSchema,
          width: z.number().int(),
          savedAt: z.string(),
        }),
      ),
    }),
  },
  /** Goes on with one of them from its newest checkpoint. */
  'training:continue': {
    request: z.strictObject({ run: token, backend: backendChoiceSchema }),
    response: jobStarted,
  },
  /** Trains a run further on healthy slices of a scan; the job's result is the new run. */
  'training:adapt': {
    request: z.strictObject({ run: token, scan: chosenScan, backend: backendChoiceSchema }),
    response: jobStarted,
  },
  'inference:segment': {
    request: z.strictObject({
      run: token,
      scan: token,
      brain: token.nullable(),
      contrasts: ofContrasts(token),
      /** Samples of the network that tell how far I_ro strays. */
      samples: z.number().int().min(0).max(MOST_SAMPLES),
      backend: backendChoiceSchema,
    }),
    response: jobStarted,
  },
  /** Shows the open dialog and takes a Keras model (.h5) into the study as a run. */
  'model:import': { request: nothing, response: jobAfterDialog },
  /** Shows the folder dialog and writes a run's networks there as the three published Keras files. */
  'model:export': { request: z.strictObject({ run: token }), response: jobAfterDialog },
  /**
   * The page begins to listen. Answers with the jobs that it has not asked for itself: those that run, and those that ended
   * while there was no page, whose last event follows.
   */
  'jobs:open': {
    request: nothing,
    response: z.strictObject({
      jobs: z.array(
        z.strictObject({
          jobId: z.string(),
          job: z.enum([
            'probe',
            'time',
            'install',
            'sample',
            'train',
            'importModel',
            'exportModel',
            'segment',
          ]),
          /** Of a segmentation: its scan. */
          scan: token.nullable(),
          paused: z.boolean(),
        }),
      ),
      device: deviceSchema.nullable(),
    }),
  },
  'jobs:stop': { request: z.strictObject({ jobId: z.string().max(64) }), response: nothing },
  /** Holds a training at its next step, and lets it go on. */
  'jobs:pause': { request: z.strictObject({ jobId: z.string().max(64) }), response: nothing },
  'jobs:resume': { request: z.strictObject({ jobId: z.string().max(64) }), response: nothing },
  /**
   * Shows the save dialog and writes the mask as NIfTI with the scan's own header: one byte a voxel on the scan's
   * grid, x fastest. `saved` is null where the dialog was cancelled.
   */
  'export:mask': {
    request: z.strictObject({
      scan: token,
      dims: z.tuple([z.number().int().positive(), z.number().int().positive(), z.number().int().positive()]),
      mask: maskBytes,
      origin: maskOrigin,
    }),
    response: z.strictObject({
      saved: z.strictObject({ name: z.string(), sizeBytes: z.number() }).nullable(),
    }),
  },
  /** Shows the save dialog and writes a picture; null where the dialog was cancelled. */
  'export:picture': {
    request: z.strictObject({ name: z.string().max(300), png: maskBytes }),
    response: z.strictObject({ saved: z.string().nullable() }),
  },
  /** Asks for a folder to export into; null where the dialog was cancelled. */
  'export:chooseFolder': {
    request: nothing,
    response: z.strictObject({
      folder: z.strictObject({ token, name: z.string(), files: z.array(z.string()) }).nullable(),
    }),
  },
  /** The names of the files in such a folder. */
  'export:look': {
    request: z.strictObject({ folder: token }),
    response: z.strictObject({ files: z.array(z.string()) }),
  },
  /**
   * Writes what is wanted of one scan into such a folder, under names that begin with `stem`; null leaves a part out. The
   * mask is as in `export:mask`; `iro` is the token of an I_ro map on the scan's grid.
   */
  'export:into': {
    request: z.strictObject({
      folder: token,
      stem: z
        .string()
        .max(130)
        .regex(/^[^<>:"/\\|?*]+$/),
      overwrite: z.boolean(),
      scan: token,
      dims: z.tuple([z.number().int().positive(), z.number().int().positive(), z.number().int().positive()]),
      mask: maskBytes.nullable(),
      origin: maskOrigin,
      iro: token.nullable(),
      lesions: z.array(z.array(z.union([z.string(), z.number()]))).nullable(),
      lesionsJson: z.string().nullable(),
      /** The report as HTML, and as HTML that is printed to a PDF file. */
      report: z.string().nullable(),
      pdf: z.string().nullable(),
    }),
    response: z.strictObject({ written: z.array(z.string()) }),
  },
  /** The study that is open; null where it is new. */
  'study:current': {
    request: nothing,
    response: z.strictObject({
      study: studyOf(fileTokenSchema).nullable(),
      /** Names of scans that are not where they were. */
      missing: z.array(z.string()),
      savedAt: z.string().nullable(),
      /** Whether the reader has named a folder for it. */
      isNamed: z.boolean(),
      /** Sentences about it that are told once. */
      news: z.array(z.string()),
    }),
  },
  'study:save': {
    request: z.strictObject({ study: studyOf(fileTokenSchema) }),
    response: z.strictObject({ savedAt: z.string() }),
  },
  /** Asks for a folder and goes on there; null where the dialog was cancelled. */
  'study:saveAs': { request: nothing, response: z.strictObject({ name: z.string().nullable() }) },
  /** Asks for the folder of a study or of a batch's results; where one was opened, the page begins anew with it. */
  'study:open': { request: nothing, response: z.strictObject({ opened: z.boolean() }) },
  'study:new': { request: nothing, response: nothing },
  /** Asks for a folder and looks for the missing scans below it; where some are found, the page begins anew. */
  'study:locate': { request: nothing, response: z.strictObject({ found: z.number().int() }) },
  /**
   * Shows the open dialog for a mask of a scan. One on another grid is shown with both grids, and taken over by the nearest
   * voxel where the reader wants that; null where a dialog was cancelled.
   */
  'masks:choose': {
    request: z.strictObject({ scan: token, purpose: z.enum(['brain', 'lesions']) }),
    response: z.strictObject({ mask: fileTokenSchema.nullable() }),
  },
  /** Shows the open dialog for a scan of another contrast, which has to lie on the grid of the first. */
  'contrasts:choose': {
    request: z.strictObject({ scan: token, contrast: contrastSchema }),
    response: z.strictObject({ file: fileTokenSchema.nullable() }),
  },
  /**
   * Has a mask that was opened ready to be taken in: on the scan's grid as with `masks:choose`, and with the review that
   * the JSON beside it tells, if any.
   */
  'masks:take': {
    request: z.strictObject({ mask: token, scan: token }),
    response: z.strictObject({ mask: fileTokenSchema.nullable(), review: maskReviewSchema.nullable() }),
  },
  /** Adds text to the journal of an edited mask (see maskJournal.ts); it is on disk when this answers. */
  'masks:append': {
    request: z.strictObject({
      id: z.uuid(),
      text: z
        .string()
        .min(1)
        .max(2 ** 28),
    }),
    response: nothing,
  },
  'masks:read': { request: z.strictObject({ id: z.uuid() }), response: z.strictObject({ text: z.string() }) },
  /** Opens the user guide in a window of its own, at a page and a heading of it. */
  'help:open': {
    request: z.strictObject({ page: guidePageSchema, heading: z.string().regex(/^[a-z0-9-]{0,64}$/) }),
    response: nothing,
  },
  /** Gathers what a report of a problem holds, for its reader to look at. */
  'help:collect': {
    request: nothing,
    response: z.strictObject({ files: z.array(z.strictObject({ name: z.string(), text: z.string() })) }),
  },
  /** Shows the save dialog and writes what was gathered last as a zip, with the reader's own words. */
  'help:saveReport': {
    request: z.strictObject({ note: z.string().max(20_000) }),
    response: z.strictObject({ saved: z.string().nullable() }),
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
  z.strictObject({ job: z.literal('time'), timed: timedTrainingSchema }),
  z.strictObject({ job: z.literal('install') }),
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
    ended: endedSchema,
    durationMs: z.number(),
    fullTrainingMs: z.number().nullable(),
  }),
  z.strictObject({
    job: z.literal('importModel'),
    run: fileTokenSchema,
    /** Name of the file that it came from. */
    importedFrom: z.string(),
  }),
  z.strictObject({ job: z.literal('exportModel'), files: z.array(z.string()) }),
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
    /** null where a result of before has none. */
    maps: z
      .strictObject({
        depth: fileTokenSchema,
        baseline: fileTokenSchema,
        spread: fileTokenSchema.nullable(),
      })
      .nullable(),
    findings: findingsSchema.nullable(),
    modelSha256: z.string().nullable(),
    histogram: histogramSchema,
    device: deviceSchema,
  }),
]);
export type JobResult = z.infer<typeof jobResultSchema>;

/** Everything that main tells the page without being asked. */
export const pageEventSchema = z.discriminatedUnion('topic', [
  z.object({ topic: z.literal('engine'), event: engineEventSchema }),
  z.object({ topic: z.literal('finished'), jobId: z.string(), result: jobResultSchema }),
  z.object({ topic: z.literal('command'), command: menuCommandSchema }),
  /** The program was asked to open something: the page asks for it with `files:given`. */
  z.object({ topic: z.literal('given') }),
  /** The window is about to close: the page writes what is not on disk yet and answers with `app:readyToClose`. */
  z.object({ topic: z.literal('closing') }),
  /** Something that its reader must know. */
  z.object({ topic: z.literal('notice'), text: z.string() }),
]);
export type PageEvent = z.infer<typeof pageEventSchema>;
