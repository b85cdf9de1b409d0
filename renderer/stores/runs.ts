import { defineStore } from 'pinia';
import { computed, shallowRef, watch } from 'vue';
import type { RunFacts } from '../../shared/ipc/contract';
import { estimateTraining } from '../../shared/study/estimate';
import { presets } from '../../shared/study/trainingSettings';
import { ask } from '../ipc/client';
import { useJobsStore } from './jobs';
import { useMessagesStore } from './messages';
import { useStudyStore } from './study';
import { useTrainingStore, type StudyRun } from './training';

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
      facts: facts.value[run.run.token] ?? null,
    })),
  );

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

  /** How long the next training takes at most, from the newest run on this device; null where none was timed. */
  const estimateMs = computed<readonly [number, number] | null>(() => {
    const { preset, cycles, width, stage, slicesPerEpoch } = training.form;
    const settings = {
      ...presets[preset],
      maxCycles: cycles,
      baseWidth: width,
      stage,
      slicesPerEpoch,
    };
    const input = study.inputs.reduce((sum, scan) => sum + scan.facts.sliceCount, 0);
    for (const { run, facts: known } of all.value) {
      if (!known || run.job !== 'train' || run.device.label !== jobs.device?.label) continue;
      const sizes = { reference: study.referenceCount, input };
      return estimateTraining(settings, sizes, { device: run.device.label, ...known });
    }
    return null;
  });

  return { all, estimateMs };
});
