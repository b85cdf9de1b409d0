import { defineStore } from 'pinia';
import { computed, markRaw, ref, shallowRef } from 'vue';
import type { Failure } from '../../shared/failure';
import type { BackendChoice, JobResult, ResponseOf } from '../../shared/ipc/contract';
import type { EngineEvent, IroHistogram, Preview } from '../../shared/ipc/engineEvents';
import { preparationOf } from '../../shared/study/presetPreparation';
import type { GuidedName } from '../../shared/study/settingsGuide';
import { presets, type PresetName, type TrainingSettings } from '../../shared/study/trainingSettings';
import { ask, failureFrom } from '../ipc/client';
import { useJobsStore, type StartedJob } from './jobs';
import { withCycle, type CycleView } from './cycleViews';
import { LossHistory } from './lossHistory';
import { useMessagesStore, type Message } from './messages';
import { useStudyStore } from './study';

/** The settings that the reader can choose. */
export interface TrainingForm {
  readonly preset: PresetName;
  readonly cycles: number;
  readonly width: number;
  readonly stage: TrainingSettings['stage'];
  readonly seed: number;
  /** null: every slice. */
  readonly slicesPerEpoch: number | null;
  readonly backend: BackendChoice;
  /** What of the other settings is not as the preset has it. */
  readonly others: Readonly<Partial<Pick<TrainingSettings, GuidedName>>>;
}

/** A model that came from a Keras file. */
type ImportedModel = Extract<JobResult, { job: 'importModel' }>;
export type TrainResult = Extract<JobResult, { job: 'train' }>;
/** A run of the study, trained here or imported. */
export type StudyRun = TrainResult | ImportedModel;
/** A training that was interrupted or stopped, and can go on. */
export type UnfinishedRun = ResponseOf<'training:unfinished'>['runs'][number];

/** A slice of a scan, by its number in the slice grid. */
export interface WatchedSlice {
  readonly token: string;
  readonly slice: number;
}

/** Most slices that are watched at once: each costs a prediction after each cycle. */
const mostWatched = 8;

/** How far the study's training is. */
export type TrainingState =
  | { readonly kind: 'none' }
  | { readonly kind: 'running' }
  | { readonly kind: 'finished'; readonly result: TrainResult }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string };

export function formOf(preset: PresetName): TrainingForm {
  const { maxCycles, baseWidth, stage, seed, slicesPerEpoch } = presets[preset];
  return {
    preset,
    cycles: maxCycles,
    width: baseWidth,
    stage,
    seed,
    slicesPerEpoch,
    backend: 'auto',
    others: {},
  };
}

/** The training of the study: its settings, and what it tells while it runs. */
export const useTrainingStore = defineStore('training', () => {
  const jobs = useJobsStore();
  const messages = useMessagesStore();
  const study = useStudyStore();

  const form = ref<TrainingForm>(formOf('quick'));
  /** Slices that pictures are made of after each cycle; where there are none, the engine chooses some. */
  const watched = ref<readonly WatchedSlice[]>([]);
  /** Whether every setting is shown. */
  const advancedShown = ref(false);
  const overrides = computed(() => {
    const { cycles, width, stage, seed, slicesPerEpoch, others } = form.value;
    return { maxCycles: cycles, baseWidth: width, stage, seed, slicesPerEpoch, ...others };
  });
  /** All settings of the next training. */
  const settings = computed<TrainingSettings>(() => ({ ...presets[form.value.preset], ...overrides.value }));
  const state = ref<TrainingState>({ kind: 'none' });
  /** The newest run that can segment; a later training that fails leaves it. */
  const run = ref<StudyRun | null>(null);
  /** The runs before it, the newest last. */
  const earlier = ref<readonly StudyRun[]>([]);
  const unfinished = shallowRef<readonly UnfinishedRun[]>([]);
  /** The ends of the cycles so far, in order. */
  const cycles = shallowRef<readonly CycleView[]>([]);
  /** The cycle that is looked at; null: the newest. */
  const cycleShown = ref<number | null>(null);
  const view = computed(
    () => cycles.value.find((entry) => entry.cycle === cycleShown.value) ?? cycles.value.at(-1) ?? null,
  );
  const histogram = computed<IroHistogram | null>(() => view.value?.histogram ?? null);
  const previews = computed<readonly Preview[]>(() => view.value?.previews ?? []);
  const cycle = ref(0);
  /** What the engine found wrong, in sentences. */
  const warnings = ref<readonly string[]>([]);
  const losses = markRaw(new LossHistory());
  /** Counts up with the losses, which themselves are outside Vue's reach. */
  const lossVersion = ref(0);

  const job = computed(() => jobs.running.find((candidate) => candidate.type === 'train') ?? null);
  const missing = computed(() => {
    if (study.scans.length === 0) return 'No scans yet.';
    if (study.referenceCount === 0) return 'No reference slices yet. Mark some healthy slices in Data.';
    if (study.inputs.length === 0) return 'No scan is marked as input. Mark at least one in Data.';
    const [without] = study.withoutContrast;
    if (without)
      return `The ${without.contrast} of ${without.scan} is missing. Choose it in Data, or train without further contrasts.`;
    return null;
  });

  /** Takes over a preset's settings, and how scans are prepared for it. */
  function choosePreset(preset: PresetName): void {
    const { plane, contrasts } = study.preparation;
    study.preparation = { ...preparationOf(preset), plane, contrasts };
    form.value = { ...formOf(preset), seed: form.value.seed, backend: form.value.backend };
  }

  function isWatched(token: string, slice: number): boolean {
    return watched.value.some((entry) => entry.token === token && entry.slice === slice);
  }

  /** Has a slice shown after each cycle, or not any more. */
  function watchSlice(token: string, slice: number, wanted: boolean): void {
    const others = watched.value.filter((entry) => entry.token !== token || entry.slice !== slice);
    watched.value = wanted ? [...others, { token, slice }].slice(-mostWatched) : others;
  }
  const unwatch = (token: string): readonly (() => void)[] => {
    const before = watched.value;
    watched.value = before.filter((entry) => entry.token !== token);
    return [() => (watched.value = before)];
  };
  study.onRemoved(unwatch);
  study.onResliced(unwatch);

  /** Sets one of the other settings; undefined takes the preset's again. */
  function setOther(name: GuidedName, value: unknown): void {
    const others = Object.fromEntries(Object.entries(form.value.others).filter(([key]) => key !== name));
    const preset: unknown = presets[form.value.preset][name];
    const same = value === undefined || JSON.stringify(value) === JSON.stringify(preset);
    form.value = { ...form.value, others: same ? others : { ...others, [name]: value } };
  }

  /** Trains on what is marked now. @returns the run; null where it was stopped before there was one, or failed. */
  async function start(): Promise<TrainResult | null> {
    if (missing.value !== null) return null;
    const { preset, backend } = form.value;
    return follow(() =>
      ask('training:start', {
        ...study.trainingScans(),
        preparation: study.preparation,
        preset,
        // Vue's proxies cannot cross to another process.
        overrides: JSON.parse(JSON.stringify(overrides.value)) as Record<string, unknown>,
        watched: watched.value.map(({ token, slice }) => ({ token, slice })),
        backend,
      }),
    );
  }

  /** Goes on with an interrupted training from its newest checkpoint, with its own settings. */
  function goOn({ run: { token } }: UnfinishedRun): Promise<TrainResult | null> {
    return follow(() => ask('training:continue', { run: token, backend: form.value.backend }));
  }

  /**
   * Trains the newest run a little further on the healthy slices of a scan, so that it knows levels of the head which its
   * reference left out. @returns the new run; null where it was stopped or failed
   */
  async function adapt(token: string): Promise<TrainResult | null> {
    const scan = study.trainingScans().reference.find((reference) => reference.token === token);
    const from = run.value;
    if (!scan || !from) return null;
    return follow(() => ask('training:adapt', { run: from.run.token, scan, backend: form.value.backend }));
  }

  /** Looks for trainings of the study that can go on. */
  async function findUnfinished(): Promise<void> {
    unfinished.value = (await ask('training:unfinished', {})).runs;
  }

  /** Follows a training that a page before this one began. */
  function takeUp(job: StartedJob): Promise<TrainResult | null> {
    return follow(() => Promise.resolve(job));
  }

  async function follow(begin: () => Promise<StartedJob>): Promise<TrainResult | null> {
    if (state.value.kind === 'running') return null;
    losses.clear();
    lossVersion.value += 1;
    cycles.value = [];
    cycleShown.value = null;
    cycle.value = 0;
    warnings.value = [];
    state.value = { kind: 'running' };
    const begun = new Date().toISOString();
    try {
      const result = await jobs.run('train', 'Training', begin, receive);
      if (result) use(result);
      state.value = result ? { kind: 'finished', result } : { kind: 'stopped' };
      return result;
    } catch (thrown) {
      const failure = failureFrom(thrown);
      state.value = { kind: 'failed', message: failure.message };
      await messages.guard(findUnfinished);
      messages.showFailure(failure, wayOn(failure, begun));
      return null;
    } finally {
      if (state.value.kind !== 'failed') await messages.guard(findUnfinished);
    }
  }

  /** Where the engine ended in the middle of a training: the one click that goes on from its newest checkpoint. */
  function wayOn({ kind }: Failure, begun: string): Message['action'] {
    const [newest] = unfinished.value;
    // One that was refused before it began has left no checkpoint: the newest is another's.
    const isIts = kind === 'engine-crashed' || (newest !== undefined && newest.savedAt > begun);
    if (!newest || !isIts || !['engine-crashed', 'out-of-memory', 'file-unwritable'].includes(kind))
      return null;
    return { title: 'Go on from its checkpoint', run: () => void messages.guard(() => goOn(newest).then()) };
  }

  /** Segments with a run from now on; the one before stays among the earlier ones. */
  function use(next: StudyRun): void {
    const others = [...earlier.value, ...(run.value ? [run.value] : [])];
    earlier.value = others.filter((other) => other.run.token !== next.run.token);
    run.value = next;
  }

  /** Takes a Keras model as what segments from now on. */
  async function importModel(): Promise<void> {
    const { jobId } = await ask('model:import', {});
    if (jobId === null) return;
    const result = await jobs.run('importModel', 'Importing a model', () => Promise.resolve({ jobId }));
    if (!result) return;
    use(result);
    messages.show('success', `Scans are now segmented with ${result.importedFrom}.`);
  }

  /** Writes the newest run as the published Keras files. */
  async function exportModel(): Promise<void> {
    if (!run.value) return;
    const { jobId } = await ask('model:export', { run: run.value.run.token });
    if (jobId === null) return;
    const result = await jobs.run('exportModel', 'Exporting the model', () => Promise.resolve({ jobId }));
    if (result) messages.show('success', `Saved ${result.files.join(', ')}.`);
  }

  async function stop(): Promise<void> {
    if (job.value) await jobs.stop(job.value.id);
  }

  async function setPaused(paused: boolean): Promise<void> {
    if (job.value) await jobs.setPaused(job.value.id, paused);
  }

  function receive(event: EngineEvent): void {
    switch (event.type) {
      case 'losses':
        losses.add(event.network, event.cycle, event.step, event.terms);
        cycle.value = event.cycle;
        lossVersion.value += 1;
        break;
      case 'warning':
        warnings.value = [...warnings.value, event.message];
        break;
      case 'histogram':
        cycles.value = withCycle(cycles.value, event.cycle, { histogram: event.histogram });
        break;
      case 'preview':
        cycles.value = withCycle(cycles.value, event.cycle, { previews: event.previews });
        break;
      default:
    }
  }

  return {
    form,
    settings,
    watched,
    isWatched,
    watchSlice,
    advancedShown,
    setOther,
    state,
    run,
    earlier,
    use,
    cycles,
    cycleShown,
    view,
    histogram,
    previews,
    cycle,
    warnings,
    losses,
    lossVersion,
    job,
    missing,
    unfinished,
    choosePreset,
    start,
    goOn,
    adapt,
    takeUp,
    findUnfinished,
    importModel,
    exportModel,
    stop,
    setPaused,
  };
});
