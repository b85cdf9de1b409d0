import { stat } from 'node:fs/promises';
import { stringify } from 'csv-stringify/sync';
import type { DoneRecord } from '../../../../shared/cohort/record';
import { subjectPage } from '../../../../shared/cohort/subjectPage';
import { histogram, levelPassedBy } from '../../../../shared/imaging/histogram';
import type { TrainingFacts } from '../../../../shared/imaging/scanDoubts';
import type { WantedThreshold } from '../../../../shared/imaging/scanThreshold';
import { rulesSentence, type LesionRules } from '../../../../shared/lesions/lesionMask';
import { lesionCsvRows } from '../../../../shared/lesions/table';
import { maskSidecar } from '../../../../shared/volume/maskSidecar';
import { niftiBytes } from '../../../../shared/volume/nifti';
import { voxelVolumeMm3 } from '../../../../shared/volume/volume';
import { writeOutputs } from '../../../files/outputs';
import { SOFTWARE, VERSION } from '../../../version';
import {
  judgeIntensity,
  judgeIro,
  type JudgedSlices,
  prepareScan,
  type PreparedScan,
  type Segmentation,
  type SlicesWanted,
} from '../segmentation';
import type { VolumeOptions } from '../volumeOptions';
import { below, type BatchItem } from './items';
import { pictures } from './pictures';

/** What is asked of a thread for one scan: to read it, then to judge it and write everything. */
export interface PrepareRequest {
  readonly item: BatchItem;
  readonly options: VolumeOptions;
  /** What the network asks for; null for the intensity baseline. */
  readonly network: SlicesWanted | null;
}

export interface FinishRequest {
  readonly outDir: string;
  /** What the network made of its slices; null for the intensity baseline. */
  readonly judged: JudgedSlices | null;
  readonly threshold: WantedThreshold;
  readonly rules: Partial<LesionRules>;
  readonly known: TrainingFacts;
  readonly modelSha256: string | null;
  readonly sourceSha256: string;
  /** What the sidecars, the page and the record say about how it was made. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** The part of a record that the thread that wrote the files knows. */
export type Finished = Omit<
  DoneRecord,
  'format' | 'version' | 'id' | 'subject' | 'session' | 'source' | 'fingerprint' | 'tookMs' | 'state'
>;

export async function prepareItem(request: PrepareRequest): Promise<PreparedScan> {
  const { item, options, network } = request;
  const brain = item.brainMask === null ? {} : { brainMask: item.brainMask };
  return prepareScan(item.source, { ...options, ...brain }, network);
}

/** Judges a scan and writes all of its files, all or none. @throws ExpectedError file-unwritable */
export async function finishItem(
  item: BatchItem,
  scan: PreparedScan,
  request: FinishRequest,
): Promise<Finished> {
  const { names } = item;
  const { judged, threshold, known, rules } = request;
  const result =
    judged === null
      ? judgeIntensity(scan, typeof threshold === 'number' ? threshold : null, rules)
      : judgeIro(scan, judged, threshold, known, rules);
  const { montage, difference, thumbnail } = pictures(result);
  const told = {
    software: SOFTWARE,
    at: new Date().toISOString(),
    mask: names.mask,
    score: names.score,
    page: names.page,
    scoreName: result.scoreName,
    reason: result.reason,
    ...measured(result),
    difference: result.baseline?.difference ?? null,
    levels: result.cover && { head: result.head, ...result.cover },
    rows: result.lesions.map(({ id, voxels, volumeMm3, centreVox, centreMm, meanIro, spreadIro }) => ({
      ...{ id, voxels, volumeMm3, meanIro, spreadIro },
      centreVox: [...centreVox] as [number, number, number],
      centreMm: [...centreMm] as [number, number, number],
    })),
    grid: result.prepared.grid,
    facts: { ...request.facts, ...preparationFacts(result) },
    warnings: [...result.warnings],
  };
  const page = subjectPage(
    {
      ...told,
      format: 'asc-net-batch-record',
      version: 1,
      id: item.id,
      subject: item.subject,
      session: item.session,
      source: item.source,
      fingerprint: null,
      state: 'done',
    },
    dataUrl(montage),
    difference && dataUrl(difference),
  );
  const written = [...filesOf(item, result, request), [names.page, page] as const];
  await writeOutputs(request.outDir, written, true);
  const files: Record<string, number> = {};
  for (const [name] of written) files[name] = (await stat(below(request.outDir, name))).size;
  return { ...told, files, thumbnail: thumbnail.toString('base64') };
}

const dataUrl = (png: Buffer): string => `data:image/png;base64,${png.toString('base64')}`;

function preparationFacts({ prepared, volume, rules }: Segmentation): Record<string, unknown> {
  return {
    Grid: `${volume.dims.join(' x ')} voxels of ${volume.zooms.map((mm) => Number(mm.toFixed(3))).join(' x ')} mm`,
    'Brain mask': prepared.maskMethod,
    'What counts': rulesSentence(rules),
    Slices: `${prepared.grid.count} ${prepared.grid.plane}`,
  };
}

/** Histogram bins of a page: fewer than the threshold is found with. */
const PAGE_BINS = 100;

function measured(result: Segmentation): Pick<DoneRecord, 'figures' | 'histogram'> {
  const { volume, prepared, lesions, score, threshold } = result;
  const voxelMm3 = voxelVolumeMm3(volume.zooms);
  const [low, high] = result.scoreName === 'I_ro' ? [0, 1] : [-5, 15];
  // The brain's rim is not judged: its score is 0.
  const judged = prepared.brain.map((value, i) => (value !== 0 && score[i] !== 0 ? 1 : 0));
  const fine = histogram(score, judged, 20 * PAGE_BINS, low, high);
  const counts = Array.from({ length: PAGE_BINS }, (_, bin) =>
    fine.subarray(bin * 20, (bin + 1) * 20).reduce((sum, count) => sum + count, 0),
  );
  const brainVoxels = prepared.brain.reduce((sum, value) => sum + value, 0);
  return {
    histogram: { low, high, counts },
    figures: {
      lesions: lesions.length,
      lesionVolumeMm3: lesions.reduce((sum, lesion) => sum + lesion.volumeMm3, 0),
      largestMm3: lesions[0]?.volumeMm3 ?? 0,
      brainMm3: brainVoxels * voxelMm3,
      threshold,
      scoreP999: low + levelPassedBy(fine, 0.001) * (high - low),
    },
  };
}

function filesOf(
  item: BatchItem,
  result: Segmentation,
  request: FinishRequest,
): (readonly [string, Uint8Array | string])[] {
  const { names, sourceName } = item;
  const { volume, prepared, mask, score, spread, scoreName, lesions, threshold } = result;
  const image = { dims: volume.dims, like: volume };
  const sources = [{ name: sourceName, sha256: request.sourceSha256 }];
  const json = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;
  const sidecar = maskSidecar({
    software: { name: 'ASC-Net', version: VERSION },
    sources,
    threshold,
    score: scoreName,
    modelSha256: request.modelSha256,
    grid: prepared.grid,
    spatialReference: sourceName,
  });
  const scoreSidecar = {
    Description:
      scoreName === 'I_ro'
        ? 'What the network rebuilt of the scan (I_ro); lesions are bright. 0 where it is not judged.'
        : 'The smoothed scan in robust deviations above its most frequent level. 0 where it is not judged.',
    SpatialReference: sourceName,
    Sources: [sourceName],
    SkullStripped: true,
    Threshold: threshold,
    ThresholdReason: result.reason,
    Histogram: [...result.counts],
    Preparation: prepared.preparation,
    Normalisation: prepared.normalisation,
    BrainMask: prepared.maskMethod,
    NonFiniteVoxels: prepared.nonFinite,
    ThresholdMethod: result.method,
    Thresholds: result.thresholds,
    MinLesionVoxels: result.rules.minVoxels,
    Connectivity: result.rules.connectivity,
    BrainErosionVoxels: result.rules.erosionVoxels,
    Baseline: result.baseline?.difference ?? null,
    Levels: result.cover,
    Warnings: result.warnings,
    ...request.facts,
  };
  const spreadSidecar = {
    Description: 'Standard deviation of I_ro over several predictions; 0 outside the brain.',
    SpatialReference: sourceName,
    Sources: [sourceName],
    SkullStripped: true,
  };
  return [
    [names.mask, niftiBytes({ ...image, data: mask, description: `${SOFTWARE} lesion mask` })],
    [names.maskSidecar, sidecar],
    [names.score, niftiBytes({ ...image, data: score, description: `${SOFTWARE} ${scoreName}` })],
    [names.scoreSidecar, json(scoreSidecar)],
    ...(spread === null
      ? []
      : ([
          [names.spread, niftiBytes({ ...image, data: spread, description: `${SOFTWARE} spread of I_ro` })],
          [names.spreadSidecar, json(spreadSidecar)],
        ] as const)),
    [names.labels, niftiBytes({ ...image, data: numbered(result), description: `${SOFTWARE} lesions` })],
    [names.lesions, lesionTsv(lesions)],
    [names.lesionsSidecar, json({ ...lesionColumns(sourceName), Sources: [sourceName] })],
  ];
}

/** The label map with the numbers of the table's rows. */
function numbered({ labels, lesions }: Segmentation): Int16Array {
  const idOf = new Int16Array(lesions.reduce((most, { label }) => Math.max(most, label), 0) + 1);
  for (const { label, id } of lesions) idOf[label] = id;
  const out = new Int16Array(labels.length);
  // Not Int16Array.from, which takes as long as all the rest of writing.
  for (let i = 0; i < out.length; i += 1) out[i] = idOf[labels[i] as number] as number;
  return out;
}

/** As BIDS wants a table of labels: with `index` and `name`, tabs, and n/a for what there is not. */
function lesionTsv(lesions: Segmentation['lesions']): string {
  const [header = [], ...rows] = lesionCsvRows(lesions);
  const table = [
    ['index', 'name', ...header.slice(1)],
    ...rows.map(([id = '', ...rest]) => [
      id,
      `lesion ${id}`,
      ...rest.map((cell) => (cell === '' ? 'n/a' : cell)),
    ]),
  ];
  return stringify(table, { delimiter: '\t' });
}

function lesionColumns(sourceName: string): Record<string, unknown> {
  const column = (Description: string, Units?: string): object => ({
    Description,
    ...(Units ? { Units } : {}),
  });
  const triple = (names: readonly string[], what: string, unit?: string): [string, object][] =>
    names.map((name) => [name, column(what, unit)]);
  return {
    Description:
      'The lesions of the mask, numbered from the largest; one row each, the same numbers as in the label map.',
    SpatialReference: sourceName,
    voxels: column('Number of voxels'),
    volume_mm3: column('Volume', 'mm^3'),
    ...Object.fromEntries([
      ...triple(['centre_i', 'centre_j', 'centre_k'], 'Mean voxel index'),
      ...triple(['centre_x_mm', 'centre_y_mm', 'centre_z_mm'], 'Mean position, RAS+', 'mm'),
      ...triple(['extent_i_mm', 'extent_j_mm', 'extent_k_mm'], 'Side of the bounding box', 'mm'),
      ...triple(['mean_iro', 'max_iro'], 'Of I_ro in the lesion'),
      ...triple(['mean_scan', 'max_scan'], 'Of the scan in the lesion, in its own unit'),
      ...triple(['first_slice', 'last_slice'], 'Voxel index along the slicing axis'),
      ...triple(
        ['spread_iro'],
        'Standard deviation of I_ro over several predictions, its mean in the lesion',
      ),
    ]),
  };
}
