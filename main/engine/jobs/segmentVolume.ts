import { basename } from 'node:path';
import { withNeighbours } from '../../../shared/geometry/neighbours';
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

/** Takes a volume apart with a model and thresholds I_ro. @param threshold null finds it */
export async function segmentVolume(
  path: string,
  model: LoadedModel,
  threshold: number | null,
  context: JobContext,
  options: SegmentOptions = {},
): Promise<NetworkSegmentation> {
  const progress = new ProgressReporter(context);
  progress.report('prepare', 0, `reading ${basename(path)}`);
  const scan = await prepareScan(path, options, model);
  const { grid } = scan.prepared;
  const size = grid.height * grid.width;
  const slices: PredictedSlices = {
    ifc: new Float32Array(scan.prepared.slices.length),
    iwc: new Float32Array(scan.prepared.slices.length),
    iro: new Float32Array(scan.prepared.slices.length),
  };
  for (let k = 0; k < grid.count; k += PREDICTION_BATCH) {
    const wanted = Array.from({ length: Math.min(PREDICTION_BATCH, grid.count - k) }, (_, i) => k + i);
    const { slices: all, channelOffsets } = scan.prepared;
    const part = model.predict(withNeighbours(all, size, wanted, channelOffsets));
    slices.ifc.set(part.ifc, k * size);
    slices.iwc.set(part.iwc, k * size);
    slices.iro.set(part.iro, k * size);
    progress.report('segment', (k / grid.count) * 0.95, `slice ${k + 1} of ${grid.count}`);
    await breatheOrStop(context);
  }
  return { ...judgeIro(scan, slices.iro, threshold, model), slices };
}

/** The same way with the network left out: a threshold on the smoothed scan, in robust z. @param threshold in z, or null */
export async function segmentByIntensity(
  path: string,
  threshold: number | null,
  options: SegmentOptions = {},
): Promise<Segmentation> {
  return judgeIntensity(await prepareScan(path, options, null), threshold);
}
