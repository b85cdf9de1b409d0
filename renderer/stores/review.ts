import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { ExpectedError } from '../../shared/failure';
import { voxelPoint } from '../../shared/geometry/points';
import type { JobResult } from '../../shared/ipc/contract';
import type { LesionRow } from '../../shared/lesions/table';
import { ask } from '../ipc/client';
import { parseVolume } from '../workers/parseScan';
import { readToken } from '../workers/readToken';
import { ReviewSession } from '../workers/reviewSession';
import type { LesionSummary } from '../workers/reviewMessages';
import { readSliceStack, type SliceStack } from '../workers/slices';
import { useJobsStore } from './jobs';
import { useMessagesStore } from './messages';
import { useStudyStore } from './study';
import { useTrainingStore } from './training';
import { useViewStore } from './view';

export type SegmentResult = Extract<JobResult, { job: 'segment' }>;

/** What is known of a scan's segmentation, and where its threshold stands. */
export interface Segmentation {
  readonly result: SegmentResult;
  readonly threshold: number;
}

/** The arrays of the segmentation that is open; large, outside Vue's reach. */
export interface OpenSegmentation {
  readonly token: string;
  /** I_ro on the scan's grid, x fastest; 0 where it is not judged. */
  readonly iro: Float32Array;
  readonly stacks: Readonly<Record<'input' | 'ifc' | 'iwc' | 'iro', SliceStack>>;
}

/** The masks of the study's scans: from I_ro by a threshold that the reader moves. */
export const useReviewStore = defineStore('review', () => {
  const study = useStudyStore();
  const training = useTrainingStore();
  const jobs = useJobsStore();
  const messages = useMessagesStore();
  const view = useViewStore();

  const segmentations = ref<Readonly<Record<string, Segmentation>>>({});
  const open = shallowRef<OpenSegmentation | null>(null);
  /** The whole mask at the newest threshold that is done; null until the first is. */
  const mask = shallowRef<Uint8Array | null>(null);
  const summary = shallowRef<LesionSummary | null>(null);
  const truth = shallowRef<Uint8Array | null>(null);
  const lesionId = ref<number | null>(null);
  const segmenting = ref<string | null>(null);
  /** Whether the mask at the newest threshold could not be made. */
  const failed = ref(false);
  let session: ReviewSession | null = null;

  const current = computed(() =>
    study.selectedToken === null ? null : (segmentations.value[study.selectedToken] ?? null),
  );
  const threshold = computed(() => current.value?.threshold ?? 0);
  /** Whether the whole mask has caught up with the threshold. */
  const settled = computed(() => summary.value !== null && summary.value.threshold === threshold.value);

  const missing = computed(() => {
    if (study.scans.length === 0) return 'No scans yet.';
    if (!training.run) return 'Nothing has been trained yet.';
    if (!current.value) return 'This scan has not been segmented yet.';
    return null;
  });

  /** Segments a scan with the study's newest run. */
  async function segment(token: string): Promise<void> {
    const run = training.run;
    if (!run || segmenting.value !== null) return;
    segmenting.value = token;
    try {
      const result = await jobs.run('segment', 'Segmenting', () =>
        ask('inference:segment', { run: run.run.token, scan: token, backend: training.form.backend }),
      );
      if (!result) return;
      segmentations.value = {
        ...segmentations.value,
        [token]: { result, threshold: result.histogram.threshold },
      };
    } finally {
      segmenting.value = null;
    }
  }

  /** Reads the arrays of the selected scan's segmentation. */
  async function openSelected(): Promise<void> {
    close();
    const scan = study.selected;
    const segmentation = current.value;
    if (!scan || !segmentation) return;
    const { result } = segmentation;
    const token = scan.file.token;
    const mine = new ReviewSession({
      onMask: (found, facts) => {
        mask.value = found;
        summary.value = facts;
      },
      onFailure: (error) => {
        failed.value = true;
        void messages.guard(() => Promise.reject(error));
      },
    });
    session = mine;
    const [iro, input, ifc, iwc, iroSlices] = await Promise.all([
      mine.open(scan.file, result.iroVolume),
      readSliceStack(result.slices.input),
      readSliceStack(result.slices.ifc),
      readSliceStack(result.slices.iwc),
      readSliceStack(result.slices.iro),
    ]);
    // The reader may have gone on to another scan meanwhile.
    if (session !== mine) return;
    open.value = { token, iro, stacks: { input, ifc, iwc, iro: iroSlices } };
    mine.threshold(threshold.value);
    await readTruth(token);
  }

  async function readTruth(token: string): Promise<void> {
    const file = study.truths[token];
    const voxels = open.value?.iro.length;
    if (!file || voxels === undefined) return;
    const { data } = parseVolume(await readToken(file, () => undefined), file.name);
    if (data.length !== voxels || study.selectedToken !== token) return;
    const found: Uint8Array =
      data instanceof Uint8Array ? data : Uint8Array.from(data, (value) => (value === 0 ? 0 : 1));
    truth.value = found;
  }

  function close(): void {
    session?.dispose();
    session = null;
    open.value = null;
    mask.value = null;
    summary.value = null;
    truth.value = null;
    lesionId.value = null;
    failed.value = false;
  }

  function setThreshold(next: number): void {
    const token = study.selectedToken;
    const segmentation = current.value;
    if (token === null || !segmentation) return;
    const clamped = Math.min(1, Math.max(0, next));
    segmentations.value = { ...segmentations.value, [token]: { ...segmentation, threshold: clamped } };
    failed.value = false;
    session?.threshold(clamped);
  }

  function resetThreshold(): void {
    if (current.value) setThreshold(current.value.result.histogram.threshold);
  }

  /** Goes to a lesion: the slice of its centre. */
  function showLesion(lesion: LesionRow): void {
    lesionId.value = lesion.id;
    view.showVoxel(voxelPoint(...lesion.centreVox));
  }

  function stepLesion(by: 1 | -1): void {
    const lesions = summary.value?.lesions ?? [];
    if (lesions.length === 0) return;
    const at = lesions.findIndex(({ id }) => id === lesionId.value);
    const next = at < 0 ? (by > 0 ? 0 : lesions.length - 1) : (at + by + lesions.length) % lesions.length;
    showLesion(lesions[next] as LesionRow);
  }

  /** The mask at the threshold that the reader sees, once the worker has caught up with it. */
  async function settledMask(token: string): Promise<Uint8Array> {
    if (!settled.value && !failed.value) {
      await new Promise<void>((resolve) => {
        const stop = watch([settled, failed, () => study.selectedToken], () => {
          stop();
          resolve();
        });
      });
    }
    if (!mask.value || !settled.value || study.selectedToken !== token) {
      throw new ExpectedError('internal', 'The mask could not be made: move the threshold and try again.');
    }
    return mask.value;
  }

  /** Writes the selected scan's mask where the reader says. */
  async function exportMask(): Promise<void> {
    const token = study.selectedToken;
    if (!study.selected || token === null || !current.value) return;
    const { dims } = study.selected.facts;
    const { saved } = await ask('export:mask', {
      scan: token,
      dims: [...dims],
      mask: await settledMask(token),
    });
    if (saved) messages.show('success', `Saved ${saved.name}.`);
  }

  watch([() => study.selectedToken, () => current.value?.result], () => void messages.guard(openSelected));

  study.onRemoved((token) => {
    segmentations.value = Object.fromEntries(
      Object.entries(segmentations.value).filter(([key]) => key !== token),
    );
    if (open.value?.token === token) close();
  });

  return {
    segmentations,
    open,
    mask,
    summary,
    truth,
    lesionId,
    segmenting,
    current,
    threshold,
    settled,
    missing,
    segment,
    setThreshold,
    resetThreshold,
    showLesion,
    stepLesion,
    exportMask,
  };
});
