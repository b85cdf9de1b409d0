import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { ChosenScan, FileAnswer, FileQuestion, FileToken, ResponseOf } from '../../shared/ipc/contract';
import type { Failure } from '../../shared/failure';
import type { SlicePlane } from '../../shared/geometry/sliceGrid';
import { slicesAcross } from '../../shared/geometry/slicesAcross';
import { defaultPreparation, type Preparation } from '../../shared/imaging/preparation';
import { planeOrientation } from '../../shared/geometry/sliceGrid';
import { mapContrasts, type Contrast, type OfContrasts } from '../../shared/imaging/contrasts';
import { coverOf, levelsMm, type LevelCover } from '../../shared/imaging/headLevels';
import { healthySlices } from '../../shared/lesions/healthySlices';
import { trueValues } from '../../shared/volume/nifti';
import { adoptFiles, ask, failureFrom } from '../ipc/client';
import type { ScanVolume } from '../viewer/scanVolume';
import type { EarlySlice } from '../workers/earlySlice';
import type { ParsedScan, ScanFacts } from '../workers/parseScan';
import { openVolume } from '../workers/openVolume';
import { ScanLoader } from '../workers/scanLoader';
import { useJobsStore } from './jobs';
import { useMessagesStore } from './messages';
import { VolumeCache } from './volumes';

/** A scan of the study: small facts and decisions; its voxels are in the cache. */
export interface Scan {
  readonly file: FileToken;
  readonly facts: ScanFacts;
  readonly isInput: boolean;
  /** Slices that are healthy reference, in order. */
  readonly reference: readonly number[];
  /** As it was last measured; null before there was a mask. */
  readonly lesionMm3: number | null;
  /** A small picture as a data URL; null until the scan has been read once. */
  readonly thumbnail: string | null;
}

/** A scan on its way in. */
export interface Loading {
  readonly file: FileToken;
  readonly fraction: number;
  /** The newest slice that can be shown already. */
  readonly slice: EarlySlice | null;
}

/** A question about a file; null as its answer leaves the file out. */
export interface OpenQuestion {
  readonly file: FileToken;
  readonly question: FileQuestion;
  answer(answer: FileAnswer | null): void;
}

/** Takes out what a store knows of a scan. @returns what brings it back */
type Forget = (token: string) => readonly (() => void)[];

/** The scans of the study and what the reader has decided about them. */
export const useStudyStore = defineStore('study', () => {
  const messages = useMessagesStore();
  const name = ref('New study');
  const scans = ref<Scan[]>([]);
  const loading = ref<Loading[]>([]);
  const selectedToken = ref<string | null>(null);
  /** The truth mask that came with a scan (the sample's), by the scan's token. */
  const truths = ref<Readonly<Record<string, FileToken>>>({});
  /** The reader's own brain masks, by the scan's token; where there is none, the brain is found. */
  const brains = ref<Readonly<Record<string, FileToken>>>({});
  /** Scans of other contrasts, by the scan's token: further channels, where the preparation wants them. */
  const contrasts = ref<Readonly<Record<string, OfContrasts<FileToken>>>>({});
  /** How scans become slices. Replaced, never changed. */
  const preparation = shallowRef<Preparation>(defaultPreparation);
  const cache = new VolumeCache();
  /** What the reader is asked about a file that can be taken in more than one way. */
  const question = shallowRef<OpenQuestion | null>(null);
  const cancels = new Map<string, AbortController>();
  const forgetters: Forget[] = [];
  /** For scans whose slices become others. */
  const reslicers: Forget[] = [];
  let loader: ScanLoader | null = null;

  /** The voxels of the selected scan; null while there are none. Replaced, never changed. */
  const volume = shallowRef<ScanVolume | null>(null);

  const selected = computed(() => scans.value.find(({ file }) => file.token === selectedToken.value) ?? null);
  const inputs = computed(() => scans.value.filter((scan) => scan.isInput));
  const referenceCount = computed(() => scans.value.reduce((sum, scan) => sum + scan.reference.length, 0));

  async function openDialog(): Promise<void> {
    await take(await ask('files:open', {}));
  }

  async function openDropped(dropped: readonly File[]): Promise<void> {
    await take(await adoptFiles(dropped));
  }

  /** Opens files that main has made known, and shows what it refused. */
  async function take({ files, refused }: ResponseOf<'files:open'>): Promise<void> {
    refused.forEach((failure) => messages.showFailure(failure as Failure));
    for (const file of files) {
      await messages.guard(async () => {
        await addAsMeant(file);
      });
    }
  }

  /** Reads a file into the study; one that can be taken in more than one way, as the reader says. @returns as {@link add} */
  async function addAsMeant(asked: FileToken, show = true): Promise<boolean> {
    const { token, name } = asked;
    const { question: unclear } = await ask('files:question', { token });
    if (!unclear) return add(asked, show);
    const answer = await new Promise<FileAnswer | null>((resolve) => {
      question.value = { file: asked, question: unclear, answer: resolve };
    });
    question.value = null;
    if (answer === null) {
      await ask('files:forget', { token });
      return false;
    }
    const { file } = await ask('files:answer', { token, answer });
    const added = await add(file, show);
    if (added && answer.kind === 'volume' && unclear.kind === 'volume')
      messages.show('info', `Volume ${answer.index} of ${name} is used, of ${unclear.volumes}.`);
    return added;
  }

  /** Makes the sample study and opens it, its untouched slices marked as healthy reference. */
  async function openSample(): Promise<void> {
    const jobs = useJobsStore();
    const result = await jobs.run('sample', 'Making the sample study', () => ask('study:openSample', {}));
    if (!result) return;
    const added = await add(result.scan);
    if (!added) return;
    name.value = 'Sample study';
    truths.value = { ...truths.value, [result.scan.token]: result.truth };
    setReference(result.scan.token, result.referenceSlices, true);
    setInput(result.scan.token, true);
  }

  /**
   * Reads a scan into the study.
   * @param show whether it becomes the scan that is looked at
   * @returns whether it is in it now; a failure is shown.
   */
  async function add(file: FileToken, show = true): Promise<boolean> {
    if (scans.value.some((scan) => scan.file.token === file.token)) {
      if (show) await select(file.token);
      return true;
    }
    if (loading.value.some((entry) => entry.file.token === file.token)) return false;
    try {
      const { facts, volume: voxels, thumbnail } = await read(file);
      cache.set(file.token, voxels);
      scans.value = [
        ...scans.value,
        { file, facts: inPlane(facts), isInput: true, reference: [], lesionMm3: null, thumbnail },
      ];
      facts.warnings.forEach((warning) => messages.show('warning', `${file.name}: ${warning}`));
      if (show) await select(file.token);
      return true;
    } catch (thrown) {
      // Nothing half open: main forgets the file too.
      await ask('files:forget', { token: file.token });
      messages.showFailure(failureFrom(thrown));
      return false;
    }
  }

  async function read(file: FileToken): Promise<ParsedScan> {
    loader ??= new ScanLoader();
    const abort = new AbortController();
    cancels.set(file.token, abort);
    const change = (news: Partial<Loading>): void => {
      loading.value = loading.value.map((entry) =>
        entry.file.token === file.token ? { ...entry, ...news } : entry,
      );
    };
    loading.value = [...loading.value, { file, fraction: 0, slice: null }];
    try {
      return await loader.load(
        file,
        {
          onProgress: (fraction) => change({ fraction }),
          onSlice: (slice) => change({ slice }),
        },
        abort.signal,
      );
    } finally {
      cancels.delete(file.token);
      loading.value = loading.value.filter((entry) => entry.file.token !== file.token);
    }
  }

  function cancelLoading(token: string): void {
    cancels.get(token)?.abort();
  }

  async function select(token: string): Promise<void> {
    const scan = scans.value.find(({ file }) => file.token === token);
    if (!scan) return;
    selectedToken.value = token;
    const known = cache.get(token);
    volume.value = known;
    if (known) return;
    const { volume: voxels, thumbnail } = await read(scan.file);
    cache.set(token, voxels);
    if (scan.thumbnail === null) setFacts(token, { thumbnail });
    if (selectedToken.value === token) volume.value = voxels;
  }

  /** Takes a scan out of the study; the message has the way back. */
  function remove(token: string): void {
    const at = scans.value.findIndex(({ file }) => file.token === token);
    const scan = scans.value[at];
    if (!scan) return;
    scans.value = scans.value.filter((other) => other !== scan);
    cache.forget(token);
    const restore = forgetters.flatMap((forget) => forget(token));
    if (selectedToken.value === token) {
      selectedToken.value = null;
      volume.value = null;
      const neighbour = scans.value[Math.min(at, scans.value.length - 1)];
      if (neighbour) void messages.guard(() => select(neighbour.file.token));
    }
    messages.show('info', `${scan.file.name} was taken out of the study.`, {
      action: { title: 'Undo', run: () => putBack(scan, at, restore) },
    });
  }

  function putBack(scan: Scan, at: number, restore: readonly (() => void)[]): void {
    if (scans.value.some(({ file }) => file.token === scan.file.token)) return;
    scans.value = [...scans.value.slice(0, at), scan, ...scans.value.slice(at)];
    restore.forEach((put) => put());
    void messages.guard(() => select(scan.file.token));
  }

  /**
   * Calls the function for every scan that leaves the study: each store forgets what it knows of it, and gives what brings
   * that back when the scan comes back.
   */
  function onRemoved(forget: Forget): void {
    forgetters.push(forget);
  }

  /** As {@link onRemoved}, for every scan whose slices are others from now on: what is known of them is of no use. */
  function onResliced(forget: Forget): void {
    reslicers.push(forget);
  }

  function inPlane(facts: ScanFacts): ScanFacts {
    return { ...facts, ...slicesAcross(facts, preparation.value.plane) };
  }

  /**
   * Sets the plane of the slices; null leaves it to each scan. Marks on slices of another plane go; the message has the way
   * back.
   */
  function setPlane(plane: SlicePlane | null): void {
    const before = { preparation: preparation.value, scans: scans.value };
    preparation.value = { ...preparation.value, plane };
    const restore: (() => void)[] = [];
    let marks = 0;
    scans.value = scans.value.map((scan) => {
      const facts = inPlane(scan.facts);
      if (facts.plane === scan.facts.plane) return scan;
      marks += scan.reference.length;
      restore.push(...reslicers.flatMap((forget) => forget(scan.file.token)));
      return { ...scan, facts, reference: [] };
    });
    if (marks === 0) return;
    messages.show('info', `${marks} reference slices are marked no more: the slices are others now.`, {
      action: {
        title: 'Undo',
        run: () => {
          preparation.value = { ...preparation.value, plane: before.preparation.plane };
          // Scans may have come and gone since.
          scans.value = scans.value.map((scan) => {
            const was = before.scans.find(({ file }) => file.token === scan.file.token);
            return { ...scan, facts: inPlane(scan.facts), reference: was?.reference ?? scan.reference };
          });
          restore.forEach((put) => put());
        },
      },
    });
  }

  /** Marks slices as healthy reference, or unmarks them. Slices that the scan has not are passed over. */
  function setReference(token: string, slices: readonly number[], marked: boolean): void {
    change(token, (scan) => {
      const set = new Set(scan.reference);
      for (const slice of slices) {
        if (slice < 0 || slice >= scan.facts.sliceCount) continue;
        if (marked) set.add(slice);
        else set.delete(slice);
      }
      return { ...scan, reference: [...set].sort((a, b) => a - b) };
    });
  }

  /**
   * Asks for a lesion mask of the selected scan, and marks as healthy the slices of its head in which that has at most so
   * much area, and no others. @returns the mask's name and how many were marked; null where no mask was chosen
   */
  async function markWhereEmpty(mostMm2: number): Promise<{ name: string; marked: number } | null> {
    const scan = selected.value;
    if (!scan) return null;
    const { token } = scan.file;
    const { mask: file } = await ask('masks:choose', { scan: token, purpose: 'lesions' });
    if (!file) return null;
    const mask = await openVolume(file);
    const grid = planeOrientation(mask, scan.facts.plane);
    const lesions = Uint8Array.from(trueValues(mask).values, (value) => (value > 0.5 ? 1 : 0));
    const { first = 0, last = scan.facts.sliceCount - 1 } = scan.facts.head ?? {};
    const healthy = healthySlices(lesions, { ...grid, count: scan.facts.sliceCount }, mostMm2).filter(
      (slice) => slice >= first && slice <= last,
    );
    setReference(token, scan.reference, false);
    setReference(token, healthy, true);
    return { name: file.name, marked: healthy.length };
  }

  /** How far all healthy slices of the study lie below the tops of their heads, as far as these are known. */
  const referenceMm = computed(() =>
    scans.value.flatMap(({ reference, facts: { head } }) => (head ? levelsMm(reference, head) : [])),
  );

  /** Which levels of a scan's head no healthy slice of the study is near to; null where that is not known. */
  function coverOfScan({ facts: { head } }: Scan): LevelCover | null {
    return head && referenceMm.value.length > 0 ? coverOf(head, referenceMm.value) : null;
  }

  function setInput(token: string, isInput: boolean): void {
    change(token, (scan) => ({ ...scan, isInput }));
  }

  /** What the table says of a scan beside what is in its file. */
  function setFacts(token: string, facts: Partial<Pick<Scan, 'lesionMm3' | 'thumbnail'>>): void {
    const scan = scans.value.find(({ file }) => file.token === token);
    const isNew = scan && Object.entries(facts).some(([name, value]) => scan[name as keyof Scan] !== value);
    if (isNew) change(token, (known) => ({ ...known, ...facts }));
  }

  function change(token: string, by: (scan: Scan) => Scan): void {
    scans.value = scans.value.map((scan) => (scan.file.token === token ? by(scan) : scan));
  }

  function brainOf(token: string): string | null {
    return brains.value[token]?.token ?? null;
  }

  /** Asks for the brain mask of a scan. */
  async function openBrain(token: string): Promise<void> {
    const { mask } = await ask('masks:choose', { scan: token, purpose: 'brain' });
    if (mask) brains.value = { ...brains.value, [token]: mask };
  }

  /** Leaves it to the program to find a scan's brain. */
  function dropBrain(token: string): void {
    brains.value = Object.fromEntries(Object.entries(brains.value).filter(([key]) => key !== token));
  }

  /** Asks for the scan of another contrast that goes with a scan. */
  async function openContrast(token: string, contrast: Contrast): Promise<void> {
    const { file } = await ask('contrasts:choose', { scan: token, contrast });
    if (file) setContrasts(token, { [contrast]: file });
  }

  /** Adds scans of other contrasts to those that go with a scan, or puts them in their place. */
  function setContrasts(token: string, files: OfContrasts<FileToken>): void {
    contrasts.value = { ...contrasts.value, [token]: { ...contrasts.value[token], ...files } };
  }

  /** Scans of a training whose further contrasts are wanted and not there. */
  const withoutContrast = computed(() =>
    scans.value
      .filter((scan) => scan.isInput || scan.reference.length > 0)
      .flatMap(({ file }) =>
        preparation.value.contrasts
          .filter((contrast) => !contrasts.value[file.token]?.[contrast])
          .map((contrast) => ({ scan: file.name, contrast })),
      ),
  );

  /** What belongs to a scan in a job: its brain mask and its other contrasts. */
  function besides(token: string): Pick<ChosenScan, 'brain' | 'contrasts'> {
    return {
      brain: brainOf(token),
      contrasts: mapContrasts(contrasts.value[token] ?? {}, (file) => file.token),
    };
  }

  /** What a training is made of: marked slices of each scan, and every slice of the input scans. */
  function trainingScans(): { reference: ChosenScan[]; input: ChosenScan[] } {
    return {
      reference: scans.value
        .filter((scan) => scan.reference.length > 0)
        .map((scan) => ({
          token: scan.file.token,
          slices: [...scan.reference],
          ...besides(scan.file.token),
        })),
      input: inputs.value.map(({ file: { token } }) => ({ token, slices: null, ...besides(token) })),
    };
  }

  return {
    name,
    scans,
    loading,
    question,
    selected,
    selectedToken,
    volume,
    truths,
    brains,
    contrasts,
    withoutContrast,
    preparation,
    inputs,
    referenceCount,
    openDialog,
    openDropped,
    take,
    openSample,
    add,
    addAsMeant,
    cancelLoading,
    select,
    remove,
    onRemoved,
    onResliced,
    setPlane,
    setReference,
    markWhereEmpty,
    coverOfScan,
    setInput,
    setFacts,
    besides,
    openBrain,
    dropBrain,
    openContrast,
    setContrasts,
    trainingScans,
  };
});
