import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { fromFailure } from '../../shared/failure';
import type { PastedPictures, PrepareReply, PrepareRequest } from '../workers/prepareMessages';
import { useStudyStore } from './study';
import { useTrainingStore } from './training';

/** A whole slice has room for more lesions than the piece of it that a training shows at a time. */
const SLICE_TIMES = 3;

/** Lesions pasted into a healthy slice of the study as the training does it: made while somebody looks. */
export const usePastingStore = defineStore('pasting', () => {
  const study = useStudyStore();
  const training = useTrainingStore();

  const shown = ref(false);
  const seed = ref(1);
  /** Place of the slice among the healthy ones of its scan. */
  const at = ref(0);
  const ready = ref(false);
  const pictures = shallowRef<PastedPictures | null>(null);
  const failure = ref<string | null>(null);
  let worker: Worker | null = null;
  let asked = 0;

  /** The scan whose healthy slices are shown: the selected one, or the first that has any. */
  const scan = computed(() => {
    const has = (candidate: typeof study.selected): boolean => (candidate?.reference.length ?? 0) > 0;
    return has(study.selected) ? study.selected : (study.scans.find(has) ?? null);
  });
  const slices = computed(() => {
    const { first = 0, last = Infinity } = scan.value?.facts.head ?? {};
    return (scan.value?.reference ?? []).filter((slice) => slice >= first && slice <= last);
  });
  const slice = computed(() => slices.value[Math.min(at.value, slices.value.length - 1)] ?? null);
  const settings = computed(() => training.settings.pastedLesions);

  watch([shown, () => scan.value?.file.token, () => study.preparation], () =>
    shown.value ? open() : close(),
  );
  watch([ready, slice, settings, seed], paste);

  function open(): void {
    close();
    if (!scan.value) return;
    const { token, name } = scan.value.file;
    const brain = study.brains[token];
    worker = new Worker(new URL('../workers/prepare.worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', (event: MessageEvent<PrepareReply>) => receive(event.data));
    worker.addEventListener('error', (event) => {
      failure.value = `The picture cannot be made (${event.message}).`;
    });
    at.value = Math.floor(slices.value.length / 2);
    post({
      type: 'prepare',
      id: ++asked,
      scan: { token, name },
      brain: brain ? { token: brain.token, name: brain.name } : null,
      contrasts: {},
      // Only the scan itself is shown.
      preparation: { ...study.preparation, contrasts: [] },
    });
  }

  function close(): void {
    worker?.terminate();
    worker = null;
    ready.value = false;
    pictures.value = null;
    failure.value = null;
  }

  function paste(): void {
    const wanted = settings.value;
    if (!ready.value || slice.value === null || !wanted) return;
    post({
      type: 'paste',
      id: ++asked,
      slice: slice.value,
      settings: {
        most: wanted.most * SLICE_TIMES,
        radiusMm: [...wanted.radiusMm],
        level: [...wanted.level],
      },
      seed: seed.value,
    });
  }

  function receive(reply: PrepareReply): void {
    if (reply.id !== asked) return;
    if (reply.type === 'failed') failure.value = fromFailure(reply.failure).message;
    if (reply.type === 'prepared') ready.value = true;
    if (reply.type === 'pasted') pictures.value = reply.pictures;
  }

  function post(request: PrepareRequest): void {
    worker?.postMessage(request);
  }

  return { shown, seed, at, scan, slices, slice, pictures, failure };
});
