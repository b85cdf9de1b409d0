import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { voxelPoint } from '../../shared/geometry/points';
import type { FileToken } from '../../shared/ipc/contract';
import { numbersOf, rangesOf } from '../../shared/study/migrations';
import type { ScanOf, StudyOf } from '../../shared/study/studyFile';
import { ask, failureFrom } from '../ipc/client';
import { useDecisionsStore } from './decisions';
import { useEditsStore } from './edits';
import { useMessagesStore } from './messages';
import type { ByScan } from './records';
import { useReviewStore } from './review';
import { useStudyStore, type Scan } from './study';
import { useTrainingStore, type StudyRun } from './training';
import { useViewStore } from './view';

/** Least time between two writes of the study file. */
const restMs = 500;
/** A write that takes longer than this is told: a share may have gone away, and answers late or never. */
const slowMs = 20_000;

type StoredRun = NonNullable<StudyOf<FileToken>['run']>;

function withJob(run: StoredRun): StudyRun {
  return 'importedFrom' in run ? { job: 'importModel', ...run } : { job: 'train', ...run };
}

function storedRun(run: StudyRun): StoredRun {
  return run.job === 'train' ? withoutJob(run) : withoutJob(run);
}

function withoutJob<T extends { readonly job: string }>({ job, ...facts }: T): Omit<T, 'job'> {
  void job;
  return facts;
}

/** Keeps the study file as the window is, and the window as the study file was when it starts. */
export const useStudyFileStore = defineStore('studyFile', () => {
  const study = useStudyStore();
  const training = useTrainingStore();
  const review = useReviewStore();
  const edits = useEditsStore();
  const decisions = useDecisionsStore();
  const view = useViewStore();
  const messages = useMessagesStore();

  const savedAt = ref<string | null>(null);
  /** Whether what is on disk is behind the window, and cannot be written. */
  const failing = ref(false);
  const isNamed = ref(false);
  const writing = ref(false);
  /** Whether the newest change is not on disk yet. */
  const behind = computed(() => changed.value || writing.value);
  /** Names of scans of the study that are not where they were. */
  const missing = ref<readonly string[]>([]);
  let state: 'closed' | 'resting' | 'waiting' | 'writing' = 'closed';
  let rest: ReturnType<typeof setTimeout> | undefined;
  /** Whether what has changed since the last write began does not wait. */
  let hurried = false;
  /** Whether something has changed since the last write began. */
  const changed = ref(false);

  /**
   * Brings back the study that was open last, or the one that the program was started with; then the files that it was
   * started with.
   */
  async function begin(): Promise<void> {
    const given = await ask('files:given', {});
    await restore();
    await study.take(given);
    await openGiven();
  }

  /** Opens what the program is asked to open while it runs. */
  async function openGiven(): Promise<void> {
    // At the start it is asked for without that.
    if (state === 'closed') return;
    await flush();
    const given = await ask('files:given', {});
    if (given.study) location.reload();
    if (given.files.length > 0) view.place = 'data';
    await study.take(given);
  }

  async function restore(): Promise<void> {
    try {
      const current = await ask('study:current', {});
      missing.value = current.missing;
      isNamed.value = current.isNamed;
      savedAt.value = current.savedAt;
      if (current.study) await take(current.study);
      current.news.forEach((sentence) => messages.show('warning', sentence));
    } catch (thrown) {
      // The file stays as it is: whatever comes now goes into a study of its own.
      messages.showFailure(failureFrom(thrown));
      await ask('study:new', {});
    }
    state = 'resting';
  }

  async function take(from: StudyOf<FileToken>): Promise<void> {
    const byScan = <T>(of: (scan: ScanOf<FileToken>) => T | null): ByScan<T> =>
      Object.fromEntries(
        from.scans
          .map((scan) => [scan.file.token, of(scan)] as const)
          .filter((entry): entry is readonly [string, T & {}] => entry[1] !== null),
      );
    study.name = from.name;
    study.scans = from.scans.map(({ file, facts, isInput, reference, lesionMm3, thumbnail }): Scan => ({
      file,
      facts,
      isInput,
      reference: numbersOf(reference),
      lesionMm3,
      thumbnail,
    }));
    study.truths = byScan((scan) => scan.truth);
    study.brains = byScan((scan) => scan.brain);
    study.contrasts = byScan((scan) => scan.contrasts);
    study.preparation = from.preparation;
    view.cursors = byScan((scan) => scan.cursor && voxelPoint(...scan.cursor));
    edits.masks = byScan((scan) => scan.masks);
    edits.chosen = byScan((scan) => scan.shownMask);
    decisions.decisions = byScan((scan) => scan.decisions);
    decisions.states = byScan((scan) => scan.state);
    decisions.declared = byScan((scan) => scan.declared);
    decisions.declaredOn = byScan((scan) => scan.declaredOn);
    decisions.slices = byScan(({ slices }) => ({
      done: numbersOf(slices.done),
      flagged: numbersOf(slices.flagged),
    }));
    training.earlier = from.earlier.map(withJob);
    if (from.run) {
      const run = withJob(from.run);
      training.run = run;
      if (run.job === 'train') training.state = { kind: 'finished', result: run };
    }
    review.segmentations = byScan(({ file, segmentation }) => {
      if (!segmentation) return null;
      const { threshold, minVoxels, connectivity, erosionVoxels, ...rest } = segmentation;
      return {
        threshold,
        rules: { minVoxels, connectivity, erosionVoxels },
        result: { job: 'segment' as const, scan: file.token, ...rest },
      };
    });
    const selected = from.scans[from.selected ?? 0];
    // A scan that cannot be read any more is no reason to give up the study.
    if (selected) await messages.guard(() => study.select(selected.file.token));
  }

  function collect(): StudyOf<FileToken> {
    const at = study.scans.findIndex(({ file }) => file.token === study.selectedToken);
    const { run } = training;
    return {
      name: study.name,
      preparation: study.preparation,
      selected: at < 0 ? null : at,
      run: run && storedRun(run),
      earlier: training.earlier.map(storedRun),
      scans: study.scans.map(collectScan),
    };
  }

  function collectScan({ file, facts, isInput, reference, lesionMm3, thumbnail }: Scan): ScanOf<FileToken> {
    const { token } = file;
    const segmentation = review.segmentations[token];
    const cursor = view.cursors[token];
    const marks = decisions.marksOf(token);
    return {
      file,
      facts: { ...facts, dims: [...facts.dims], zooms: [...facts.zooms], warnings: [...facts.warnings] },
      isInput,
      reference: rangesOf(reference),
      truth: study.truths[token] ?? null,
      brain: study.brains[token] ?? null,
      contrasts: { ...study.contrasts[token] },
      cursor: cursor ? [cursor[0], cursor[1], cursor[2]] : null,
      segmentation: segmentation
        ? {
            threshold: segmentation.threshold,
            ...segmentation.rules,
            iroVolume: segmentation.result.iroVolume,
            maps: segmentation.result.maps,
            findings: segmentation.result.findings,
            slices: segmentation.result.slices,
            grid: segmentation.result.grid,
            modelSha256: segmentation.result.modelSha256,
            histogram: segmentation.result.histogram,
            device: segmentation.result.device,
          }
        : null,
      masks: [...(edits.masks[token] ?? [])],
      shownMask: edits.chosen[token] ?? null,
      decisions: [...(decisions.decisions[token] ?? [])],
      state: decisions.states[token] ?? 'not started',
      declared: decisions.declared[token] ?? null,
      declaredOn: decisions.declaredOn[token] ?? null,
      slices: { done: rangesOf(marks.done), flagged: rangesOf(marks.flagged) },
      lesionMm3,
      thumbnail,
    };
  }

  /**
   * Writes at once where the last write is a while ago, else as soon as it is.
   * @param urgent does not wait: a mask whose journal has begun must be known, whatever happens next
   */
  function schedule(urgent = false): void {
    changed.value = true;
    hurried ||= urgent;
    if (urgent && state === 'waiting' && !failing.value) {
      clearTimeout(rest);
      state = 'resting';
    }
    if (state !== 'resting') return;
    state = 'writing';
    void write();
  }

  async function write(): Promise<void> {
    changed.value = false;
    hurried = false;
    writing.value = true;
    const waiting = setTimeout(() => {
      messages.show(
        'warning',
        'The disk of the study does not answer. Your newest work is in memory, and written as soon as it does.',
      );
    }, slowMs);
    try {
      // Vue's proxies cannot cross to another process.
      const document = JSON.parse(JSON.stringify(collect())) as StudyOf<FileToken>;
      savedAt.value = (await ask('study:save', { study: document })).savedAt;
      if (failing.value) messages.show('success', 'The study is saved again.');
      failing.value = false;
    } catch (thrown) {
      const failure = failureFrom(thrown);
      if (!failing.value)
        messages.show(
          'error',
          `The study cannot be saved: ${failure.message} Your work is kept in memory meanwhile.`,
          { action: { title: 'Save elsewhere...', run: () => void messages.guard(saveAs) } },
        );
      failing.value = true;
      changed.value = true;
    }
    clearTimeout(waiting);
    writing.value = false;
    state = 'waiting';
    rest = setTimeout(
      () => {
        state = 'resting';
        if (changed.value) schedule();
      },
      failing.value ? 10 * restMs : hurried ? 0 : restMs,
    );
  }

  /** Writes everything that is not on disk yet. @returns why that cannot be done; null where all is there. */
  async function flush(): Promise<string | null> {
    await edits.settle();
    while (writing.value) await new Promise((resolve) => setTimeout(resolve, 10));
    if (state !== 'closed' && changed.value) await write();
    return edits.unsaved ?? (failing.value ? 'The study cannot be saved.' : null);
  }

  /** Goes on in a folder that the reader names. */
  async function saveAs(): Promise<void> {
    const { name } = await ask('study:saveAs', {});
    if (name === null) return;
    study.name = name;
    isNamed.value = true;
    edits.rewrite();
    schedule();
    messages.show('success', `The study is saved in ${name}, and by itself from now on.`);
  }

  async function open(): Promise<void> {
    await flush();
    if ((await ask('study:open', {})).opened) location.reload();
  }

  async function startNew(): Promise<void> {
    await flush();
    await ask('study:new', {});
    location.reload();
  }

  /** Asks where the missing scans are now. */
  async function locate(): Promise<void> {
    await flush();
    const { found } = await ask('study:locate', {});
    if (found > 0) location.reload();
    else messages.show('info', 'None of the missing scans was found there.');
  }

  watch(
    [
      () => study.name,
      () => study.scans,
      () => study.truths,
      () => study.brains,
      () => study.contrasts,
      () => study.preparation,
      () => study.selectedToken,
      () => training.run,
      () => training.earlier,
      () => review.segmentations,
      () => edits.chosen,
      () => decisions.decisions,
      () => decisions.states,
      () => decisions.declared,
      () => decisions.slices,
      () => view.cursors,
    ],
    () => {
      if (state !== 'closed') schedule();
    },
  );

  watch(
    () => edits.masks,
    () => {
      if (state !== 'closed') schedule(true);
    },
  );

  return {
    savedAt,
    behind,
    failing,
    isNamed,
    missing,
    begin,
    openGiven,
    flush,
    saveAs,
    open,
    startNew,
    locate,
  };
});
