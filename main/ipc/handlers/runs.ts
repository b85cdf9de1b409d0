import { automaticThreshold } from '../../../shared/imaging/threshold';
import type { RunFacts } from '../../../shared/ipc/contract';
import { timedWith, type TimedTraining } from '../../../shared/study/estimate';
import { readRun, type Run } from '../../engine/training/runFile';
import type { Handlers } from '../router';
import type { Services } from '../services';

/** What runs say of themselves. */
export function runHandlers({ tokens }: Services): Pick<Handlers, 'training:describe'> {
  return {
    'training:describe': async ({ runs }) => ({
      runs: await Promise.all(
        runs.map(async (token) => {
          // An imported model says none of this, and a run whose folder is gone cannot.
          const run = await readRun(tokens.pathOf(token, 'run')).catch(() => null);
          return run && factsOf(run);
        }),
      ),
    }),
  };
}

export function factsOf(run: Omit<Run, 'weights'>): RunFacts {
  const { history, inputCounts, referenceCounts } = run;
  const { threshold, reason } = automaticThreshold({ counts: inputCounts, referenceCounts });
  return {
    createdAt: run.createdAt,
    settings: run.settings,
    slices: { reference: run.sets.reference.count, input: run.sets.input.count },
    cycles: history.map(({ generator, discriminator }) => ({
      generator: generator ?? {},
      discriminator: discriminator ?? {},
    })),
    timed: timedRun(run),
    histogram: { counts: [...inputCounts], threshold, reason },
  };
}

/** How fast a run was. */
function timedRun({
  history,
  settings,
  height,
  width,
  device,
  durationMs,
}: Omit<Run, 'weights'>): TimedTraining {
  const sum = (of: (record: (typeof history)[number]) => number): number =>
    history.reduce((total, record) => total + of(record), 0);
  const generatorMs = sum((record) => record.generatorMs);
  const discriminatorMs = sum((record) => record.discriminatorMs);
  return {
    device: device.label,
    ...timedWith(settings, height * width),
    generatorSteps: sum((record) => record.generatorSteps),
    generatorMs,
    discriminatorSteps: sum((record) => record.discriminatorSteps),
    discriminatorMs,
    cycleMs: Math.max(0, durationMs - generatorMs - discriminatorMs) / Math.max(1, history.length),
  };
}
