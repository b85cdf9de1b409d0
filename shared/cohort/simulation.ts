import { createRandom } from '../random';

/** What a scan was measured to cost. */
export interface ScanCost {
  /** Reading and preparing it, the network's work on it, judging it and writing its files; each by itself. */
  readonly prepareMs: number;
  readonly networkMs: number;
  readonly finishMs: number;
  /** Of all its files. */
  readonly bytes: number;
}

export interface CohortPlan {
  readonly scans: number;
  /** Scans of a task. */
  readonly chunkSize: number;
  /** Tasks that run at the same time, on all nodes together. */
  readonly slots: number;
  /** Starting the program and loading the model, once a task. */
  readonly startMs: number;
  /** Scans that a task has in memory at a time: with one, nothing goes on beside the network. */
  readonly lanes: number;
  /** Share of the tasks that are killed once, anywhere in their work, and submitted again when all others have ended. */
  readonly killedShare: number;
  readonly seed: number;
}

export interface CohortForecast {
  readonly tasks: number;
  /** From the first task's start to the last one's end, with what is submitted again. */
  readonly wallMs: number;
  /** All tasks' time, one after the other. */
  readonly taskMs: number;
  readonly bytes: number;
}

/**
 * What a cohort will take, by simulation: each scan costs what one of the measured ones did, drawn at random; tasks go to the
 * slot that is free first, in their order, as a job array's do on a cluster that has nothing else to run.
 * @param measured at least one
 */
export function forecast(measured: readonly ScanCost[], plan: CohortPlan): CohortForecast {
  if (measured.length === 0) throw new Error('nothing was measured');
  const random = createRandom(plan.seed);
  let bytes = 0;
  let taskMs = 0;
  const again: number[] = [];
  const tasks: number[] = [];
  for (let first = 0; first < plan.scans; first += plan.chunkSize) {
    let workMs = 0;
    for (let i = first; i < Math.min(plan.scans, first + plan.chunkSize); i += 1) {
      const cost = measured[random.integer(measured.length)] as ScanCost;
      workMs += sideBySideMs(cost, plan.lanes);
      bytes += cost.bytes;
    }
    // A killed task's scans that are done stay done; the rest is another task.
    const doneShare = random.next() < plan.killedShare ? random.next() : 1;
    tasks.push(plan.startMs + workMs * doneShare);
    if (doneShare < 1) again.push(plan.startMs + workMs * (1 - doneShare));
  }
  const first = runMs(tasks, plan.slots);
  for (const ms of [...tasks, ...again]) taskMs += ms;
  return { tasks: tasks.length + again.length, wallMs: first + runMs(again, plan.slots), taskMs, bytes };
}

/** What a scan adds to a task in which others are read and written beside the network (or beside each other). */
function sideBySideMs({ prepareMs, networkMs, finishMs }: ScanCost, lanes: number): number {
  const aside = prepareMs + finishMs;
  if (lanes === 1) return aside + networkMs;
  return networkMs === 0 ? aside / lanes : Math.max(networkMs, aside / (lanes - 1));
}

/** When the last of these ends, each begun in its order on the slot that is free first. */
function runMs(tasks: readonly number[], slots: number): number {
  const free = new Float64Array(Math.max(1, Math.min(slots, tasks.length)));
  for (const ms of tasks) {
    const at = free.indexOf(Math.min(...free));
    free[at] = (free[at] as number) + ms;
  }
  return Math.max(...free);
}
