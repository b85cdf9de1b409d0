import { voxelVolumeMm3, type Dims, type Triple } from '../volume/volume';
import { labelComponents } from './components';

/** What became of a lesion between two times. */
export type Change = 'new' | 'gone' | 'grown' | 'shrunk' | 'stable';

/** A lesion over time: the lesions of the first and of the second mask that touch each other, taken together. */
export interface ChangedLesion {
  readonly id: number;
  readonly change: Change;
  readonly beforeMm3: number;
  readonly afterMm3: number;
  /** Mean voxel index of its voxels at either time. */
  readonly centreVox: Triple;
}

export interface LesionChanges {
  /** The largest (at either time) first; `id` is the place in this order, from 1. */
  readonly lesions: readonly ChangedLesion[];
  /** For each voxel set at either time, {@link overlayCodes} of its lesion; else 0. */
  readonly overlay: Uint8Array;
}

/** Values of the overlay. */
export const overlayCodes: Readonly<Record<Change, number>> = {
  stable: 1,
  new: 2,
  gone: 3,
  grown: 4,
  shrunk: 5,
};

/** A lesion has grown or shrunk where its volume differs by more than this share of the first: less is what two scans of one day differ by. */
export const CHANGE_SHARE = 0.25;
/** And by more than so many voxels: those of a rim do not count. */
export const CHANGE_VOXELS = 5;

/**
 * The lesions of two masks on one grid, as lesions over time: components (26-connected) of the two masks together. One that
 * splits, or two that merge, are one lesion over time.
 * @throws Error where the masks do not fill the grid
 */
export function lesionChanges(
  before: Uint8Array,
  after: Uint8Array,
  dims: Dims,
  zooms: Triple,
): LesionChanges {
  if (before.length !== after.length) throw new Error('the masks differ in size');
  const either = before.map((value, i) => (value !== 0 || after[i] !== 0 ? 1 : 0));
  const { labels, count } = labelComponents(either, dims, 26);
  const sums = Array.from({ length: count }, () => ({ before: 0, after: 0, voxels: 0, x: 0, y: 0, z: 0 }));
  for (let i = 0; i < labels.length; i += 1) {
    const label = labels[i] as number;
    const sum = sums[label - 1];
    if (!sum) continue;
    if (before[i] !== 0) sum.before += 1;
    if (after[i] !== 0) sum.after += 1;
    sum.voxels += 1;
    sum.x += i % dims[0];
    sum.y += Math.floor(i / dims[0]) % dims[1];
    sum.z += Math.floor(i / (dims[0] * dims[1]));
  }
  const changes = sums.map((sum) => changeOf(sum.before, sum.after));
  const overlay = Uint8Array.from(labels, (label) => {
    const change = changes[label - 1];
    return change === undefined ? 0 : overlayCodes[change];
  });
  const voxelMm3 = voxelVolumeMm3(zooms);
  const lesions = sums
    .map((sum, at) => ({ sum, change: changes[at] as Change }))
    .sort((a, b) => Math.max(b.sum.before, b.sum.after) - Math.max(a.sum.before, a.sum.after))
    .map(({ sum, change }, at): ChangedLesion => ({
      id: at + 1,
      change,
      beforeMm3: sum.before * voxelMm3,
      afterMm3: sum.after * voxelMm3,
      centreVox: [sum.x / sum.voxels, sum.y / sum.voxels, sum.z / sum.voxels],
    }));
  return { lesions, overlay };
}

/** By numbers of voxels. */
function changeOf(before: number, after: number): Change {
  if (before === 0) return 'new';
  if (after === 0) return 'gone';
  const by = after - before;
  if (Math.abs(by) <= Math.max(CHANGE_VOXELS, CHANGE_SHARE * before)) return 'stable';
  return by > 0 ? 'grown' : 'shrunk';
}
