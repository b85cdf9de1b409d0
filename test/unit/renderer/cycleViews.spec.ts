import { describe, expect, it } from 'vitest';
import { withCycle, type CycleView } from '../../../renderer/stores/cycleViews';

describe('the cycles of a training', () => {
  it('gather what is told of one cycle piece by piece', () => {
    const histogram = { counts: [1, 2], threshold: 0.5, reason: '' };
    let views = withCycle([], 1, { histogram });
    views = withCycle(views, 1, { previews: [] });
    views = withCycle(views, 2, { histogram });
    expect(views).toEqual([
      { cycle: 1, histogram, previews: [] },
      { cycle: 2, histogram, previews: [] },
    ]);
  });

  it('are thinned where they are many: the first, the newest and an even choice stay', () => {
    let views: readonly CycleView[] = [];
    for (let cycle = 1; cycle <= 1000; cycle += 1) {
      views = withCycle(views, cycle, {}, 10);
      expect(views.length).toBeLessThanOrEqual(10);
      expect(views[0]?.cycle).toBe(1);
      expect(views.at(-1)?.cycle).toBe(cycle);
    }
    const older = views.slice(0, 5).map(({ cycle }) => cycle);
    expect(older).toEqual([...older].sort((a, b) => a - b));
  });
});
