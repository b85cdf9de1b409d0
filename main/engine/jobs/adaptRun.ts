import { basename, join } from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import type { TrainResult } from '../../../shared/ipc/engineEvents';
import type { TrainingSettings } from '../../../shared/study/trainingSettings';
import type { BackendChoice } from '../backend/backend';
import { readRun, readRunWeights } from '../training/runFile';
import type { JobContext } from './context';
import { prepareSets, type SetScan } from './prepareSets';
import { trainRun } from './trainRun';

export interface AdaptOptions {
  /** Folder of the run to begin with. */
  readonly model: string;
  /** The scan, with the slices of it that are declared healthy. */
  readonly healthy: SetScan;
  /** Folder of the sets that the run was trained on, to mix with; null where they are gone. */
  readonly data: string | null;
  /** Folder of the new run. */
  readonly outDir: string;
  readonly backend: BackendChoice;
}

/**
 * A minute of further training on one scan, so that levels of the head which the reference left uncovered are learned: two
 * cycles of 110 steps, at the rate of the run, which rises and falls again: what was never seen has to be learned, and a third
 * of the rate learned too little of it. Half of each set is the scan, half what the run was trained on, so that it is not
 * forgotten. A training of smaller cycles is followed by as small ones.
 */
function adaptation(settings: TrainingSettings): TrainingSettings {
  return {
    ...settings,
    maxCycles: 2,
    generatorSlices: Math.min(110 * settings.generatorBatch, settings.generatorSlices ?? Infinity),
    stopWhenSplit: false,
    maxMinutes: null,
  };
}

/**
 * Adapts a run to a scan.
 * @throws ExpectedError settings-invalid for a run without pasted lesions; what preparing and training throw
 */
export async function adaptRun(options: AdaptOptions, context: JobContext): Promise<TrainResult> {
  const { model, healthy, data, outDir, backend } = options;
  const run = await readRun(model);
  if (!run.settings.pastedLesions || run.preparation === null) {
    throw new ExpectedError(
      'settings-invalid',
      `${basename(model)} did not learn from pasted lesions, so healthy slices of a scan cannot teach it: choose a run of the preset ms-flair.`,
    );
  }
  const start = await readRunWeights(model, run, 'generator');
  const dataDir = join(outDir, 'data');
  const { path, brain, contrasts } = healthy;
  const whole: SetScan = {
    ...{ path, slices: null },
    ...(brain === undefined ? {} : { brain }),
    ...(contrasts === undefined ? {} : { contrasts }),
  };
  await prepareSets([healthy], [whole], [], dataDir, context, {}, run.preparation);
  if (data === null) {
    context.emit({
      type: 'warning',
      message:
        'The run is adapted on this scan alone: give the folder of the sets that it was trained on (--data), so that it forgets nothing.',
    });
  }
  return trainRun(
    {
      dataDir,
      outDir,
      plan: { kind: 'new', settings: adaptation(run.settings) },
      backend,
      start,
      before: run,
      ...(data === null ? {} : { mixWith: data }),
    },
    context,
  );
}
