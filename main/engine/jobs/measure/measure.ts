import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ExpectedError } from '../../../../shared/failure';
import type { Preparation } from '../../../../shared/imaging/preparation';
import { agreement } from '../../../../shared/lesions/agreement';
import { bestThreshold } from '../../../../shared/lesions/bestThreshold';
import { healthySlices } from '../../../../shared/lesions/healthySlices';
import { lesionMask } from '../../../../shared/lesions/lesionMask';
import type { MeasuredMethod, MeasuredRow } from '../../../../shared/lesions/measured';
import { overTheHeight } from '../../../../shared/lesions/overTheHeight';
import type { TrainingSettings } from '../../../../shared/study/trainingSettings';
import { readMaskOf } from '../../../files/readMask';
import type { BackendChoice } from '../../backend/backend';
import { readRun, RUN_FILES } from '../../training/runFile';
import { adaptRun } from '../adaptRun';
import { breathe, type JobContext } from '../context';
import { loadModel } from '../model';
import { prepareSets, type SetIndex } from '../prepareSets';
import { prepareScan, type PreparedScan } from '../segmentation';
import { segmentVolume, type NetworkSegmentation } from '../segmentVolume';
import { trainRun } from '../trainRun';
import { baselines, healthyValues, levelOfHealthy } from './baselines';
import { keptRun } from './keptRun';
import { overall, type Overall } from './overall';
import { healthyPart, wholeScan, type Patient } from './patient';

export interface MeasureOptions {
  readonly patients: readonly Patient[];
  /** The settings of each training: they differ in their seed. */
  readonly trainings: readonly TrainingSettings[];
  readonly preparation: Preparation;
  /** Most lesion in mm2 that a slice of the reference may have. */
  readonly healthyMaxMm2: number;
  /** Whether the plain thresholds are measured as well. */
  readonly plain: boolean;
  /** Where sets and runs are kept; runs of the same settings and sets that are there already are not trained again. */
  readonly folder: string;
  readonly backend: BackendChoice;
  /** Told of each row as soon as it is known. */
  readonly onRow: (row: MeasuredRow) => void;
  /** Told of what each training made of each patient. */
  readonly onSegmented?: (found: Found) => Promise<void>;
}

/** What a network made of a patient. */
export interface Found {
  readonly patient: Patient;
  readonly method: 'asc-net' | 'asc-net-adapted';
  readonly seed: number;
  readonly result: NetworkSegmentation;
  readonly truth: Uint8Array;
}

/** Slices that are declared healthy to adapt to a scan: about ten over its height (docs/lesions.md). */
const DECLARED_HEALTHY = 10;
/** What the parts take, in trainings; for the time left only. */
const COST = { prepare: 0.03, baselines: 0.03, train: 1, segment: 0.04, adapt: 0.2 } as const;

/**
 * Trains on the slices of some patients, segments all of them and holds the masks against the expert's. The expert's masks
 * choose the healthy slices (of the training's reference, of the scan's own threshold, and to adapt to a held-out scan) and
 * have no other part in training, segmentation or threshold, except for the oracles, which are named so.
 * @throws ExpectedError what preparing, training and segmenting throw
 */
export async function measureLesions(options: MeasureOptions, context: JobContext): Promise<void> {
  const { patients, trainings, folder, preparation, healthyMaxMm2 } = options;
  const trained = patients.filter(({ role }) => role === 'train');
  const adapts = trainings.some(({ pastedLesions }) => pastedLesions !== null);
  const held = adapts ? patients.length - trained.length : 0;
  const each = COST.train + patients.length * COST.segment + held * (COST.adapt + COST.segment);
  const progress = overall(
    context,
    COST.prepare + (options.plain ? patients.length * COST.baselines : 0) + trainings.length * each,
  );
  const data = join(folder, 'data');
  const sets = await prepareSets(
    trained.map((patient) => healthyPart(patient, healthyMaxMm2)),
    trained.map(wholeScan),
    [],
    data,
    progress.part('sets', COST.prepare),
    { resampleMasks: true },
    preparation,
  );
  if (options.plain) await measureBaselines(options, progress);
  for (const settings of trainings) await measureTraining(options, settings, data, sets, progress);
}

async function measureBaselines(options: MeasureOptions, progress: Overall): Promise<void> {
  const { patients, healthyMaxMm2, onRow } = options;
  const healthy = new Map<Patient, Float32Array>();
  const ordered = [...patients].sort((a, b) => Number(a.role === 'test') - Number(b.role === 'test'));
  for (const patient of ordered) {
    const { scan, truth } = await openPatient(patient, options);
    healthy.set(patient, healthyValues(scan, truth, healthyMaxMm2));
  }
  const ofRole = ordered.flatMap((patient) => (patient.role === 'train' ? [healthy.get(patient)] : []));
  const reference = levelOfHealthy(ofRole.filter((values) => values !== undefined));
  for (const patient of patients) {
    const part = progress.part(patient.name, COST.baselines);
    part.emit({
      type: 'progress',
      phase: 'segment',
      fraction: 0,
      remainingMs: null,
      message: 'plain thresholds',
    });
    await breathe();
    const started = performance.now();
    const { scan, truth } = await openPatient(patient, options);
    const own = levelOfHealthy([healthy.get(patient) ?? new Float32Array()]);
    if (own === null) part.emit({ type: 'warning', message: 'it has no healthy slice of its own.' });
    const found = baselines(scan, truth, reference, own);
    const seconds = (performance.now() - started) / 1000 / found.length;
    for (const { method, score, threshold } of found)
      onRow(rowOf(patient, method, scan, truth, score, threshold, seconds, null));
  }
}

async function measureTraining(
  options: MeasureOptions,
  settings: TrainingSettings,
  data: string,
  sets: SetIndex,
  progress: Overall,
): Promise<void> {
  const { patients, folder, backend } = options;
  const { seed } = settings;
  const run = join(folder, `run-${seed}`);
  const training = progress.part(`seed ${seed}`, COST.train);
  const keptMs = await keptRun(run, settings, sets);
  const trainingMs = keptMs ?? (await trainNew(data, run, settings, backend, training));
  for (const patient of patients)
    await measureRun(options, run, patient, 'asc-net', seed, trainingMs, progress);
  if (!settings.pastedLesions) return;
  for (const patient of patients.filter(({ role }) => role === 'test')) {
    const { scan, truth } = await openPatient(patient, options);
    const { grid, brainSlices } = scan.prepared;
    const empty = new Set(healthySlices(truth, grid, options.healthyMaxMm2));
    const slices = overTheHeight(
      brainSlices.filter((slice) => empty.has(slice)),
      brainSlices,
      DECLARED_HEALTHY,
    );
    const part = progress.part(`${patient.name}, seed ${seed}`, COST.adapt);
    if (slices.length === 0) {
      part.emit({ type: 'warning', message: 'it has no healthy slice to adapt with.' });
      continue;
    }
    const outDir = join(folder, `adapted-${seed}-${patients.indexOf(patient)}`);
    const isThere = keptMs !== null && existsSync(join(outDir, RUN_FILES.run));
    // What was adapted from another run, or only half, is of no use.
    if (!isThere) await rm(outDir, { recursive: true, force: true });
    const adaptedMs = isThere
      ? (await readRun(outDir)).durationMs
      : (
          await adaptRun(
            { model: run, healthy: { ...wholeScan(patient), slices }, data, outDir, backend },
            part,
          )
        ).durationMs;
    const durationMs = trainingMs + adaptedMs;
    await measureRun(options, outDir, patient, 'asc-net-adapted', seed, durationMs, progress);
  }
}

/** @returns how long it took in ms @throws ExpectedError cancelled where it was stopped: half a training tells nothing */
async function trainNew(
  dataDir: string,
  outDir: string,
  settings: TrainingSettings,
  backend: BackendChoice,
  context: JobContext,
): Promise<number> {
  const result = await trainRun({ dataDir, outDir, plan: { kind: 'new', settings }, backend }, context);
  if (result.ended === 'stopped') throw new ExpectedError('cancelled', 'The measurement was stopped.');
  return result.durationMs;
}

/** Rows of a run on a patient: with the threshold that was found, and, of the run as it was trained, with the best one. */
async function measureRun(
  options: MeasureOptions,
  run: string,
  patient: Patient,
  method: Found['method'],
  seed: number,
  trainingMs: number,
  progress: Overall,
): Promise<void> {
  const { backend, onRow, onSegmented } = options;
  const started = performance.now();
  const model = await loadModel(run, backend);
  try {
    const part = progress.part(`${patient.name}, seed ${seed}`, COST.segment);
    const result = await segmentVolume(patient.flair, model, null, part, { contrasts: patient.contrasts });
    const truth = await truthOf(patient, result);
    const seconds = (trainingMs + performance.now() - started) / 1000;
    const { score } = result;
    onRow(rowOf(patient, method, result, truth, score, result.threshold, seconds, seed));
    if (method === 'asc-net') {
      const best = bestThreshold(score, truth, result.volume.dims);
      onRow(rowOf(patient, 'asc-net-oracle', result, truth, score, best, seconds, seed));
    }
    await onSegmented?.({ patient, method, seed, result, truth });
  } finally {
    model.dispose();
  }
}

async function openPatient(
  patient: Patient,
  { preparation }: MeasureOptions,
): Promise<{ scan: PreparedScan; truth: Uint8Array }> {
  const { sidePixels: side } = preparation;
  const { flair, contrasts } = patient;
  const scan = await prepareScan(flair, { contrasts }, { shape: { height: side, width: side }, preparation });
  return { scan, truth: await truthOf(patient, scan) };
}

function truthOf({ lesions, name }: Patient, { volume }: Pick<PreparedScan, 'volume'>): Promise<Uint8Array> {
  return readMaskOf(lesions, volume, `the FLAIR of ${name}`, true);
}

function rowOf(
  { name: patient, role }: Patient,
  method: MeasuredMethod,
  { volume: { dims, zooms } }: Pick<PreparedScan, 'volume'>,
  truth: Uint8Array,
  score: Float32Array,
  threshold: number,
  seconds: number,
  seed: number | null,
): MeasuredRow {
  const found = agreement(lesionMask(score, dims, threshold), truth, dims, zooms);
  const { dice, precision, sensitivity, lesionSensitivity, falseLesions, predictionMm3: volumeMm3 } = found;
  return {
    ...{ patient, role, method, dice, precision, sensitivity, lesionSensitivity, falseLesions },
    ...{ volumeMm3, threshold, seconds, seed },
  };
}
