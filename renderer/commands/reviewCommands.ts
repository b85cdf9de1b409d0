import { nextUndecided, type Verdict } from '../../shared/lesions/decisions';
import { useDecisionsStore } from '../stores/decisions';
import { useMessagesStore } from '../stores/messages';
import { useReviewStore } from '../stores/review';
import { useStudyStore } from '../stores/study';
import { useViewStore } from '../stores/view';
import type { Command } from './registry';

/** Going through the lesions of a scan, and through the scans. */
export function reviewCommands(): Command[] {
  const decisions = useDecisionsStore();
  const messages = useMessagesStore();
  const review = useReviewStore();
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
      messages.show('success', 'Each lesion of this scan has a verdict.', {
        ...(waiting() ? { action: { title: 'Next scan', run: () => void messages.guard(nextScan) } } : {}),
      });
    },
  });

  /** The first scan that has been segmented and not been reviewed, after the selected one, round and round. */
  const waiting = (): string | null => {
    const at = study.scans.findIndex(({ file }) => file.token === study.selectedToken);
    const others = [...study.scans.slice(at + 1), ...study.scans.slice(0, Math.max(0, at))];
    const found = others.find(({ file: { token } }) => {
      const state = decisions.stateOf(token);
      return review.segmentations[token] !== undefined && state !== 'done' && state !== 'flagged';
    });
    return found?.file.token ?? null;
  };
  const nextScan = async (): Promise<void> => {
    const token = waiting();
    if (token !== null) await study.select(token);
  };

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
      id: 'review.nextScan',
      title: 'Next scan to review',
      keys: ['J'],
      enabled: () => waiting() !== null,
      run: nextScan,
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
