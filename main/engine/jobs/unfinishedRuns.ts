import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CheckpointStore, type CheckpointFacts } from '../training/checkpointFile';
import { RUN_FILES } from '../training/runFile';
import { SET_FILES } from './prepareSets';

export interface UnfinishedRun extends CheckpointFacts {
  /** Holds the prepared sets in `data` and the run in `run`. */
  readonly folder: string;
}

/**
 * The trainings below a folder that were killed or stopped before they ended and whose sets are still there; the newest
 * first. One that runs at this moment is among them.
 */
export async function unfinishedRuns(runs: string): Promise<UnfinishedRun[]> {
  const found: UnfinishedRun[] = [];
  for (const name of await readdir(runs).catch(() => [] as string[])) {
    const folder = join(runs, name);
    if (!existsSync(join(folder, 'data', SET_FILES.input))) continue;
    const facts = await new CheckpointStore(join(folder, 'run')).peek();
    // One that ended goes on no more, unless it was killed before its run was written.
    const hasEnded = facts?.state.ended !== null && existsSync(join(folder, 'run', RUN_FILES.run));
    if (facts && !hasEnded) found.push({ ...facts, folder });
  }
  return found.sort((a, b) => b.savedAt.localeCompare(a.savedAt));
}
