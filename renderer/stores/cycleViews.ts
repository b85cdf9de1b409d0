import type { IroHistogram, Preview } from '../../shared/ipc/engineEvents';

/** What a training had come to at the end of one cycle. */
export interface CycleView {
  readonly cycle: number;
  readonly histogram: IroHistogram | null;
  readonly previews: readonly Preview[];
}

/** Most cycles of which pictures are kept: each takes about half a megabyte. */
const mostViews = 120;

/**
 * The views with more known of a cycle. Of a long training every second one of the older cycles is let go, so that the
 * first, the newest and an even choice between them stay.
 */
export function withCycle(
  views: readonly CycleView[],
  cycle: number,
  news: Partial<Omit<CycleView, 'cycle'>>,
  most = mostViews,
): readonly CycleView[] {
  const known = views.find((view) => view.cycle === cycle);
  if (known) return views.map((view) => (view === known ? { ...view, ...news } : view));
  const kept = views.length < most ? views : views.filter((_, i) => i % 2 === 0);
  return [...kept, { cycle, histogram: null, previews: [], ...news }];
}
