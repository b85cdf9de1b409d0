import { z } from 'zod';
import { mapContrasts, ofContrasts } from '../imaging/contrasts';
import { defaultPreparation, preparationSchema } from '../imaging/preparation';
import { BRAIN_EROSION_VOXELS, lesionRulesSchema } from '../lesions/lesionMask';
import { headExtentSchema } from '../imaging/headLevels';
import { deviceSchema, histogramSchema, trainResultSchema } from '../ipc/engineEvents';

import { findingsSchema } from './findings';

/**
 * The study file: what a reader has open, marked, decided and edited. The same document travels in two forms: on disk a
 * file is a path, in the window it is a token. Voxels are never in it: scans stay where they are, results lie beside it.
 */

/** A mask that was edited by hand; its voxels are in its journal (see maskJournal.ts). */
export const editedMaskSchema = z.strictObject({
  /** Names its journal. */
  id: z.uuid(),
  /** As the reader counts the edited masks of a scan. */
  number: z.number().int().positive(),
  /** The threshold of the mask that it began as; null where it came from elsewhere. */
  threshold: z.number().nullable(),
  createdAt: z.string(),
});
export type EditedMask = z.infer<typeof editedMaskSchema>;

const triple = z.tuple([z.number(), z.number(), z.number()]);
/** Ranges of them are written out one by one: an end without a bound would fill the memory. */
const slice = z.number().int().min(0).max(100_000);

export const decisionSchema = z.strictObject({
  anchor: z.number().int().nonnegative(),
  verdict: z.enum(['accepted', 'rejected', 'flagged']).nullable(),
  note: z.string(),
  at: z.string(),
  /** Who decided; empty where nobody has said a name. */
  by: z.string(),
});

/** Who said something, and when. */
export const signedSchema = z.strictObject({ at: z.string(), by: z.string() });
export type Signed = z.infer<typeof signedSchema>;

/** What the tables say about a scan: kept, so that a study opens without reading its scans. */
const factsSchema = z.object({
  dims: triple,
  zooms: triple,
  orientation: z.string(),
  plane: z.enum(['axial', 'coronal', 'sagittal']),
  sliceCount: z.number().int().positive(),
  /** Which slices show enough head; null where a file of before does not say it. */
  head: headExtentSchema.nullable().default(null),
  warnings: z.array(z.string()),
});

/** First and last slice of each range. */
const ranges = z.array(z.tuple([slice, slice]));

/** A picture of a few hundred bytes, so that a table of many scans needs none of them open. */
const thumbnailSchema = z
  .string()
  .max(16_384)
  .regex(/^data:image\/(webp|png);base64,[A-Za-z0-9+/=]+$/);

function segmentationOf<F extends z.ZodType>(file: F) {
  return z.strictObject({
    threshold: z.number(),
    /** What counts as a lesion at the threshold: its least size, and which voxels hang together. */
    minVoxels: z.number().int().min(1),
    connectivity: lesionRulesSchema.shape.connectivity,
    erosionVoxels: lesionRulesSchema.shape.erosionVoxels.default(BRAIN_EROSION_VOXELS),
    iroVolume: file,
    /**
     * On the scan's grid: how deep in the brain each voxel lies, the plain threshold's score, and the spread of I_ro (null
     * where there was one prediction alone). A file of before has none.
     */
    maps: z.strictObject({ depth: file, baseline: file, spread: file.nullable() }).nullable().default(null),
    findings: findingsSchema.nullable().catch(null),
    /** The slices that the network got and made; null where they were not kept (a batch). */
    slices: z.strictObject({ input: file, ifc: file, iwc: file, iro: file }).nullable(),
    grid: z.unknown(),
    /** Of the weights of the model that made it; null where a file of before does not say it. */
    modelSha256: z.string().nullable().catch(null),
    histogram: histogramSchema,
    device: deviceSchema,
  });
}

function scanOf<F extends z.ZodType>(file: F) {
  return z.strictObject({
    file,
    facts: factsSchema,
    isInput: z.boolean(),
    /** First and last slice of each range of healthy reference. */
    reference: ranges,
    truth: file.nullable(),
    /** The reader's own brain mask, on the scan's grid. */
    brain: file.nullable().catch(null),
    /** Its scans of other contrasts, on its grid. */
    contrasts: ofContrasts(file).catch({}),
    cursor: triple.nullable(),
    // A result that cannot be used any more can be made again; nothing of the reader's work is in it.
    segmentation: segmentationOf(file).nullable().catch(null),
    masks: z.array(editedMaskSchema),
    shownMask: z.uuid().nullable(),
    decisions: z.array(decisionSchema),
    state: z.enum(['not started', 'in progress', 'done', 'flagged']),
    /** What the reader has said of the whole scan, whatever its lesions say; null: nothing. */
    declared: z.enum(['done', 'flagged']).nullable(),
    declaredOn: signedSchema.nullable(),
    /** Slices (of the slice grid) that the reader has looked through, and those to come back to. */
    slices: z.strictObject({ done: ranges, flagged: ranges }),
    /** Volume of the lesions as it was last known; null before. */
    lesionMm3: z.number().nonnegative().nullable(),
    thumbnail: thumbnailSchema.nullable().catch(null),
  });
}

/** A run that was trained here, or came from a Keras file. */
function runOf<F extends z.ZodType>(file: F) {
  return z.union([
    trainResultSchema.omit({ run: true }).extend({ run: file }),
    z.strictObject({ run: file, importedFrom: z.string() }),
  ]);
}

/** A study whose files are named by `file`. */
export function studyOf<F extends z.ZodType>(file: F) {
  return z.strictObject({
    name: z.string(),
    scans: z.array(scanOf(file)),
    /** How scans become slices. */
    preparation: preparationSchema.default(defaultPreparation),
    /** The newest run that can segment. */
    run: runOf(file).nullable().catch(null),
    /** The runs before it, the newest last. */
    earlier: z.array(runOf(file)).catch([]),
    /** Place in `scans` of the scan that is looked at. */
    selected: z.number().int().nonnegative().nullable(),
  });
}

export type StudyOf<F> = z.infer<ReturnType<typeof studyOf<z.ZodType<F>>>>;
export type ScanOf<F> = StudyOf<F>['scans'][number];

/** A file on disk: relative to the study's folder (with forward slashes), or absolute where it lies on another drive. */
export const pathRefSchema = z.strictObject({
  path: z.string().min(1),
  sizeBytes: z.number().nonnegative(),
  /** What a scan is called where that is not its file's name: of many FLAIR.nii.gz each has its patient's folder in it. */
  name: z.string().min(1).optional(),
});
export type PathRef = z.infer<typeof pathRefSchema>;

export const studyVersion = 4;
export const studyFileSchema = z.strictObject({
  format: z.literal('asc-net-study'),
  version: z.literal(studyVersion),
  savedAt: z.string(),
  study: studyOf(pathRefSchema),
});
export type StudyFile = z.infer<typeof studyFileSchema>;

/** The study with each file named another way. `undefined` for a run or a result leaves it out. */
export function withFiles<A, B>(
  study: StudyOf<A>,
  scan: (file: A) => B,
  result: (file: A, kind: 'file' | 'run') => B | undefined,
): StudyOf<B> {
  const withRun = (run: NonNullable<StudyOf<A>['run']>): NonNullable<StudyOf<B>['run']> | null => {
    const folder = result(run.run, 'run');
    return folder === undefined || folder === null ? null : { ...run, run: folder };
  };
  return {
    ...study,
    run: study.run && withRun(study.run),
    earlier: study.earlier.map(withRun).filter((run) => run !== null),
    scans: study.scans.map((entry) => ({
      ...entry,
      file: scan(entry.file),
      truth: entry.truth === null ? null : (result(entry.truth, 'file') ?? null),
      brain: entry.brain === null ? null : (result(entry.brain, 'file') ?? null),
      contrasts: mapContrasts(entry.contrasts, (file) => result(file, 'file')),
      segmentation: entry.segmentation && withSegmentation(entry.segmentation, result),
    })),
  };
}

function withSegmentation<A, B>(
  segmentation: NonNullable<ScanOf<A>['segmentation']>,
  result: (file: A, kind: 'file' | 'run') => B | undefined,
): ScanOf<B>['segmentation'] {
  const { slices } = segmentation;
  if (slices === null) {
    const map = result(segmentation.iroVolume, 'file');
    return map === undefined ? null : { ...segmentation, iroVolume: map, maps: null, slices };
  }
  const [iroVolume, input, ifc, iwc, iro] = [
    segmentation.iroVolume,
    slices.input,
    slices.ifc,
    slices.iwc,
    slices.iro,
  ].map((file) => result(file, 'file'));
  if (iroVolume === undefined || input === undefined || ifc === undefined) return null;
  if (iwc === undefined || iro === undefined) return null;
  const { maps } = segmentation;
  const [depth, baseline] = [maps?.depth, maps?.baseline].map((file) => file && result(file, 'file'));
  const spread = maps?.spread ? (result(maps.spread, 'file') ?? null) : null;
  return {
    ...segmentation,
    iroVolume,
    maps: depth === undefined || baseline === undefined ? null : { depth, baseline, spread },
    slices: { input, ifc, iwc, iro },
  };
}
