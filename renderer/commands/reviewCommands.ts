import { nextUndecided, type Verdict } from '../../shared/lesions/decisions';
import { nextOpenSlice, type SliceMarks } from '../../shared/lesions/sliceMarks';
import { useDecisionsStore } from '../stores/decisions';
import { useMaskImportStore } from '../stores/maskImport';
import { useMessagesStore } from '../stores/messages';
import { usePaintingStore } from '../stores/painting';
import { useReviewStore } from '../stores/review';
import { useStudyStore } from '../stores/study';
import { useViewStore } from '../stores/view';
import type { Command } from './registry';

/** A slice that holds less head than this share of the fullest one is passed over. */
const headShare = 0.05;

/** Going through the lesions of a scan, and through the scans. */
export function reviewCommands(): Command[] {
  const decisions = useDecisionsStore();
  const messages = useMessagesStore();
  const painting = usePaintingStore();
  const review = useReviewStore();
  const maskImport = useMaskImportStore();
  const study = useStudyStore();
  const view = useViewStore();
  const lesions = (): NonNullable<typeof review.summary>['lesions'] => review.summary?.lesions ?? [];
  const hasLesions = (): boolean => lesions().length > 0;

  const nextLesion = (): boolean => {
    const next = nextUndecided(lesions(), decisions.ofSelected, review.lesion);
    if (next) review.showLesion(next);
    return next !== null;
  };
  const verdict = (word: Verdict, title: string, key: string): Command => ({
    id: `review.${word}`,
    title,
    keys: [key],
    enabled: () => view.place === 'review' && review.lesion !== null,
    run: () => {
      const { lesion } = review;
      if (!lesion) return;
      const same = decisions.on(lesion)?.verdict === word;
      decisions.decide(lesion, { verdict: same ? null : word });
      if (same || nextLesion()) return;
      messages.show('success', 'Each lesion of this scan has a verdict.', scanOffer());
    },
  });

  /** The first scan that has a mask and has not been reviewed, after the selected one, round and round. */
  const waiting = (): string | null => {
    const at = study.scans.findIndex(({ file }) => file.token === study.selectedToken);
    const others = [...study.scans.slice(at + 1), ...study.scans.slice(0, Math.max(0, at))];
    const found = others.find(({ file: { token } }) => {
      const state = decisions.stateOf(token);
      return review.hasMaskOf(token) && state !== 'done' && state !== 'flagged';
    });
    return found?.file.token ?? null;
  };
  const nextScan = async (): Promise<void> => {
    const token = waiting();
    if (token !== null) await study.select(token);
  };
  const scanOffer = (): Parameters<typeof messages.show>[2] =>
    waiting() === null ? {} : { action: { title: 'Next scan', run: () => void messages.guard(nextScan) } };

  const inReview = (): boolean => view.place === 'review' && review.hasMask;
  const marks = (): SliceMarks => decisions.marksOf(study.selectedToken);
  const nextSlice = (): void => {
    const profile = study.volume?.layout.plane === view.gridPlane ? study.volume.profile : null;
    const worth = (slice: number): boolean => (profile?.[slice] ?? 1) > headShare;
    const next = nextOpenSlice(marks(), study.selected?.facts.sliceCount ?? 0, view.slice, worth);
    if (next !== null) view.setSlice(next, view.gridPlane);
    else messages.show('success', 'Each slice of this scan has been looked through.', scanOffer());
  };
  const declare = (as: 'done' | 'flagged', title: string, key: string): Command => ({
    id: as === 'done' ? 'review.scanDone' : 'review.scanFlagged',
    title,
    keys: [key],
    enabled: inReview,
    run: async () => {
      const token = study.selectedToken;
      const was = token !== null && decisions.declared[token] === as;
      decisions.declare(was ? null : as);
      if (!was && as === 'done') await nextScan();
    },
  });

  return [
    {
      id: 'review.nextLesion',
      title: 'Next lesion',
      keys: ['N'],
      enabled: hasLesions,
      run: () => review.stepLesion(1),
    },
    {
      id: 'review.previousLesion',
      title: 'Previous lesion',
      keys: ['P'],
      enabled: hasLesions,
      run: () => review.stepLesion(-1),
    },
    verdict('accepted', 'Accept the lesion and go on', 'A'),
    verdict('rejected', 'Reject the lesion and go on', 'R'),
    verdict('flagged', 'Flag the lesion and go on', 'F'),
    {
      id: 'review.nextUndecided',
      title: 'Next lesion without a verdict',
      keys: ['U'],
      enabled: hasLesions,
      run: () => void nextLesion(),
    },
    {
      id: 'review.sliceDone',
      title: 'This slice is looked through, and on to the next',
      keys: ['S'],
      enabled: inReview,
      run: () => {
        const wasDone = marks().done.includes(view.slice);
        decisions.markSlice(view.slice, wasDone ? null : 'done');
        if (!wasDone) nextSlice();
      },
    },
    {
      id: 'review.sliceFlagged',
      title: 'Flag this slice, or take its flag away',
      keys: ['Shift+S'],
      enabled: inReview,
      run: () => decisions.markSlice(view.slice, marks().flagged.includes(view.slice) ? null : 'flagged'),
    },
    {
      id: 'review.nextSlice',
      title: 'Next slice that is not looked through',
      keys: ['W'],
      enabled: inReview,
      run: nextSlice,
    },
    declare('done', 'This scan is reviewed, and on to the next', 'Shift+A'),
    declare('flagged', 'Flag this scan, or take its flag away', 'Shift+F'),
    {
      id: 'review.nextScan',
      title: 'Next scan to review',
      keys: ['J'],
      enabled: () => waiting() !== null,
      run: nextScan,
    },
    {
      id: 'review.importMasks',
      title: 'Take in masks from files...',
      keys: [],
      enabled: () => study.selected !== null,
      run: async () => {
        if (await maskImport.run()) view.place = 'review';
      },
    },
    {
      id: 'review.emptyMask',
      title: 'Begin with an empty mask',
      keys: [],
      enabled: () => study.volume !== null,
      run: () => {
        painting.beginEmpty();
        view.place = 'review';
      },
    },
    {
      id: 'review.openTruth',
      title: 'Compare with another mask...',
      keys: [],
      enabled: () => review.open !== null,
      run: () => review.openTruth(),
    },
    {
      id: 'review.threshold',
      title: 'Move the threshold',
      keys: ['T'],
      enabled: () => review.current !== null,
      run: () => {
        view.place = 'review';
        view.thresholdFocus += 1;
      },
    },
  ];
}
