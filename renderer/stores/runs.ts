import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import type { RunFacts } from '../../shared/ipc/contract';
import { estimateTraining, type TimedTraining } from '../../shared/study/estimate';
import { ask } from '../ipc/client';
import { useJobsStore } from './jobs';
import { useMessagesStore } from './messages';
import { useStudyStore } from './study';
import { useTrainingStore, type StudyRun } from './training';

/** Pixels of the slices that scans are prepared as. */
const slicePixels = 160 * 160;

/** A run of the study, and what its folder says of it. */
export interface DescribedRun {
  readonly run: StudyRun;
  /** null for an imported model, and before the folder has been read. */
  readonly facts: RunFacts | null;
}

/** The runs of the study beside each other, and what they tell about the time of the next. */
export const useRunsStore = defineStore('runs', () => {
  const training = useTrainingStore();
  const study = useStudyStore();
  const jobs = useJobsStore();
  const messages = useMessagesStore();

  const facts = shallowRef<Readonly<Record<string, RunFacts | null>>>({});
  /** The newest first. */
  const all = computed<readonly DescribedRun[]>(() =>
    [...(training.run ? [training.run] : []), ...[...training.earlier].reverse()].map((run) => ({
      run,
      facts: factsOf(run),
    })),
  );

  /** What a run's folder says of it; null for an imported model, and before the folder has been read. */
  function factsOf(run: StudyRun): RunFacts | null {
    return facts.value[run.run.token] ?? null;
  }

  async function describe(): Promise<void> {
    const tokens = all.value.map(({ run }) => run.run.token).filter((token) => !(token in facts.value));
    if (tokens.length === 0) return;
    const { runs } = await ask('training:describe', { runs: tokens });
    facts.value = {
      ...facts.value,
      ...Object.fromEntries(tokens.map((token, i) => [token, runs[i] ?? null])),
    };
  }
  watch(
    () => all.value.length,
    () => void messages.guard(describe),
    { immediate: true },
  );

  /** What a short trial on this device has shown. */
  const trial = ref<TimedTraining | null>(null);
  const timing = computed(() => jobs.running.find(({ type }) => type === 'time') ?? null);

  /** How long the next training takes at most, and how that is known; null while it is not. */
  const estimate = computed<{ readonly ms: readonly [number, number]; readonly by: 'run' | 'trial' } | null>(
    () => {
      const { settings } = training;
      const device = jobs.device?.label;
      // After a reload it is not known at once.
      if (device === undefined) return null;
      const sizes = {
        reference: study.referenceCount,
        input: study.inputs.reduce((sum, scan) => sum + scan.facts.sliceCount, 0),
        pixels: slicePixels,
      };
      const run = all.value.find(({ facts: known }) => known?.timed.device === device)?.facts?.timed;
      for (const [timed, by] of [
        [run, 'run'],
        [trial.value, 'trial'],
      ] as const) {
        const ms = timed?.device === device ? estimateTraining(settings, sizes, timed) : null;
        if (ms) return { ms, by };
      }
      return null;
    },
  );

  /** Times a few steps where nothing tells yet how fast this device is, and nothing else is at work. */
  async function tryDevice(): Promise<void> {
    if (estimate.value || training.missing !== null || !jobs.device || jobs.running.length > 0) return;
    const { backend } = training.form;
    const result = await jobs.run('time', 'Timing this device', () => ask('engine:time', { backend }));
    if (result) trial.value = result.timed;
  }

  /** Ends a trial at its next step: something that matters waits for the device. */
  async function endTrial(): Promise<void> {
    if (timing.value) await jobs.stop(timing.value.id);
  }

  return { all, factsOf, estimate, timing, tryDevice, endTrial };
});
