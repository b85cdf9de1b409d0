import { basename } from 'node:path';
import { imagesOf } from '../../../shared/imaging/preparation';
import type { WantedThreshold } from '../../../shared/imaging/scanThreshold';
import type { PredictedSlices } from '../inference/predict';
import { predictScan } from '../inference/scan';
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
  const samples = options.samples ?? 0;
  const slices = await predictScan(
    model.sampling(samples),
    {
      count: grid.count,
      size: grid.height * grid.width,
      images: (wanted) => imagesOf(scan.prepared, wanted),
    },
    ['ifc', 'iwc', 'iro'],
    samples > 0,
    async (done) => {
      progress.report('segment', done * 0.95, `slice ${Math.round(done * grid.count)} of ${grid.count}`);
      await breatheOrStop(context);
    },
  );
  const judged = judgeIro(scan, slices, threshold, model.known, options.rules);
  return { ...judged, slices };
}

/** The same way with the network left out: a threshold on the smoothed scan, in robust z. @param threshold in z, or null */
export async function segmentByIntensity(
  path: string,
  threshold: number | null,
  options: SegmentOptions = {},
): Promise<Segmentation> {
  return judgeIntensity(await prepareScan(path, options, null), threshold, options.rules);
}
