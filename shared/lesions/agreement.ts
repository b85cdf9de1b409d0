import { voxelVolumeMm3, type Dims, type Triple } from '../volume/volume';
import { labelComponents } from './components';

/** How well a predicted mask agrees with a true one. */
export interface Agreement {
  /** 2 |P and T| / (|P| + |T|); 1 where both are empty, for then they agree entirely. */
  readonly dice: number;
  /** |P and T| / |P|; 1 where nothing was predicted (nothing was predicted wrongly). */
  readonly precision: number;
  /** |P and T| / |T|; 1 where there is nothing to find. */
  readonly sensitivity: number;
  readonly predictionMm3: number;
  readonly truthMm3: number;
  readonly overlapMm3: number;
  /** Components of the truth (26-connected), and how many of them the prediction touches in at least one voxel. */
  readonly truthLesions: number;
  readonly foundLesions: number;
  /** foundLesions / truthLesions; 1 where there are none. */
  readonly lesionSensitivity: number;
  /** Components of the prediction, and how many of them touch no true lesion. */
  readonly predictedLesions: number;
  readonly falseLesions: number;
}

/**
 * Compares two masks on one grid, voxel by voxel and lesion by lesion. A voxel is set where it is not 0.
 * @throws Error when they do not fill the grid: whoever reads masks from files checks their grids first.
 */
export function agreement(prediction: Uint8Array, truth: Uint8Array, dims: Dims, zooms: Triple): Agreement {
  if (prediction.length !== truth.length) throw new Error('the masks differ in size');
  let predicted = 0;
  let real = 0;
  let both = 0;
  for (let i = 0; i < truth.length; i += 1) {
    const p = prediction[i] === 0 ? 0 : 1;
    const t = truth[i] === 0 ? 0 : 1;
    predicted += p;
    real += t;
    both += p & t;
  }
  const voxelMm3 = voxelVolumeMm3(zooms);
  const truthHits = touchedComponents(truth, prediction, dims);
  const predictionHits = touchedComponents(prediction, truth, dims);
  const ratio = (part: number, whole: number): number => (whole === 0 ? 1 : part / whole);
  return {
    dice: ratio(2 * both, predicted + real),
    precision: ratio(both, predicted),
    sensitivity: ratio(both, real),
    predictionMm3: predicted * voxelMm3,
    truthMm3: real * voxelMm3,
    overlapMm3: both * voxelMm3,
    truthLesions: truthHits.count,
    foundLesions: truthHits.touched,
    lesionSensitivity: ratio(truthHits.touched, truthHits.count),
    predictedLesions: predictionHits.count,
    falseLesions: predictionHits.count - predictionHits.touched,
  };
}

function touchedComponents(
  mask: Uint8Array,
  other: Uint8Array,
  dims: Dims,
): { count: number; touched: number } {
  const { labels, count } = labelComponents(mask, dims, 26);
  const touched = new Set<number>();
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i] as number;
    if (label !== 0 && other[i] !== 0) touched.add(label);
  }
  return { count, touched: touched.size };
}
