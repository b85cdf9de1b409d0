import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { TrainingSettings } from '../../../../shared/study/trainingSettings';
import { readRun, RUN_FILES } from '../../training/runFile';
import type { SetIndex } from '../prepareSets';

/**
 * How long the training of a kept run took in ms, where it is one with these settings on these sets; else null, and the
 * folder is cleared for a new one.
 * @throws ExpectedError run-damaged
 */
export async function keptRun(
  folder: string,
  settings: TrainingSettings,
  sets: SetIndex,
): Promise<number | null> {
  if (existsSync(join(folder, RUN_FILES.run))) {
    const run = await readRun(folder);
    const same = isDeepStrictEqual(
      [run.settings, run.preparation, run.scans, run.referenceMm],
      asWritten([settings, sets.preparation, sets.volumes, sets.referenceMm]),
    );
    if (same) return run.durationMs;
  }
  await rm(folder, { recursive: true, force: true });
  return null;
}

/** As JSON gives it back, which knows no -0 (affines have them) and nothing that is undefined. */
function asWritten(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
