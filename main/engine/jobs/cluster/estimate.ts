import type { BatchRecord } from '../../../../shared/cohort/record';

/** What one scan costs, measured. */
export interface Probe {
  /** From reading to writing, nothing side by side. */
  readonly scanMs: number;
  /** Starting the program and loading the model. */
  readonly startMs: number;
  /** The most memory that the process had, with one scan at a time. */
  readonly peakMb: number;
}

export interface Estimate {
  readonly chunkSize: number;
  readonly minutes: number;
  readonly memoryMb: number;
}

/** Nodes differ, and file servers are busy: what is asked for is twice what was measured. */
const SAFETY = 2;
/** No task is asked for less: starting one costs the scheduler more than that. */
const LEAST_MINUTES = 5;

/**
 * How many scans a task takes, how long, and how much memory: tasks of about `wantedMinutes`.
 * @param lanes scans in memory at a time
 * @param given scans of a task, where the user has said it
 */
export function estimate(
  probe: Probe,
  scans: number,
  lanes: number,
  wantedMinutes: number,
  given: number | null,
): Estimate {
  const wantedMs = wantedMinutes * 60_000 - probe.startMs;
  const chunkSize = given ?? Math.max(1, Math.min(scans, Math.floor(wantedMs / probe.scanMs)));
  const chunkMs = probe.startMs + chunkSize * probe.scanMs;
  return {
    chunkSize,
    minutes: Math.max(LEAST_MINUTES, Math.ceil((SAFETY * chunkMs) / 60_000)),
    // Each further lane holds a scan of its own: at most as much as the whole probe had.
    memoryMb: Math.ceil((probe.peakMb * (1 + 0.6 * (lanes - 1)) * 1.5) / 256) * 256,
  };
}

/** What the scans that are done have taken, in place of a probe: the mean; null where none is. */
export function scanMsOf(records: readonly BatchRecord[]): number | null {
  const took = records.flatMap((record) =>
    record.state === 'done' ? [record.tookMs.prepare + record.tookMs.network + record.tookMs.finish] : [],
  );
  return took.length === 0 ? null : took.reduce((sum, ms) => sum + ms, 0) / took.length;
}
