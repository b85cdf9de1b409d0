import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import { channelOffsetsMm } from '../../../shared/geometry/neighbours';
import { channelsOf, defaultPreparation, type Preparation } from '../../../shared/imaging/preparation';
import { automaticThreshold } from '../../../shared/imaging/threshold';
import type { Preview, TrainResult } from '../../../shared/ipc/engineEvents';
import { settingsToGoOnWith } from '../../../shared/study/chooseSettings';
import { presets, type TrainingSettings } from '../../../shared/study/trainingSettings';
import { lockRun } from '../../files/runLock';
import { changesSentence, checkSameSides, checkTruth, openSet, type SliceSet } from '../../files/sliceSets';
import { SOFTWARE } from '../../version';
import { openBackend, type BackendChoice } from '../backend/backend';
import type { PredictedSlices } from '../inference/predict';
import { CheckpointStore, type StoredCheckpoint } from '../training/checkpointFile';
import { withMirrorAveraging } from '../inference/mirror';
import { HISTOGRAM_SLICES, iroCounts, spread } from '../training/iroCounts';
import { halfEach } from '../training/mixed';
import { train, type CycleReport, type TrainedNetworks, type TrainingHost } from '../training/loop';
import type { WeightArrays } from '../network/weights';
import { pastedCounts } from '../training/pastedCounts';
import type { ImageScale } from '../training/pretext';
import { RUN_FILES, writeRun, type Run } from '../training/runFile';
import { fullTrainingMs } from '../training/schedule';
import { slicesOf, type SliceSource } from '../training/sliceSource';
import type { WatchedRow } from './watchedRows';
import { breathe, ProgressReporter, type JobContext } from './context';
import { refuseTooLittleMemory } from './memory';
import { readSetIndex, SET_FILES, type SetIndex } from './prepareSets';

/** Slices of each set that the histograms of a finished run look at: millions of brain pixels. */
const MEASURED_SLICES = 200;
const PREVIEW_SLICES = 3;

/** What a training is to do. */
export type TrainPlan =
  | { readonly kind: 'new'; readonly settings: TrainingSettings }
  /** Goes on from the newest checkpoint of the run, with these settings changed. */
  | { readonly kind: 'resume'; readonly changes: Readonly<Record<string, unknown>> };

export interface TrainOptions {
  /** Folder with the prepared sets. */
  readonly dataDir: string;
  /** Folder of the run. */
  readonly outDir: string;
  readonly plan: TrainPlan;
  readonly backend: BackendChoice;
  /** Pads slices whose sides are no multiple of 16. */
  readonly pad?: boolean;
  /** Rows of the input set that pictures are made of after each cycle; some, spread over the set, unless given. */
  readonly watched?: readonly WatchedRow[];
  /** Weights that M begins with, in place of random ones. */
  readonly start?: WeightArrays;
  /** Folder of further sets, of the same preparation: half of the images come from there. */
  readonly mixWith?: string;
  /** What the run that M begins with was trained on: the new run knows it too. */
  readonly before?: Pick<Run, 'scans' | 'referenceMm'>;
}

/**
 * Trains on the prepared sets of a folder and writes the run; or goes on with one that was interrupted.
 * @throws ExpectedError for sets that do not fit, settings that are not valid, a training that collapsed, busy where another
 *   training is at work in that folder
 */
export async function trainRun(options: TrainOptions, context: JobContext): Promise<TrainResult> {
  const unlock = await lockRun(options.outDir);
  try {
    return await trainLocked(options, context);
  } finally {
    await unlock();
  }
}

async function trainLocked(options: TrainOptions, context: JobContext): Promise<TrainResult> {
  const { dataDir, outDir, plan } = options;
  const store = new CheckpointStore(outDir);
  const from = plan.kind === 'resume' ? await store.newest() : null;
  for (const message of from?.passedOver ?? []) context.emit({ type: 'warning', message });
  if (plan.kind === 'new') await refuseUsedFolder(store, outDir);
  const settings =
    plan.kind === 'new'
      ? plan.settings
      : settingsToGoOnWith((from as StoredCheckpoint).settings, plan.changes);
  if (from) refuseEnded(from, settings, outDir);
  const progress = new ProgressReporter(context);
  const index = await readSetIndex(dataDir);
  const preparation = index?.preparation ?? null;
  const scale = imageScale(settings, preparation);
  const open: SliceSet[] = [];
  const openOne = async (file: string, what: string, folder = dataDir): Promise<SliceSet> => {
    const set = await openSet(join(folder, file), {
      pad: options.pad === true,
      channels: channelsOf(preparation ?? defaultPreparation),
      onProgress: async (fraction) => {
        progress.report('prepare', 0, `checking the ${what} set, ${Math.floor(fraction * 100)} %`);
        await breathe();
        if (context.shouldStop())
          throw new ExpectedError('cancelled', 'The training was stopped before its first step.');
      },
    });
    open.push(set);
    const changes = changesSentence(set.facts);
    if (changes) context.emit({ type: 'warning', message: changes });
    return set;
  };
  try {
    const reference = await openOne(SET_FILES.reference, 'reference');
    const input = await openOne(SET_FILES.input, 'input');
    checkSameSides(reference, input);
    const trained = { reference: reference as SliceSource, input: input as SliceSource };
    if (options.mixWith !== undefined) {
      const earlier = {
        reference: await openOne(SET_FILES.reference, 'earlier reference', options.mixWith),
        input: await openOne(SET_FILES.input, 'earlier input', options.mixWith),
      };
      checkSameSides(reference, earlier.reference);
      checkSameSides(reference, earlier.input);
      trained.reference = halfEach(reference, earlier.reference);
      trained.input = halfEach(input, earlier.input);
    }
    const truth = join(dataDir, SET_FILES.truth);
    if (existsSync(truth)) checkTruth(truth, input.facts);
    const sets = { reference: reference.facts.sha256, input: input.facts.sha256 };
    if (from) refuseOtherSets(from, sets);
    const backend = await openBackend(options.backend);
    context.emit({ type: 'device', device: backend.device });
    refuseTooLittleMemory(settings, reference, backend.device);
    const watched = options.watched?.length ? options.watched : spreadRows(input.count, index);
    const save: ConstructorParameters<typeof JobHost>[5] = async (checkpoint) => {
      const { bytes } = await store.write(checkpoint, { software: SOFTWARE, settings, sets });
      return bytes;
    };
    const host = new JobHost(context, progress, trained.reference, trained.input, watched, save);
    const networks = await train(backend.ops, settings, trained.reference, trained.input, host, {
      from,
      start: options.start ?? null,
      scale,
    }).catch(async (error: unknown) => {
      if (error instanceof ExpectedError && error.kind === 'training-collapsed') await store.dropSinceGood();
      throw error;
    });
    try {
      if (networks.history.length === 0) {
        throw new ExpectedError('cancelled', 'The training was stopped before its first step.');
      }
      return await writeTrained(
        networks,
        {
          outDir,
          settings,
          index,
          before: options.before ?? { scans: [], referenceMm: [] },
          scale,
          reference,
          input,
          trained,
          device: backend.device,
        },
        progress,
      );
    } finally {
      networks.generator.dispose();
      networks.discriminator.dispose();
    }
  } finally {
    for (const set of open) set.close();
  }
}

/**
 * What pasting lesions needs to know of the sets; null where nothing is pasted.
 * @throws ExpectedError settings-invalid for sets that were not prepared for it
 */
function imageScale(settings: TrainingSettings, preparation: Preparation | null): ImageScale | null {
  if (!settings.pastedLesions || settings.pastedBatch === 0) return null;
  if (preparation?.normalisation !== 'robust-z' || preparation.pixelMm === null) {
    throw new ExpectedError(
      'settings-invalid',
      'Lesions can be pasted only into sets whose levels and pixels have a known size: prepare the sets with --preset ms-flair, or train without pastedLesions.',
    );
  }
  const { pixelMm, neighbourMm, contrasts } = preparation;
  return { pixelMm, offsetsMm: channelOffsetsMm(neighbourMm), contrasts };
}

async function writeTrained(
  networks: TrainedNetworks,
  about: {
    outDir: string;
    settings: TrainingSettings;
    index: SetIndex | null;
    before: Pick<Run, 'scans' | 'referenceMm'>;
    scale: ImageScale | null;
    reference: SliceSet;
    input: SliceSet;
    /** What was really trained on: the sets, or these mixed with others. */
    trained: { reference: SliceSource; input: SliceSource };
    device: TrainResult['device'];
  },
  progress: ProgressReporter,
): Promise<TrainResult> {
  const { outDir, settings, index, before, scale, reference, input, trained, device } = about;
  const predict = settings.mirrorAveraging
    ? withMirrorAveraging(networks.predict, input.width, input.channels)
    : networks.predict;
  progress.report('predict', 0.98, 'measuring I_ro over both sets');
  const counts = (set: SliceSource): Promise<Float64Array> =>
    iroCounts(predict, set, MEASURED_SLICES, breathe);
  const result: TrainResult = {
    run: outDir,
    device,
    cycles: networks.history.length,
    stoppedEarly: networks.ended === 'stopped' || networks.ended === 'time',
    ended: networks.ended,
    durationMs: networks.workedMs,
    fullTrainingMs: fullTrainingMs(settings.stage, presets[settings.preset].maxCycles, networks.history),
  };
  await writeRun(
    outDir,
    {
      version: 2,
      software: SOFTWARE,
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
      createdAt: new Date().toISOString(),
      device,
      settings,
      height: input.height,
      width: input.width,
      channels: input.channels,
      preparation: index?.preparation ?? null,
      scans: [...before.scans, ...(index?.volumes ?? [])],
      referenceMm: [...before.referenceMm, ...(index?.referenceMm ?? [])],
      sets: { reference: reference.facts, input: input.facts },
      history: [...networks.history],
      referenceCounts: [...(await counts(trained.reference))],
      inputCounts: [...(await counts(trained.input))],
      pastedCounts: scale && (await pastedCounts(predict, trained.reference, scale, settings, breathe)),
      ended: networks.ended,
      durationMs: networks.workedMs,
      fullTrainingMs: result.fullTrainingMs,
    },
    networks.generator.toArrays(),
    networks.discriminator.toArrays(),
  );
  progress.report('write', 1, 'the run is written');
  return result;
}

/** What the loop asks of its world, answered by a job: its clock, its events, its checkpoints. */
class JobHost implements TrainingHost {
  private pausedMs = 0;
  private readonly said = new Set<string>();

  constructor(
    private readonly context: JobContext,
    private readonly progress: ProgressReporter,
    private readonly reference: SliceSource,
    private readonly input: SliceSource,
    private readonly watched: readonly WatchedRow[],
    private readonly write: (checkpoint: Parameters<TrainingHost['save']>[0]) => Promise<number>,
  ) {}

  nowMs(): number {
    return performance.now() - this.pausedMs;
  }

  shouldStop(): boolean {
    return this.context.shouldStop();
  }

  async breathe(): Promise<void> {
    await breathe();
    const before = performance.now();
    await this.context.whilePaused();
    this.pausedMs += performance.now() - before;
  }

  onStep({
    phase,
    stage,
    cycle,
    cycles,
    epoch,
    step,
    terms,
    fraction,
  }: Parameters<TrainingHost['onStep']>[0]): void {
    const who = phase === 'generator' ? 'main module' : 'discriminator';
    this.progress.report(phase, fraction * 0.97, `cycle ${cycle} of ${cycles}, stage ${stage}, ${who}`);
    this.context.emit({ type: 'losses', network: phase, stage, cycle, epoch, step, terms: { ...terms } });
  }

  onEpoch({ phase, stage, cycle, epoch, terms }: Parameters<TrainingHost['onEpoch']>[0]): void {
    this.context.emit({ type: 'epoch', network: phase, stage, cycle, epoch, terms: { ...terms } });
  }

  onWarning(message: string): void {
    this.context.emit({ type: 'warning', message });
  }

  async onCycle({ record, counts, split, predict }: CycleReport): Promise<void> {
    const { cycle, stage, warnings } = record;
    const referenceCounts = await iroCounts(predict, this.reference, HISTOGRAM_SLICES, () => this.breathe());
    const { threshold, reason } = automaticThreshold({ counts, referenceCounts });
    this.context.emit({ type: 'histogram', cycle, histogram: { counts: [...counts], threshold, reason } });
    this.context.emit({ type: 'preview', cycle, previews: previews(predict, this.input, this.watched) });
    this.context.emit({ type: 'cycle', cycle, stage, split: split.apart !== null });
    for (const warning of warnings) {
      // The same trouble in every cycle is said once; run.json has it for each.
      if (!this.said.has(warning))
        this.context.emit({ type: 'warning', message: `Cycle ${cycle}: ${warning}` });
      this.said.add(warning);
    }
  }

  async save(checkpoint: Parameters<TrainingHost['save']>[0]): Promise<void> {
    const sizeBytes = await this.write(checkpoint);
    this.context.emit({ type: 'checkpoint', cycle: checkpoint.state.cycle, sizeBytes });
  }
}

async function refuseUsedFolder(store: CheckpointStore, outDir: string): Promise<void> {
  if (!(await store.any()) && !existsSync(join(outDir, RUN_FILES.run))) return;
  throw new ExpectedError(
    'file-exists',
    `${basename(outDir)} holds a training already: give --resume to go on with it, or choose another folder.`,
  );
}

function refuseEnded({ state }: StoredCheckpoint, settings: TrainingSettings, outDir: string): void {
  const goesOn = state.cycle <= settings.maxCycles && (state.ended !== 'split' || !settings.stopWhenSplit);
  // A training that ended without its run being written has that left to do.
  if (goesOn || !existsSync(join(outDir, RUN_FILES.run))) return;
  throw new ExpectedError(
    'settings-invalid',
    state.ended === 'split'
      ? `The training in ${basename(outDir)} has ended, because the histogram of I_ro has split; to go on all the same, give --set stopWhenSplit=false.`
      : `The training in ${basename(outDir)} has ended after ${state.cycle - 1} cycles; to go on, give more of them with --cycles.`,
  );
}

function refuseOtherSets(from: StoredCheckpoint, sets: StoredCheckpoint['sets']): void {
  for (const role of ['reference', 'input'] as const) {
    if (from.sets[role] === sets[role]) continue;
    throw new ExpectedError(
      'settings-invalid',
      `The ${role} set is not the one that this training began with: give --data with the same sets, or begin a new training in another folder.`,
    );
  }
}

/** Some rows of the input set, spread over it. */
function spreadRows(count: number, index: SetIndex | null): WatchedRow[] {
  return spread(count, PREVIEW_SLICES).map((row) => {
    const from = index?.input[row];
    const scan =
      index && index.volumes.length > 1 && from ? `${index.volumes[from.volume]?.name ?? ''}, ` : '';
    return { row, label: from ? `${scan}slice ${from.slice + 1}` : `slice ${row + 1} of ${count}` };
  });
}

function previews(
  predict: (slices: Float32Array) => PredictedSlices,
  source: SliceSource,
  watched: readonly WatchedRow[],
): Preview[] {
  const grey = (values: Float32Array): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(values, (value) => Math.round(value * 255));
  return watched.map(({ row, label }) => {
    const slice = source.read([row]);
    const { ifc, iwc, iro } = predict(slice);
    return {
      label,
      height: source.height,
      width: source.width,
      input: grey(slicesOf(slice, source.channels)),
      ifc: grey(ifc),
      iwc: grey(iwc),
      iro: grey(iro),
    };
  });
}
