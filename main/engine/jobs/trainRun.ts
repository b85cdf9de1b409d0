import { join } from 'node:path';
import { ExpectedError } from '../../../shared/failure';
import { histogram } from '../../../shared/imaging/histogram';
import { automaticThreshold } from '../../../shared/imaging/threshold';
import type { Preview, TrainResult } from '../../../shared/ipc/engineEvents';
import {
  presets,
  trainingSettingsSchema,
  type PresetName,
  type TrainingSettings,
} from '../../../shared/study/trainingSettings';
import { hashFile, openNpySlices } from '../../files/npySlices';
import { SOFTWARE } from '../../version';
import { openBackend, type BackendChoice } from '../backend/backend';
import type { PredictedSlices } from '../inference/predict';
import { train } from '../training/loop';
import { writeRun } from '../training/runFile';
import type { SliceSource } from '../training/sliceSource';
import { breathe, ProgressReporter, type JobContext } from './context';
import { SET_FILES } from './prepareSets';

/** Bins of the histograms of I_ro: fine enough that the threshold's resolution is no limit. */
export const IRO_BINS = 500;
/** Slices that the histogram after each cycle looks at; the run's own, at its end, looks at all. */
const HISTOGRAM_SLICES = 48;
const PREVIEW_SLICES = 3;

/** The settings of a preset with some changed. @throws ExpectedError settings-invalid naming the setting */
export function settingsFrom(
  preset: PresetName,
  overrides: Readonly<Record<string, unknown>>,
): TrainingSettings {
  const parsed = trainingSettingsSchema.safeParse({ ...presets[preset], ...overrides });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new ExpectedError(
    'settings-invalid',
    `The setting ${issue?.path.join('.') || String((issue as { keys?: string[] } | undefined)?.keys?.[0] ?? '')} is not valid: ${issue?.message ?? ''}.`,
  );
}

/**
 * Trains on the prepared sets of a folder and writes the run.
 * @throws ExpectedError for sets that do not fit, settings that are not valid, a training that collapsed
 */
export async function trainRun(
  dataDir: string,
  outDir: string,
  settings: TrainingSettings,
  choice: BackendChoice,
  context: JobContext,
): Promise<TrainResult> {
  const startedMs = performance.now();
  const paths = { reference: join(dataDir, SET_FILES.reference), input: join(dataDir, SET_FILES.input) };
  const reference = openNpySlices(paths.reference);
  const input = openNpySlices(paths.input);
  try {
    checkSets(reference, input);
    const backend = await openBackend(choice);
    context.emit({ type: 'device', device: backend.device });
    const progress = new ProgressReporter(context);
    let lastLossMs = 0;
    let predictor: ((slices: Float32Array) => PredictedSlices) | null = null;
    const trained = await train(backend.ops, settings, reference, input, {
      nowMs: () => performance.now(),
      shouldStop: () => context.shouldStop(),
      breathe,
      onStep(report) {
        const who = report.phase === 'generator' ? 'main module' : 'discriminator';
        progress.report(
          report.phase,
          report.fraction * 0.97,
          `cycle ${report.cycle} of ${report.cycles}, ${who}`,
        );
        if (performance.now() - lastLossMs < 100) return;
        lastLossMs = performance.now();
        context.emit({
          type: 'losses',
          network: report.phase,
          cycle: report.cycle,
          step: report.step,
          terms: { ...report.terms },
        });
      },
      async onCycle(record, predict) {
        predictor = predict;
        const counts = iroCounts(predict, input, HISTOGRAM_SLICES);
        const referenceCounts = iroCounts(predict, reference, HISTOGRAM_SLICES);
        const { threshold, reason } = automaticThreshold({ counts, referenceCounts });
        const histogramEvent = { counts: [...counts], threshold, reason };
        context.emit({ type: 'histogram', cycle: record.cycle, histogram: histogramEvent });
        context.emit({ type: 'preview', cycle: record.cycle, previews: previews(predict, input) });
        await breathe();
      },
    });
    if (!predictor) throw new ExpectedError('cancelled', 'The training was stopped before its first step.');
    progress.report('predict', 0.98, 'measuring I_ro over both sets');
    const referenceCounts = [...iroCounts(predictor, reference, reference.count)];
    const inputCounts = [...iroCounts(predictor, input, input.count)];
    const durationMs = performance.now() - startedMs;
    await writeRun(
      outDir,
      {
        version: 1,
        software: SOFTWARE,
        createdAt: new Date().toISOString(),
        device: backend.device,
        settings,
        height: input.height,
        width: input.width,
        sets: { reference: await hashFile(paths.reference), input: await hashFile(paths.input) },
        history: trained.history.map((record) => ({
          ...record,
          discriminator: record.discriminator && { ...record.discriminator },
          generator: record.generator && { ...record.generator },
        })),
        referenceCounts,
        inputCounts,
        stoppedEarly: trained.stoppedEarly,
        durationMs,
      },
      trained.generator.toArrays(),
      trained.discriminator.toArrays(),
    );
    trained.generator.dispose();
    trained.discriminator.dispose();
    progress.report('write', 1, 'the run is written');
    return {
      run: outDir,
      device: backend.device,
      cycles: trained.history.length,
      stoppedEarly: trained.stoppedEarly,
      durationMs,
    };
  } finally {
    reference.close();
    input.close();
  }
}

function checkSets(reference: SliceSource, input: SliceSource): void {
  if (reference.height !== input.height || reference.width !== input.width) {
    throw new ExpectedError(
      'shape-mismatch',
      `The reference slices are ${reference.height}x${reference.width} and the input slices ${input.height}x${input.width}; prepare both to one size.`,
    );
  }
}

/** Numbers of at most `most` slices, spread evenly over the set. */
function spread(count: number, most: number): number[] {
  const taken = Math.min(count, most);
  return Array.from({ length: taken }, (_, i) => Math.floor(((i + 0.5) * count) / taken));
}

/** Histogram of I_ro where the slices show brain (values above 0). */
function iroCounts(
  predict: (slices: Float32Array) => PredictedSlices,
  source: SliceSource,
  most: number,
): Float64Array {
  const counts = new Float64Array(IRO_BINS);
  for (const index of spread(source.count, most)) {
    const slice = source.read([index]);
    const brain = Uint8Array.from(slice, (value) => (value > 0 ? 1 : 0));
    histogram(predict(slice).iro, brain, IRO_BINS, 0, 1).forEach((count, bin) => {
      counts[bin] = (counts[bin] as number) + count;
    });
  }
  return counts;
}

function previews(predict: (slices: Float32Array) => PredictedSlices, source: SliceSource): Preview[] {
  const grey = (values: Float32Array): Uint8Array<ArrayBuffer> =>
    Uint8Array.from(values, (value) => Math.round(value * 255));
  return spread(source.count, PREVIEW_SLICES).map((index) => {
    const slice = source.read([index]);
    const { ifc, iwc, iro } = predict(slice);
    return {
      label: `slice ${index + 1} of ${source.count}`,
      height: source.height,
      width: source.width,
      input: grey(slice),
      ifc: grey(ifc),
      iwc: grey(iwc),
      iro: grey(iro),
    };
  });
}
