import { basename } from 'node:path';
import { imagesOf } from '../../../shared/imaging/preparation';
import type { WantedThreshold } from '../../../shared/imaging/scanThreshold';
import { PREDICTION_BATCH, type PredictedSlices } from '../inference/predict';
import { breatheOrStop, ProgressReporter, type JobContext } from './context';
import type { LoadedModel } from './model';
import {
  judgeIntensity,
  judgeIro,
  prepareScan,
  type Segmentation,
  type SegmentOptions,
} from './segmentation';

/** What a network made of a scan, with its cuts. */
export interface NetworkSegmentation extends Segmentation {
  readonly slices: PredictedSlices;
}

/**
 * Takes a volume apart with a model and thresholds I_ro.
 * @param threshold a level, a way to find it, or null for the automatic choice
 */
export async function segmentVolume(
  path: string,
  model: LoadedModel,
  threshold: WantedThreshold,
  context: JobContext,
  options: SegmentOptions & {
    /** How many samples of the network tell how far I_ro strays; none unless given. */
    readonly samples?: number | undefined;
  } = {},
): Promise<NetworkSegmentation> {
  const progress = new ProgressReporter(context);
  progress.report('prepare', 0, `reading ${basename(path)}`);
  const scan = await prepareScan(path, options, model);
  const { grid } = scan.prepared;
  const size = grid.height * grid.width;
  const predict = model.sampling(options.samples ?? 0);
  let spread: Float32Array | null = null;
  const slices = {
    ifc: new Float32Array(scan.prepared.slices.length),
    iwc: new Float32Array(scan.prepared.slices.length),
    iro: new Float32Array(scan.prepared.slices.length),
  };
  for (let k = 0; k < grid.count; k += PREDICTION_BATCH) {
    const wanted = Array.from({ length: Math.min(PREDICTION_BATCH, grid.count - k) }, (_, i) => k + i);
    const part = predict(imagesOf(scan.prepared, wanted));
    slices.ifc.set(part.ifc, k * size);
    slices.iwc.set(part.iwc, k * size);
    slices.iro.set(part.iro, k * size);
    if (part.spread) (spread ??= new Float32Array(slices.iro.length)).set(part.spread, k * size);
    progress.report('segment', (k / grid.count) * 0.95, `slice ${k + 1} of ${grid.count}`);
    await breatheOrStop(context);
  }
  const judged = judgeIro(scan, { iro: slices.iro, spread }, threshold, model.known, options.rules);
  return { ...judged, slices: { ...slices, spread } };
}

/** The same way with the network left out: a threshold on the smoothed scan, in robust z. @param threshold in z, or null */
export async function segmentByIntensity(
  path: string,
  threshold: number | null,
  options: SegmentOptions = {},
): Promise<Segmentation> {
  return judgeIntensity(await prepareScan(path, options, null), threshold, options.rules);
}
