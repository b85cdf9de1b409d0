import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { fromFailure } from '../../shared/failure';
import { mapContrasts } from '../../shared/imaging/contrasts';
import type { PreparationPictures } from '../../shared/imaging/preparationPictures';
import type { PreparedFacts, PrepareReply, PrepareRequest } from '../workers/prepareMessages';
import { useStudyStore } from './study';
import { useViewStore } from './view';

/** The pictures of how the selected scan becomes slices; made while somebody looks, with what is set at that moment. */
export const usePreparingStore = defineStore('preparing', () => {
  const study = useStudyStore();
  const view = useViewStore();

  const shown = ref(false);
  const facts = shallowRef<PreparedFacts | null>(null);
  const pictures = shallowRef<PreparationPictures | null>(null);
  /** Why there are none. */
  const failure = ref<string | null>(null);
  let worker: Worker | null = null;
  let asked = 0;

  const brain = computed(() => study.brains[study.selectedToken ?? ''] ?? null);

  /** The selected scan's other contrasts, as far as they are there. */
  const contrasts = computed(() => study.contrasts[study.selectedToken ?? ''] ?? {});

  watch([shown, () => study.selectedToken, brain, contrasts, () => study.preparation], () =>
    shown.value ? prepare() : rest(),
  );
  watch(
    () => view.slice,
    () => askForSlice(),
  );

  function prepare(): void {
    const scan = study.selected?.file;
    if (!scan) return rest();
    facts.value = null;
    failure.value = null;
    worker ??= startWorker();
    asked += 1;
    const named = (file: typeof scan): { token: string; name: string } => ({
      token: file.token,
      name: file.name,
    });
    post({
      type: 'prepare',
      id: asked,
      scan: named(scan),
      brain: brain.value && named(brain.value),
      contrasts: mapContrasts(contrasts.value, named),
      preparation: { ...study.preparation, contrasts: [...study.preparation.contrasts] },
    });
  }

  /** The worker holds a prepared scan: it goes when nobody looks. */
  function rest(): void {
    worker?.terminate();
    worker = null;
    facts.value = null;
    pictures.value = null;
    failure.value = null;
  }

  function startWorker(): Worker {
    const made = new Worker(new URL('../workers/prepare.worker.ts', import.meta.url), { type: 'module' });
    made.addEventListener('message', (event: MessageEvent<PrepareReply>) => receive(event.data));
    made.addEventListener('error', (event) => {
      failure.value = `The pictures cannot be made (${event.message}).`;
    });
    return made;
  }

  function receive(reply: PrepareReply): void {
    if (reply.id !== asked) return;
    if (reply.type === 'failed') failure.value = fromFailure(reply.failure).message;
    if (reply.type === 'prepared') {
      facts.value = reply.facts;
      askForSlice();
    }
    if (reply.type === 'pictures' && reply.slice === wantedSlice()) pictures.value = reply.pictures;
  }

  function wantedSlice(): number {
    const { plane, count } = facts.value ?? { plane: view.gridPlane, count: 1 };
    return Math.min(view.sliceIn(plane), count - 1);
  }

  function askForSlice(): void {
    if (facts.value) post({ type: 'slice', id: asked, slice: wantedSlice() });
  }

  function post(request: PrepareRequest): void {
    worker?.postMessage(request);
  }

  return { shown, facts, pictures, failure, brain, contrasts, wantedSlice };
});
