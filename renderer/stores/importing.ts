import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { FileToken, ResponseOf } from '../../shared/ipc/contract';
import { likelyPatterns, planImport, type ImportPatterns } from '../../shared/study/importPatterns';
import { ask } from '../ipc/client';
import { count } from '../ui/format';
import { useMessagesStore } from './messages';
import { useStudyStore } from './study';

type Folder = NonNullable<ResponseOf<'files:openFolder'>['folder']>;

/** A scan that will be taken in, with the masks that go with it. */
export interface WantedScan {
  readonly file: FileToken;
  readonly within: string;
  readonly truth: Folder['files'][number] | null;
  readonly brain: Folder['files'][number] | null;
  readonly T1: Folder['files'][number] | null;
  readonly T2: Folder['files'][number] | null;
}

/** Taking many scans out of a folder at once, by patterns of their names. */
export const useImportingStore = defineStore('importing', () => {
  const study = useStudyStore();
  const messages = useMessagesStore();

  /** The folder that is looked through; null while none is. */
  const folder = shallowRef<Folder | null>(null);
  const patterns = ref<ImportPatterns>({ scans: '', truths: '', brains: '', t1s: '', t2s: '' });
  /** Which of how many scans is being read; null while none is. */
  const progress = ref<{ readonly at: number; readonly of: number } | null>(null);
  let stopped = false;

  const plan = computed(() =>
    planImport(folder.value?.files.map(({ within }) => within) ?? [], patterns.value),
  );
  const wanted = computed<readonly WantedScan[]>(() => {
    const files = folder.value?.files ?? [];
    const at = (i: number | null): Folder['files'][number] | null => (i === null ? null : (files[i] ?? null));
    return plan.value.scans.flatMap(({ scan, truth, brain, T1, T2 }) => {
      const entry = files[scan];
      return entry ? [{ ...entry, truth: at(truth), brain: at(brain), T1: at(T1), T2: at(T2) }] : [];
    });
  });
  const unmatched = computed(() => plan.value.unmatched.map((i) => folder.value?.files[i]?.within ?? ''));

  async function openFolder(): Promise<void> {
    const { folder: chosen } = await ask('files:openFolder', {});
    if (!chosen) return;
    folder.value = chosen;
    patterns.value = likelyPatterns(chosen.files.map(({ within }) => within));
  }

  /** Reads every scan that is wanted into the study, one after the other. */
  async function run(): Promise<void> {
    const all = wanted.value;
    folder.value = null;
    stopped = false;
    let taken = 0;
    try {
      for (const [i, { file, truth, brain, T1, T2 }] of all.entries()) {
        if (stopped) break;
        progress.value = { at: i + 1, of: all.length };
        const isFirst = study.selectedToken === null;
        if (!(await study.addAsMeant(file, isFirst))) continue;
        taken += 1;
        if (truth) study.truths = { ...study.truths, [file.token]: truth.file };
        if (brain) study.brains = { ...study.brains, [file.token]: brain.file };
        if (T1) study.setContrasts(file.token, { T1: T1.file });
        if (T2) study.setContrasts(file.token, { T2: T2.file });
      }
    } finally {
      progress.value = null;
    }
    messages.show('success', `Took in ${count(taken, 'scan')}.`);
  }

  /** Ends the reading; what is in the study stays in it. */
  function stop(): void {
    stopped = true;
    study.loading.forEach(({ file }) => study.cancelLoading(file.token));
  }

  function close(): void {
    folder.value = null;
  }

  return { folder, patterns, progress, wanted, unmatched, openFolder, run, stop, close };
});
