import { defineStore } from 'pinia';
import { computed, ref, shallowRef, watch } from 'vue';
import { ExpectedError } from '../../shared/failure';
import { voxelPoint } from '../../shared/geometry/points';
import type { JobResult, RequestOf } from '../../shared/ipc/contract';
import { defaultBaselineZ } from '../../shared/imaging/threshold';
import { defaultRules, sameRules, type LesionRules } from '../../shared/lesions/lesionMask';
import { componentAt } from '../../shared/lesions/regions';
import { ask } from '../ipc/client';
import { openVolume } from '../workers/openVolume';
import { ReviewSession, type OpenedMaps } from '../workers/reviewSession';
import type { Lesion, LesionSummary } from '../workers/reviewMessages';
import { readSliceStack, type SliceStack } from '../workers/slices';
import { useDecisionsStore } from './decisions';
import { useEditsStore } from './edits';
import { useJobsStore, type StartedJob } from './jobs';
import { useMessagesStore } from './messages';
import { takeOut, type ByScan } from './records';
import { useStudyStore } from './study';
import { useTrainingStore } from './training';
import { useViewStore } from './view';

export type SegmentResult = Extract<JobResult, { job: 'segment' }>;

/** What is known of a scan's segmentation, and where its threshold stands. */
export interface Segmentation {
  /** A batch keeps no slices. */
  readonly result: Omit<SegmentResult, 'slices'> & { readonly slices: SegmentResult['slices'] | null };
  readonly threshold: number;
  readonly rules: LesionRules;
}

/** The arrays of the segmentation that is open; large, outside Vue's reach. */
export interface OpenSegmentation {
  readonly token: string;
  /** I_ro on the scan's grid, x fastest; 0 where it is not judged by the rules of the moment. null: it was not segmented. */
  readonly iro: Float32Array | null;
  /** The same in the whole brain, and how deep in it each voxel lies; null where only the judged part is known. */
  readonly whole: { readonly iro: Float32Array; readonly depth: Uint8Array } | null;
  /** How far I_ro strays over several predictions; null where there was one alone. */
  readonly spread: Float32Array | null;
  readonly stacks: Readonly<Record<'input' | 'ifc' | 'iwc' | 'iro', SliceStack>> | null;
}

function openedFrom(
  { iro, depth, spread }: OpenedMaps,
  { erosionVoxels }: LesionRules,
): Omit<OpenSegmentation, 'token' | 'stacks'> {
  if (!iro || !depth) return { iro, whole: null, spread };
  return { iro: judgedPart(iro, depth, erosionVoxels), whole: { iro, depth }, spread };
}

function judgedPart(iro: Float32Array, depth: Uint8Array, erosionVoxels: number): Float32Array {
  return iro.map((value, i) => ((depth[i] as number) > erosionVoxels ? value : 0));
}

/** How long the threshold stays where it is before the lesions at it are looked for. */
const restMs = 100;

/** The masks of the study's scans: from I_ro by a threshold that the reader moves. */
export const useReviewStore = defineStore('review', () => {
  const study = useStudyStore();
  const training = useTrainingStore();
  const jobs = useJobsStore();
  const messages = useMessagesStore();
  const view = useViewStore();
  const edits = useEditsStore();
  const decisions = useDecisionsStore();

  const segmentations = ref<ByScan<Segmentation>>({});
  const open = shallowRef<OpenSegmentation | null>(null);
  /** The whole mask at the newest threshold that is done; null until the first is. */
  const thresholdMask = shallowRef<Uint8Array | null>(null);
  const summary = shallowRef<LesionSummary | null>(null);
  const truth = shallowRef<Uint8Array | null>(null);
  const truthName = computed(() => study.truths[study.selectedToken ?? '']?.name ?? '');
  const lesionId = ref<number | null>(null);
  const segmenting = ref<string | null>(null);
  /** How many samples of the network the next segmentation takes. */
  const samples = ref(0);
  /** The mask of the plain threshold on the smoothed scan; null before somebody asks for it. */
  const baseline = shallowRef<Uint8Array | null>(null);
  /** Whether the mask at the newest threshold could not be made. */
  const failed = ref(false);
  let session: ReviewSession | null = null;
  /** Runs out once the threshold has come to rest. */
  let moving: ReturnType<typeof setTimeout> | undefined;

  const current = computed(() =>
    study.selectedToken === null ? null : (segmentations.value[study.selectedToken] ?? null),
  );
  const threshold = computed(() => current.value?.threshold ?? 0);
  const rules = computed(() => current.value?.rules ?? defaultRules);
  const findings = computed(() => current.value?.result.findings ?? null);
  /** The mask that is shown: edited by hand, or at the threshold. */
  const mask = computed<Uint8Array | null>(() => {
    void edits.steps;
    return edits.active ? (edits.open()?.voxels ?? null) : thresholdMask.value;
  });
  /** Whether the whole mask has caught up with the threshold; an edited one has none to follow. */
  const settled = computed(
    () =>
      edits.active !== null ||
      (summary.value?.threshold === threshold.value && sameRules(summary.value.rules, rules.value)),
  );

  /** From no spread to the most that occurs. */
  const spreadRange = computed<readonly [number, number]>(() => [
    0,
    (open.value?.spread ?? new Float32Array()).reduce((most, value) => Math.max(most, value), 0.01),
  ]);

  /** Whether there is anything to review of a scan: a mask at a threshold, one from a file, or one drawn by hand. */
  function hasMaskOf(token: string): boolean {
    return segmentations.value[token] !== undefined || (edits.masks[token]?.length ?? 0) > 0;
  }
  const hasMask = computed(() => study.selectedToken !== null && hasMaskOf(study.selectedToken));
  /** Whether any scan of the study has a mask. */
  const hasMasks = computed(() => study.scans.some(({ file }) => hasMaskOf(file.token)));
  /** What the map is, and from where to where it can reach. */
  const score = computed(() => current.value?.result.histogram.score ?? 'I_ro');
  const scoreRange = computed(() => current.value?.result.histogram.range ?? ([0, 1] as const));
  /** The lowest and the highest score that occurs. */
  const iroRange = computed<readonly [number, number]>(() => {
    const counts = current.value?.result.histogram.counts ?? [];
    const [low, high] = scoreRange.value;
    const first = counts.findIndex((count) => count > 0);
    const last = counts.reduce((found, count, bin) => (count > 0 ? bin : found), first);
    const at = (bin: number): number => low + (bin / counts.length) * (high - low);
    return first < 0 ? [low, high] : [at(first), at(last + 1)];
  });

  const missing = computed(() => {
    if (study.scans.length === 0) return 'No scans yet.';
    if (hasMask.value) return null;
    return training.run ? 'This scan has not been segmented yet.' : 'Nothing has been trained yet.';
  });

  /** Segments a scan with the study's newest run. */
  async function segment(token: string): Promise<void> {
    const run = training.run;
    if (!run || segmenting.value !== null) return;
    await follow(token, () =>
      ask('inference:segment', {
        run: run.run.token,
        scan: token,
        ...study.besides(token),
        samples: samples.value,
        backend: training.form.backend,
      }),
    );
  }

  /** Waits for a segmentation, which a page before this one may have begun, and takes it over. */
  async function follow(token: string, begin: () => Promise<StartedJob>): Promise<void> {
    segmenting.value = token;
    try {
      const result = await jobs.run('segment', 'Segmenting', begin);
      if (!result) return;
      segmentations.value = {
        ...segmentations.value,
        [token]: {
          result,
          threshold: result.histogram.threshold,
          rules: segmentations.value[token]?.rules ?? defaultRules,
        },
      };
    } finally {
      segmenting.value = null;
    }
  }

  /** Reads the arrays of the selected scan's segmentation, or the scan alone for a mask without one. */
  async function openSelected(): Promise<void> {
    close();
    const scan = study.selected;
    if (!scan || !hasMask.value) return;
    const { result = null } = current.value ?? {};
    const token = scan.file.token;
    const mine = new ReviewSession({
      onMask: (found, facts) => {
        if (found) thresholdMask.value = found;
        summary.value = facts;
        decisions.settle(token, facts.lesions, (edits.masks[token]?.length ?? 0) > 0);
        study.setFacts(token, { lesionMm3: facts.totalMm3 });
      },
      onFailure: (error) => {
        failed.value = true;
        void messages.guard(() => Promise.reject(error));
      },
    });
    session = mine;
    const { depth = null, spread = null } = result?.maps ?? {};
    const [maps, stacks] = await Promise.all([
      mine.open(scan.file, {
        iro: result?.iroVolume ?? null,
        ...{ depth, spread },
        isIro: score.value === 'I_ro',
      }),
      result?.slices ? readStacks(result.slices) : null,
    ]);
    // The reader may have gone on to another scan meanwhile.
    if (session !== mine) return;
    open.value = { token, ...openedFrom(maps, rules.value), stacks };
    await edits.load();
    edits.closeOthers();
    measure();
    if (view.baselineShown) await messages.guard(findBaseline);
    await messages.guard(() => readTruth(token));
  }

  async function readStacks(
    files: SegmentResult['slices'],
  ): Promise<NonNullable<OpenSegmentation['stacks']>> {
    const [input, ifc, iwc, iro] = await Promise.all([
      readSliceStack(files.input),
      readSliceStack(files.ifc),
      readSliceStack(files.iwc),
      readSliceStack(files.iro),
    ]);
    return { input, ifc, iwc, iro };
  }

  async function readTruth(token: string): Promise<void> {
    const file = study.truths[token];
    const volume = study.volume;
    if (!file || !open.value || !volume) return;
    const { data, affine } = await openVolume(file);
    if (study.selectedToken !== token) return;
    const sameGrid =
      data.length === volume.pixels.length &&
      affine.every((value, i) => Math.abs(value - (volume.affine[i] as number)) < 1e-3);
    if (!sameGrid) {
      throw new ExpectedError(
        'shape-mismatch',
        `${file.name} is no longer on the grid of this scan: choose it again.`,
      );
    }
    truth.value = Uint8Array.from(data, (value) => (value === 0 ? 0 : 1));
    session?.compareWith(truth.value);
    measure();
  }

  /** Asks for a mask to compare with: a truth, or another reader's. */
  async function openTruth(): Promise<void> {
    const token = study.selectedToken;
    if (token === null) return;
    const { mask: file } = await ask('masks:choose', { scan: token, purpose: 'lesions' });
    if (!file) return;
    const before = study.truths;
    study.truths = { ...before, [token]: file };
    try {
      await readTruth(token);
      view.truthShown = true;
    } catch (thrown) {
      study.truths = before;
      throw thrown;
    }
  }

  function close(): void {
    clearTimeout(moving);
    session?.dispose();
    session = null;
    open.value = null;
    thresholdMask.value = null;
    summary.value = null;
    truth.value = null;
    baseline.value = null;
    lesionId.value = null;
    failed.value = false;
  }

  function setThreshold(next: number): void {
    const token = study.selectedToken;
    const segmentation = current.value;
    // What was edited by hand does not follow a threshold.
    if (token === null || !segmentation || edits.active) return;
    const [low, high] = scoreRange.value;
    const clamped = Math.min(high, Math.max(low, next));
    segmentations.value = { ...segmentations.value, [token]: { ...segmentation, threshold: clamped } };
    failed.value = false;
    // While it moves, each picture shows I_ro above it; the whole mask would only take the time that they need.
    clearTimeout(moving);
    moving = setTimeout(measure, restMs);
  }

  /** Has the lesions of the mask that is shown looked for; once a stroke is done, for the brush needs the processor. */
  function measure(): void {
    if (!session || !open.value || edits.painting) return;
    const { anchors } = decisions;
    if (edits.active) {
      if (mask.value) session.measure(mask.value, rules.value, anchors);
    } else if (open.value.iro) session.threshold(threshold.value, rules.value, anchors);
    else summary.value = null;
  }

  /** Sets what counts as a lesion: the least size of the mask at the threshold, and which voxels hang together. */
  function setRules(next: Partial<LesionRules>): void {
    const token = study.selectedToken;
    const segmentation = current.value;
    if (token === null || !segmentation) return;
    const changed = { ...segmentation.rules, ...next };
    segmentations.value = { ...segmentations.value, [token]: { ...segmentation, rules: changed } };
    failed.value = false;
    const { whole } = open.value ?? {};
    if (open.value && whole && changed.erosionVoxels !== segmentation.rules.erosionVoxels)
      open.value = { ...open.value, iro: judgedPart(whole.iro, whole.depth, changed.erosionVoxels) };
    measure();
    if (baseline.value) void messages.guard(findBaseline);
  }

  /** Makes the mask of the plain threshold by the rules of the moment, and has the shown mask held against it. */
  async function findBaseline(): Promise<void> {
    const score = current.value?.result.maps?.baseline;
    const mine = session;
    if (!score || !mine) return;
    const mask = await mine.baseline(score, defaultBaselineZ, rules.value);
    if (session !== mine) return;
    baseline.value = mask;
    measure();
  }

  function resetThreshold(): void {
    if (current.value) setThreshold(current.value.result.histogram.threshold);
  }

  /** The lesion that the reader is at; by its place, for numbers change with the mask. */
  const lesion = computed<Lesion | null>(
    () => summary.value?.lesions.find(({ id }) => id === lesionId.value) ?? null,
  );

  /** Goes to a lesion: the slice of the large picture that holds most of it. */
  function showLesion(wanted: Lesion): void {
    lesionId.value = wanted.id;
    const across = (view.planes?.[view.mainPlane].axes[2] ?? 2) as 0 | 1 | 2;
    view.setCursor(voxelPoint(...wanted.largest[across]));
  }

  function stepLesion(by: 1 | -1): void {
    const lesions = summary.value?.lesions ?? [];
    if (lesions.length === 0) return;
    const at = lesions.findIndex(({ id }) => id === lesionId.value);
    const next = at < 0 ? (by > 0 ? 0 : lesions.length - 1) : (at + by + lesions.length) % lesions.length;
    showLesion(lesions[next] as Lesion);
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
    return withoutRejected(mask.value);
  }

  /** A mask as it is handed on: what the reader has rejected is not in it. */
  function withoutRejected(whole: Uint8Array): Uint8Array {
    const { dims } = study.selected?.facts ?? {};
    const rejected = (summary.value?.lesions ?? []).filter(
      (row) => decisions.on(row)?.verdict === 'rejected',
    );
    if (!dims || rejected.length === 0) return whole;
    const kept = whole.slice();
    for (const { anchor } of rejected) {
      const [nx, ny] = dims;
      const voxel = voxelPoint(anchor % nx, Math.floor(anchor / nx) % ny, Math.floor(anchor / (nx * ny)));
      for (const index of componentAt(kept, dims, voxel)) kept[index] = 0;
    }
    return kept;
  }

  /** Where a scan's shown mask comes from. An edited one lies at no threshold any more. */
  function originOf(token: string): RequestOf<'export:mask'>['origin'] {
    const segmentation = segmentations.value[token];
    const isEdited = edits.chosen[token] !== undefined;
    // A proxy of Vue's cannot cross to another process.
    const grid: unknown = JSON.parse(JSON.stringify(segmentation?.result.grid ?? null));
    return {
      threshold: isEdited ? null : (segmentation?.threshold ?? null),
      score: segmentation?.result.histogram.score ?? 'I_ro',
      modelSha256: segmentation?.result.modelSha256 ?? null,
      grid,
      review: decisions.reviewOf(token),
    };
  }

  /** Writes the selected scan's mask where the reader says. */
  async function exportMask(): Promise<void> {
    const token = study.selectedToken;
    if (!study.selected || token === null || !hasMask.value) return;
    const { dims } = study.selected.facts;
    const { saved } = await ask('export:mask', {
      scan: token,
      dims: [...dims],
      mask: await settledMask(token),
      origin: originOf(token),
    });
    if (saved) messages.show('success', `Saved ${saved.name}.`);
  }

  watch(
    [() => study.selectedToken, () => current.value?.result, hasMask],
    () => void messages.guard(openSelected),
  );

  watch([() => edits.steps, () => edits.painting, () => decisions.anchors], measure);

  watch(
    () => view.baselineShown,
    (shown) => {
      if (shown && open.value && !baseline.value) void messages.guard(findBaseline);
    },
  );

  // Of a study that is opened again, the map can be there before the scan that the truth is held against.
  watch(
    () => study.volume,
    () => {
      const token = open.value?.token;
      if (token !== undefined && token === study.selectedToken && !truth.value)
        void messages.guard(() => readTruth(token));
    },
  );

  study.onRemoved((token) => {
    if (open.value?.token === token) close();
    return [takeOut(segmentations, token)];
  });

  return {
    segmentations,
    open,
    thresholdMask,
    mask,
    summary,
    truth,
    truthName,
    baseline,
    findBaseline,
    findings,
    samples,
    failed,
    openTruth,
    settledMask,
    lesionId,
    lesion,
    segmenting,
    current,
    threshold,
    rules,
    setRules,
    settled,
    hasMask,
    hasMaskOf,
    hasMasks,
    score,
    scoreRange,
    iroRange,
    spreadRange,
    missing,
    segment,
    follow,
    setThreshold,
    resetThreshold,
    showLesion,
    stepLesion,
    exportMask,
    originOf,
  };
});
