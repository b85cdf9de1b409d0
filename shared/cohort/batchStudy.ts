import { orientationCodes } from '../geometry/affine';
import { planeOrientation, sliceGridSchema } from '../geometry/sliceGrid';
import { defaultPreparation } from '../imaging/preparation';
import { defaultRules } from '../lesions/lesionMask';
import type { PathRef, ScanOf, StudyOf } from '../study/studyFile';
import { figureTitles, rankBySuspicion, SUSPICIOUS, type Outlier } from './outliers';
import type { BatchRecord, DoneRecord } from './record';

/** Where the files of a batch are. */
export interface BatchFiles {
  readonly name: string;
  /** A scan, by its absolute path. */
  source(path: string): PathRef;
  /** A result, by its path below the batch's folder. */
  result(path: string): PathRef;
}

/**
 * A batch's output as a study for review: the scans that are done, the suspicious ones first, each with its score map and
 * threshold.
 *
 * @param before the study of an earlier visit: what its reader has begun to work on is kept as it is
 * @throws ZodError for a record whose slice grid is none
 */
export function studyOfBatch(
  records: readonly BatchRecord[],
  files: BatchFiles,
  before: StudyOf<PathRef> | null,
): StudyOf<PathRef> {
  const known = new Map((before?.scans ?? []).map((scan) => [scan.file.path, scan]));
  const scans = rankBySuspicion(records.filter((record) => record.state === 'done')).map((outlier) => {
    const fresh = scanOf(outlier, files);
    const visited = known.get(fresh.file.path);
    known.delete(fresh.file.path);
    return visited && isBegun(visited) ? { ...visited, facts: fresh.facts } : fresh;
  });
  // What the reader has added, or what the batch has no more, stays.
  const all = [...scans, ...known.values()];
  return before
    ? { ...before, scans: all, selected: all.length === 0 ? null : 0 }
    : {
        name: files.name,
        scans: all,
        preparation: defaultPreparation,
        run: null,
        earlier: [],
        selected: all.length === 0 ? null : 0,
      };
}

/** What the reader should know of the scans that are not in the study. */
export function absentees(records: readonly BatchRecord[]): string[] {
  const names = (state: BatchRecord['state']): string =>
    records
      .filter((record) => record.state === state)
      .map(({ id }) => id)
      .join(', ');
  return [
    ...(names('failed') ? [`Not in this study, because the batch failed on them: ${names('failed')}.`] : []),
    ...(names('started')
      ? [`Not in this study, because the batch has not ended them: ${names('started')}.`]
      : []),
  ];
}

function isBegun(scan: ScanOf<PathRef>): boolean {
  return (
    scan.state !== 'not started' ||
    scan.declared !== null ||
    scan.masks.length > 0 ||
    scan.decisions.length > 0 ||
    scan.reference.length > 0 ||
    scan.slices.done.length + scan.slices.flagged.length > 0
  );
}

/** Of many FLAIR.nii.gz each is called by its place in the batch. */
function named(file: PathRef, id: string): PathRef {
  const own = file.path.replace(/^.*\//, '');
  const name = `${id}${/(\.(nii|hdr|img|npy)(\.gz)?)?$/i.exec(own)?.[0] ?? ''}`;
  return name === own ? file : { ...file, name };
}

function scanOf({ scan: record, z, by, suspicion }: Outlier<DoneRecord>, files: BatchFiles): ScanOf<PathRef> {
  const grid = sliceGridSchema.parse(record.grid);
  const { sourceDims: dims, sourceZooms: zooms, sourceAffine: affine } = grid;
  const { plane, axes } = planeOrientation({ dims, affine, zooms });
  const unusual =
    suspicion > SUSPICIOUS ? [`Unusual in its batch: ${figureTitles[by]}, z ${z[by].toFixed(1)}.`] : [];
  const { Model: model, Device: device } = record.facts;
  return {
    file: named(files.source(record.source), record.id),
    facts: {
      dims: [...dims],
      zooms: [...zooms],
      orientation: orientationCodes(affine),
      plane,
      sliceCount: dims[axes[2] as 0 | 1 | 2],
      head: record.levels?.head ?? null,
      warnings: [...unusual, ...record.warnings],
    },
    isInput: true,
    reference: [],
    truth: null,
    brain: null,
    contrasts: {},
    cursor: null,
    segmentation: {
      threshold: record.figures.threshold,
      ...defaultRules,
      iroVolume: files.result(record.score),
      maps: null,
      findings: null,
      slices: null,
      grid,
      modelSha256: typeof model === 'string' ? model : null,
      histogram: {
        counts: record.histogram.counts,
        threshold: record.figures.threshold,
        reason: record.reason,
        range: [record.histogram.low, record.histogram.high],
        score: record.scoreName,
      },
      device: {
        backend: 'wasm',
        label: typeof device === 'string' ? device : 'a batch',
        version: record.software,
        whyNotFaster: '',
      },
    },
    masks: [],
    shownMask: null,
    decisions: [],
    state: 'not started',
    declared: null,
    declaredOn: null,
    slices: { done: [], flagged: [] },
    lesionMm3: record.figures.lesionVolumeMm3,
    thumbnail: `data:image/png;base64,${record.thumbnail}`,
  };
}
