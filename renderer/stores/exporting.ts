import { defineStore } from 'pinia';
import { computed, ref, watch } from 'vue';
import { ExpectedError } from '../../shared/failure';
import { voxelPoint } from '../../shared/geometry/points';
import { adaptationAdvice, adaptationHelps } from '../../shared/imaging/doubt';
import { differenceSentence } from '../../shared/lesions/difference';
import { rulesSentence } from '../../shared/lesions/lesionMask';
import { lesionCsvRows } from '../../shared/lesions/table';
import { defaultPattern, exportFiles, exportStems, type ExportPart } from '../../shared/study/exportNames';
import type { Preparation } from '../../shared/imaging/preparation';
import { reportHtml } from '../../shared/study/report';
import type { Signed } from '../../shared/study/studyFile';
import { ask } from '../ipc/client';
import { count, formatDims, formatVolume } from '../ui/format';
import { lesionPicture } from '../viewer/lesionPicture';
import { useDecisionsStore } from './decisions';
import { useEditsStore } from './edits';
import { useMessagesStore } from './messages';
import { useReviewStore } from './review';
import { useRunsStore } from './runs';
import { useStudyStore, type Scan } from './study';
import { useTrainingStore } from './training';
import { useViewStore } from './view';

/** Most lesions that a report shows a picture of. */
const mostPictures = 40;

/** "Dr. A, 5.1.2026, 09:20", in the reader's own way of writing it; empty where nobody has. */
function signedWords(signed: Signed | null): string {
  if (!signed) return '';
  return [signed.by, new Date(signed.at).toLocaleString()].filter((word) => word !== '').join(', ');
}

function preparationWords(preparation: Preparation): string {
  const { normalisation, smoothingMm, pixelMm, neighbourMm, plane, contrasts } = preparation;
  return [
    normalisation === 'percentile' ? 'intensities by percentiles' : 'intensities by deviations from the mode',
    pixelMm === null ? 'each brain fills the slice' : `pixels of ${pixelMm} mm`,
    ...(smoothingMm > 0 ? [`smoothed by ${smoothingMm} mm`] : []),
    ...(neighbourMm > 0 ? [`neighbours at ${neighbourMm} mm`] : []),
    ...(plane ? [`${plane} slices`] : []),
    ...(contrasts.length > 0 ? [`with ${contrasts.join(' and ')}`] : []),
  ].join(', ');
}

/** Where an edited mask began. */
function originWords(threshold: number | null): string {
  return threshold === null ? 'from a file or from nothing' : `from threshold ${threshold.toFixed(2)}`;
}

/** Taking masks, maps, tables and reports out of the study, for one scan or for many. */
export const useExportingStore = defineStore('exporting', () => {
  const study = useStudyStore();
  const review = useReviewStore();
  const edits = useEditsStore();
  const decisions = useDecisionsStore();
  const messages = useMessagesStore();
  const view = useViewStore();
  const training = useTrainingStore();
  const runs = useRunsStore();

  const pattern = ref(defaultPattern);
  const parts = ref<readonly ExportPart[]>(['mask', 'lesions', 'report']);
  /** The scan that is looked at, those whose review is done, or every scan with a mask. */
  const which = ref<'shown' | 'done' | 'all'>('shown');
  const folder = ref<{
    readonly token: string;
    readonly name: string;
    readonly files: readonly string[];
  } | null>(null);
  const overwrite = ref(false);
  /** The scan that was looked at when an export began. */
  const before = ref<string | null>(null);
  /** Which of how many scans is being exported; null while none is. */
  const progress = ref<{ readonly at: number; readonly of: number } | null>(null);

  /** The scan that is looked at; while many are exported, the one that was. */
  const chosen = computed(() => before.value ?? study.selectedToken);
  const scans = computed(() =>
    study.scans.filter(({ file: { token } }) => {
      if (!review.hasMaskOf(token)) return false;
      if (which.value === 'shown') return token === chosen.value;
      return which.value === 'all' || decisions.stateOf(token) === 'done';
    }),
  );
  const date = new Date().toISOString();
  const names = computed(() => {
    const stems = exportStems(
      pattern.value,
      scans.value.map(({ file }) => ({ scan: file.name, study: study.name, date })),
    );
    return stems.map((stem, i) => {
      const token = scans.value[i]?.file.token ?? '';
      // A scan that was not segmented has no map.
      const own = parts.value.filter((part) => part !== 'iro' || review.segmentations[token] !== undefined);
      return { stem, files: own.flatMap((part) => exportFiles(stem, part)) };
    });
  });
  /** Names that the folder holds already. */
  const existing = computed(() => {
    const there = new Set(folder.value?.files ?? []);
    return names.value.flatMap(({ files }) => files).filter((name) => there.has(name));
  });

  async function chooseFolder(): Promise<void> {
    const { folder: chosen } = await ask('export:chooseFolder', {});
    if (chosen) folder.value = chosen;
  }

  function setPart(part: ExportPart, wanted: boolean): void {
    parts.value = wanted ? [...parts.value, part] : parts.value.filter((other) => other !== part);
  }

  /** Exports every scan that is wanted, one after the other. */
  async function run(): Promise<void> {
    const wanted = scans.value.map((scan, i) => ({ scan, stem: names.value[i]?.stem ?? 'scan' }));
    before.value = study.selectedToken;
    try {
      for (const [i, { scan, stem }] of wanted.entries()) {
        progress.value = { at: i + 1, of: wanted.length };
        await exportScan(scan, stem);
      }
      messages.show('success', `Exported ${count(wanted.length, 'scan')} to ${folder.value?.name ?? ''}.`);
    } finally {
      progress.value = null;
      if (folder.value)
        folder.value = { ...folder.value, ...(await ask('export:look', { folder: folder.value.token })) };
      const back = before.value;
      before.value = null;
      if (back !== null) await study.select(back);
    }
  }

  async function exportScan(scan: Scan, stem: string): Promise<void> {
    const target = folder.value;
    const segmentation = review.segmentations[scan.file.token];
    if (!target) return;
    await study.select(scan.file.token);
    await opened(scan.file.token);
    const mask = await review.settledMask(scan.file.token);
    const has = (part: ExportPart): boolean => parts.value.includes(part);
    const page = has('report') || has('pdf') ? await report(scan, mask) : null;
    await ask('export:into', {
      folder: target.token,
      stem,
      overwrite: overwrite.value,
      scan: scan.file.token,
      dims: [...scan.facts.dims],
      mask: has('mask') ? mask : null,
      origin: review.originOf(scan.file.token),
      iro: has('iro') ? (segmentation?.result.iroVolume.token ?? null) : null,
      lesions: has('lesions') ? lesionRows() : null,
      lesionsJson: has('lesionsJson') ? lesionsJson() : null,
      report: has('report') ? page : null,
      pdf: has('pdf') ? page : null,
    });
  }

  /** Waits until a scan's mask is there, and its lesions are known. */
  async function opened(token: string): Promise<void> {
    const isOpen = (): boolean => review.open?.token === token && review.summary !== null;
    if (isOpen()) return;
    await new Promise<void>((resolve, reject) => {
      const stop = watch([() => review.open, () => review.summary, () => review.failed], () => {
        if (!isOpen() && !review.failed) return;
        stop();
        if (review.failed)
          reject(new ExpectedError('internal', 'A mask could not be made: open its scan in Review.'));
        else resolve();
      });
    });
  }

  function lesionRows(): (string | number)[][] {
    const lesions = review.summary?.lesions ?? [];
    const [header = [], ...rows] = lesionCsvRows(lesions);
    return [
      [...header, 'state', 'note', 'by', 'at'],
      ...rows.map((row, i) => {
        const lesion = lesions[i];
        const decision = lesion ? decisions.on(lesion) : null;
        return [
          ...row,
          decision?.verdict ?? '',
          decision?.note ?? '',
          decision?.by ?? '',
          decision?.at ?? '',
        ];
      }),
    ];
  }

  /** The lesions in full, with what was decided about each. */
  function lesionsJson(): string {
    const lesions = (review.summary?.lesions ?? []).map((lesion) => {
      const decision = decisions.on(lesion);
      const { verdict = null, note = '', by = '', at = null } = decision ?? {};
      return { ...lesion, state: verdict, note, by, at };
    });
    return JSON.stringify(lesions, null, 1);
  }

  async function report(scan: Scan, mask: Uint8Array): Promise<string> {
    const lesions = review.summary?.lesions ?? [];
    const { version } = await ask('app:info', {});
    const layout = view.planes?.[view.gridPlane];
    const across = (layout?.axes[2] ?? 2) as 0 | 1 | 2;
    const result = review.segmentations[scan.file.token]?.result;
    const findings = result?.findings ?? null;
    await review.findBaseline();
    const difference = review.summary?.difference ?? null;
    const shown = [];
    for (const [i, lesion] of lesions.entries()) {
      const decision = decisions.on(lesion);
      const picture =
        study.volume && layout && i < mostPictures
          ? await lesionPicture(
              study.volume,
              mask,
              layout,
              view.greyWindow,
              voxelPoint(...lesion.largest[across]),
              review.baseline,
            )
          : null;
      shown.push({
        cells: [
          String(lesion.id),
          formatVolume(lesion.volumeMm3),
          lesion.meanIro?.toFixed(2) ?? '',
          lesion.spreadIro?.toFixed(2) ?? '',
        ],
        verdict: decision?.verdict ?? '',
        note: decision?.note ?? '',
        decided: decision ? signedWords(decision) : '',
        picture,
      });
    }
    return reportHtml({
      scan: scan.file.name,
      study: study.name,
      made: new Date().toLocaleString(),
      reviewed: signedWords(decisions.lastSigned(scan.file.token)),
      state: decisions.stateOf(scan.file.token),
      facts: [
        ['Grid', `${formatDims(scan.facts.dims)}, ${scan.facts.orientation}`],
        edits.active
          ? ['Mask', `edited by hand, ${originWords(edits.active.threshold)}`]
          : ['Mask', `${review.score === 'I_ro' ? 'Iro' : 'Robust z'} above ${review.threshold.toFixed(2)}`],
        ...(result
          ? [
              [
                'Automatic threshold',
                `${result.histogram.threshold.toFixed(2)}. ${result.histogram.reason}`,
              ] as const,
            ]
          : []),
        ['A lesion', rulesSentence(review.rules)],
        ...(difference
          ? [['Beside a plain threshold', differenceSentence(difference, formatVolume)] as const]
          : []),
        ['Model', result ? modelWords() : 'none: this scan was not segmented'],
        ...(result ? [['SHA-256 of the model', result.modelSha256 ?? 'not known'] as const] : []),
        ['Preparation', preparationWords(study.preparation)],
        ...filesBeside(scan.file.token),
        ['Lesions', `${count(lesions.length, 'lesion')}, ${formatVolume(review.summary?.totalMm3 ?? 0)}`],
        ...(result ? [['Segmented on', `${result.device.label}, ${result.device.version}`] as const] : []),
      ],
      warnings: [
        ...(findings?.notes ?? []),
        ...(findings?.doubts ?? []).map(({ message }) => message),
        ...(findings?.adaptable && adaptationHelps(findings.doubts) ? [adaptationAdvice] : []),
      ],
      levels: findings?.cover ? { head: findings.head, ...findings.cover } : null,
      columns: ['#', 'Volume', 'Mean Iro', '± Iro'],
      lesions: shown,
      version,
    });
  }

  /** The run that segments, and how it was trained. */
  function modelWords(): string {
    const { run } = training;
    if (!run) return 'not known';
    if (run.job === 'importModel') return `imported from ${run.importedFrom}`;
    const facts = runs.factsOf(run);
    const made = facts ? `, made ${new Date(facts.createdAt).toLocaleString()}` : '';
    const set = facts
      ? `; preset ${facts.settings.preset}, width ${facts.settings.baseWidth}, stage ${facts.settings.stage}, seed ${facts.settings.seed}; ${facts.slices.reference} healthy and ${facts.slices.input} input slices`
      : '';
    return `training ${run.run.name}${made}, ${count(run.cycles, 'cycle')}${set}`;
  }

  function filesBeside(token: string): (readonly [string, string])[] {
    const brain = study.brains[token];
    const contrasts = Object.entries(study.contrasts[token] ?? {});
    return [
      ...(brain ? [['Brain mask', brain.name] as const] : []),
      ...contrasts.map(([contrast, { name }]) => [contrast, name] as const),
    ];
  }

  return {
    pattern,
    parts,
    which,
    folder,
    overwrite,
    progress,
    scans,
    names,
    existing,
    chooseFolder,
    setPart,
    run,
  };
});
