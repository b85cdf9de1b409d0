import { fillHoles, largestComponent } from '../lesions/components';
import type { Dims, Triple } from '../volume/volume';
import { close, countSet, dilate, erode } from './morphology';

export interface BrainMask {
  /** 1 in the brain (or head), 0 elsewhere, on the values' grid. */
  readonly mask: Uint8Array;
  /** How the mask was found; 'head' means that skull and scalp are in it, and the reader should be told. */
  readonly method: 'skull-stripped' | 'head';
}

/** Largest volume in ml that is still taken for a brain on its own; whole heads measured 2,700 to 3,000. */
const largestBrainMl = 2200;

/**
 * The mask of the brain where the scan has been skull-stripped, else of the head.
 *
 * Skull-stripped: at least three voxels in ten are exactly the background value (0 or the darkest, whichever is more
 * frequent), and what is left looks like a brain on its own. A scanner can also set the air around a whole head to 0, so
 * these are asked, of which most must say brain: few voxels are darker than a quarter of the median (air, bone and sinuses
 * make it 22 to 25 % in the whole heads measured, 3 to 15 % in brains); no border of the grid is cut by it, as the neck
 * cuts the lowest slice; and, where the voxels' sides are given, it is no larger than {@link largestBrainMl}. The mask is
 * then all that is not background: its largest component, with holes filled in 3D and within slices across the third
 * axis.
 *
 * A stack of slices without a header ('stack') has been prepared by someone, its first and last slices may cut the brain,
 * and several brains may follow one another: there all that is not background is brain, with holes within slices filled.
 *
 * Head: Otsu's threshold, opened by one voxel against noise, its largest component, closed by two voxels, holes filled.
 *
 * @param values the scan's values, all finite. Where they are all equal the mask is empty.
 */
export function findBrainMask(
  values: Float32Array,
  dims: Dims,
  zooms?: Triple,
  kind: 'volume' | 'stack' = 'volume',
): BrainMask {
  const stripped = foreground(values);
  if (stripped !== null && kind === 'stack') {
    return { mask: fillHoles(stripped, dims, 2), method: 'skull-stripped' };
  }
  if (stripped !== null) {
    const body = largestComponent(stripped, dims, 6);
    if (looksLikeBrain(values, body, dims, zooms)) {
      return { mask: fillHoles(body, dims, 2), method: 'skull-stripped' };
    }
  }
  const level = otsuLevel(values);
  const bright = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i += 1) bright[i] = (values[i] as number) > level ? 1 : 0;
  const opened = dilate(erode(bright, dims), dims);
  const head = largestComponent(opened.includes(1) ? opened : bright, dims, 6);
  return { mask: fillHoles(close(head, dims, 2), dims, 2), method: 'head' };
}

/** The voxels that are not background, or null where less than three in ten are. */
function foreground(values: Float32Array): Uint8Array | null {
  let darkest = Infinity;
  let zeros = 0;
  let atDarkest = 0;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value === 0) zeros += 1;
    if (value < darkest) {
      darkest = value;
      atDarkest = 0;
    }
    if (value === darkest) atDarkest += 1;
  }
  if (Math.max(zeros, atDarkest) < 0.3 * values.length || Math.max(zeros, atDarkest) === values.length)
    return null;
  const background = zeros >= atDarkest ? 0 : darkest;
  const out = new Uint8Array(values.length);
  for (let i = 0; i < values.length; i += 1) out[i] = values[i] === background ? 0 : 1;
  return out;
}

function looksLikeBrain(
  values: Float32Array,
  body: Uint8Array,
  dims: Dims,
  zooms: Triple | undefined,
): boolean {
  const votes = [darkShare(values, body) < 0.19, largestBorderShare(body, dims) < 0.05];
  if (zooms) votes.push((countSet(body) * zooms[0] * zooms[1] * zooms[2]) / 1000 < largestBrainMl);
  return votes.filter((vote) => vote).length >= 2;
}

/** Share of the mask's voxels darker than a quarter of their median. */
function darkShare(values: Float32Array, mask: Uint8Array): number {
  // Every few voxels are enough for a share; sorting all would be half of the whole function's time.
  const step = Math.max(1, Math.floor(values.length / 500_000)) | 1;
  const sample = new Float32Array(Math.ceil(values.length / step));
  let count = 0;
  for (let i = 0; i < values.length; i += step) if (mask[i] !== 0) sample[count++] = values[i] as number;
  const sorted = sample.subarray(0, count).sort();
  const median = sorted[sorted.length >> 1] ?? 0;
  return sorted.findIndex((value) => value >= median / 4) / Math.max(1, sorted.length);
}

/** The largest share of one of the grid's six faces that the mask covers. */
function largestBorderShare(mask: Uint8Array, dims: Dims): number {
  const strides = [1, dims[0], dims[0] * dims[1]] as const;
  let largest = 0;
  for (const axis of [0, 1, 2] as const) {
    const [u, v] = ([0, 1, 2] as const).filter((other) => other !== axis) as [0 | 1 | 2, 0 | 1 | 2];
    for (const position of [0, dims[axis] - 1]) {
      let covered = 0;
      for (let j = 0; j < dims[v]; j += 1) {
        for (let i = 0; i < dims[u]; i += 1) {
          covered += mask[position * strides[axis] + i * strides[u] + j * strides[v]] as number;
        }
      }
      largest = Math.max(largest, covered / (dims[u] * dims[v]));
    }
  }
  return largest;
}

/**
 * Otsu's threshold (1979): the level that parts the values into two classes with the largest variance between them, over
 * 256 bins. The range ends at the brightest value but one in a thousand, so that a few extreme voxels do not use it up.
 */
function otsuLevel(values: Float32Array): number {
  let low = Infinity;
  let high = -Infinity;
  for (let i = 0; i < values.length; i += 1) {
    const value = values[i] as number;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (!(high > low)) return high;
  const fine = new Float64Array(4096);
  const scale = 4096 / (high - low);
  for (let i = 0; i < values.length; i += 1) {
    const bin = Math.min(4095, Math.floor(((values[i] as number) - low) * scale));
    fine[bin] = (fine[bin] as number) + 1;
  }
  let end = 4095;
  for (let above = 0; end > 15; end -= 1) {
    above += fine[end] as number;
    if (above > values.length / 1000) break;
  }
  let total = 0;
  let sum = 0;
  for (let bin = 0; bin < 4096; bin += 1) {
    const at = Math.min(bin, end);
    total += fine[bin] as number;
    sum += (fine[bin] as number) * at;
  }
  let below = 0;
  let sumBelow = 0;
  let best = -1;
  let firstBest = 0;
  let lastBest = 0;
  for (let bin = 0; bin < end; bin += 1) {
    below += fine[bin] as number;
    sumBelow += (fine[bin] as number) * bin;
    if (below === 0 || below === total) continue;
    const between = (sum * below - total * sumBelow) ** 2 / (below * (total - below));
    if (between > best) {
      best = between;
      firstBest = bin;
    }
    // Across an empty stretch the criterion is flat: its middle is taken.
    if (between === best) lastBest = bin;
  }
  return low + ((firstBest + lastBest) / 2 + 1) / scale;
}
