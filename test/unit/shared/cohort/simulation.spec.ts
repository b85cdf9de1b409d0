import { describe, expect, it } from 'vitest';
import { forecast, type CohortPlan } from '../../../../shared/cohort/simulation';

const plan: CohortPlan = {
  scans: 100,
  chunkSize: 10,
  slots: 5,
  startMs: 1000,
  lanes: 1,
  killedShare: 0,
  seed: 3,
};
const cost = { prepareMs: 200, networkMs: 500, finishMs: 300, bytes: 7 };

describe('the forecast of a cohort', () => {
  it('of equal scans is what one works out by hand', () => {
    // Ten tasks of 1 s + 10 scans of 1 s, five at a time.
    expect(forecast([cost], plan)).toEqual({ tasks: 10, wallMs: 22_000, taskMs: 110_000, bytes: 700 });
    // Beside the network's 500 ms, two further lanes read and write in 250 ms.
    expect(forecast([cost], { ...plan, lanes: 3 }).taskMs).toBe(10 * 1000 + 100 * 500);
    // Without a network the lanes share the work.
    expect(forecast([{ ...cost, networkMs: 0 }], { ...plan, lanes: 2 }).taskMs).toBe(10 * 1000 + 100 * 250);
  });

  it('has the last task as its end where there are more slots than tasks', () => {
    expect(forecast([cost], { ...plan, scans: 95, slots: 1000 }).wallMs).toBe(11_000);
  });

  it('draws from what was measured: the mean is kept', () => {
    const costs = [100, 200, 600].map((networkMs) => ({ prepareMs: 0, finishMs: 0, networkMs, bytes: 0 }));
    const { taskMs } = forecast(costs, { ...plan, scans: 30_000, startMs: 0 });
    expect(Math.abs(taskMs / 30_000 - 300)).toBeLessThan(5);
  });

  it('pays for a killed task with another start, and with a second round', () => {
    const killed = forecast([cost], { ...plan, killedShare: 1 });
    expect(killed.tasks).toBe(20);
    expect(killed.taskMs).toBeCloseTo(110_000 + 10 * 1000, 6);
    expect(killed.wallMs).toBeGreaterThan(22_000);
  });
});
