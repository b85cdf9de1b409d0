import { orientationOf } from '../geometry/affine';
import { percentileOfSorted, sortedInside } from '../imaging/percentiles';
import { createRandom, type Random } from '../random';
import type { Affine, Dims, Triple } from '../volume/volume';
import { wave, waveSum, type Wave } from './waves';

export interface ImplantInput {
  /** The scan's true values; not changed. */
  readonly values: Float32Array;
  readonly dims: Dims;
  readonly zooms: Triple;
  /** Says which axis runs from bottom to top; without it that is the third, upwards. */
  readonly affine?: Affine;
  /** Brain mask on the same grid. */
  readonly mask: Uint8Array;
  readonly seed: number;
  /** How many lesions to try for; 40 unless given. */
  readonly count?: number;
  /** Smallest and largest mean radius; 5 and 12 mm unless given. */
  readonly radiusMm?: readonly [number, number];
  /**
   * Slabs of axial slices that lesions may lie in, each from and to a share of the brain's height above its lowest slice.
   * Unless given two slabs of 22 %, so that more than half of the slices stay untouched, at low, middle and high levels.
   */
  readonly slabs?: readonly (readonly [number, number])[];
}

export interface ImplantedLesion {
  readonly centreVox: Triple;
  /** Half axes: two within the slice, the third across. */
  readonly radiiMm: Triple;
  /** Value at its core, in the scan's unit. */
  readonly level: number;
  /** Voxels of the truth that it accounts for. */
  readonly voxels: number;
}

export interface ImplantedScan {
  /** The scan with the implanted lesions. A new array. */
  readonly values: Float32Array;
  /** 1 where a lesion was implanted with a weight above one half. */
  readonly truth: Uint8Array;
  readonly lesions: readonly ImplantedLesion[];
  /** Source voxel axis across the axial slices. */
  readonly sliceAxis: 0 | 1 | 2;
  /** For each slice across that axis 1 where any voxel was changed. */
  readonly touched: Uint8Array;
}

const defaultSlabs = [
  [0.28, 0.5],
  [0.6, 0.82],
] as const;

/** Distance that stays between a lesion and the border of the brain, and between two lesions. */
const marginMm = 3;
const gapMm = 3;
/**
 * Least contrast of a lesion to the tissue that it replaces, as a share of the brain's range of values. The medians of
 * real lesions and of the brain lie 0.20 and 0.22 of that range apart in the FLAIR scans of the two patients of the open
 * Ljubljana set with 1 mm voxels (0.5th to 99.95th percentile).
 */
const leastContrast = 0.2;

/**
 * Implants bright lesions of known shape into a scan: THEY ARE MADE UP, no disease is in them. For demonstrations and
 * tests, where a truth is needed that no training has seen.
 *
 * Each is a warped ellipsoid with a soft edge of about half a millimetre, inside the brain, on tissue that is fairly even and
 * darker than the lesion, and blends the scan towards a level between the 99.85th and the 99.9th percentile of the brain,
 * with a little texture: nowhere is it brighter than the 99.9th. Radii are spread evenly. The load is heavy: by default about
 * 5 % of a brain, as the 4.5 % of patient 19 of the open Ljubljana set, in fewer and larger lesions. The same
 * seed gives the same lesions. Where a scan has no room, there are fewer.
 */
export function implantLesions(input: ImplantInput): ImplantedScan {
  const { dims, zooms, mask } = input;
  const size = dims[0] * dims[1] * dims[2];
  if (input.values.length !== size || mask.length !== size)
    throw new Error('values and mask do not fill the grid');
  const values = input.values.slice();
  const truth = new Uint8Array(size);
  const { sliceAxis, upwards } = axialAxis(input.affine);
  const touched = new Uint8Array(dims[sliceAxis]);
  const none = { values, truth, lesions: [], sliceAxis, touched };

  const inside = sortedInside(values, mask);
  const bounds = maskBounds(mask, dims);
  if (inside.length === 0 || !bounds) return none;
  const levels = [percentileOfSorted(inside, 99.85), percentileOfSorted(inside, 99.9)] as const;
  const range = percentileOfSorted(inside, 99.95) - percentileOfSorted(inside, 0.5);
  if (!(range > 0)) return none;

  const random = createRandom(input.seed);
  const { count = 40, radiusMm = [5, 12] } = input;
  const slabs = (input.slabs ?? defaultSlabs).map((slab) => slabSlices(slab, bounds, sliceAxis, upwards));
  const darkest = percentileOfSorted(inside, 25);
  const site: Site = { original: input.values, mask, dims, zooms, sliceAxis, range, darkest };
  const placed: Shape[] = [];
  const lesions: ImplantedLesion[] = [];
  // From large to small, because the large ones find room least easily.
  for (let i = count - 1; i >= 0; i -= 1) {
    const radius = radiusMm[0] + (radiusMm[1] - radiusMm[0]) * ((i + random.next()) / count);
    const shape = findRoom(site, radius, slabs, bounds, levels, placed, random);
    if (!shape) continue;
    placed.push(shape);
    lesions.push({
      centreVox: shape.centre,
      radiiMm: shape.radii,
      level: shape.level,
      voxels: paint(site, shape, values, truth, touched, levels[1]),
    });
  }
  return { values, truth, lesions, sliceAxis, touched };
}

interface Site {
  readonly original: Float32Array;
  readonly mask: Uint8Array;
  readonly dims: Dims;
  readonly zooms: Triple;
  readonly sliceAxis: 0 | 1 | 2;
  readonly range: number;
  /** Mean value below which a place is not tissue: CSF is the darkest part of a brain. */
  readonly darkest: number;
}

interface Shape {
  readonly centre: Triple;
  readonly radii: Triple;
  /** Turn within the slice, in radians. */
  readonly angle: number;
  readonly level: number;
  readonly slab: readonly [number, number];
  /** Bends the surface; a sum of waves per mm, scaled by `warp`. */
  readonly waves: readonly Wave[];
  readonly warp: number;
  /** Ripples within the lesion. */
  readonly texture: readonly Wave[];
}

function axialAxis(affine: Affine | undefined): { sliceAxis: 0 | 1 | 2; upwards: boolean } {
  if (!affine) return { sliceAxis: 2, upwards: true };
  const orientation = orientationOf(affine);
  const sliceAxis = orientation.findIndex((axis) => axis.worldAxis === 2) as 0 | 1 | 2;
  return { sliceAxis, upwards: !orientation[sliceAxis].reversed };
}

function maskBounds(mask: Uint8Array, dims: Dims): { low: Triple; high: Triple } | null {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-1, -1, -1];
  let at = 0;
  for (let z = 0; z < dims[2]; z += 1) {
    for (let y = 0; y < dims[1]; y += 1) {
      for (let x = 0; x < dims[0]; x += 1, at += 1) {
        if (mask[at] === 0) continue;
        if (x < low[0]) low[0] = x;
        if (x > high[0]) high[0] = x;
        if (y < low[1]) low[1] = y;
        if (y > high[1]) high[1] = y;
        if (z < low[2]) low[2] = z;
        if (z > high[2]) high[2] = z;
      }
    }
  }
  return high[0] < 0 ? null : { low, high };
}

/** First and last slice of a slab given as shares of the brain's height. */
function slabSlices(
  slab: readonly [number, number],
  bounds: { low: Triple; high: Triple },
  axis: 0 | 1 | 2,
  upwards: boolean,
): readonly [number, number] {
  const bottom = upwards ? bounds.low[axis] : bounds.high[axis];
  const height = (bounds.high[axis] - bounds.low[axis]) * (upwards ? 1 : -1);
  const ends = [Math.round(bottom + slab[0] * height), Math.round(bottom + slab[1] * height)] as const;
  return [Math.min(...ends), Math.max(...ends)];
}

/** A shape of about this radius where there is room for it, or null after a thousand tries. */
function findRoom(
  site: Site,
  radius: number,
  slabs: readonly (readonly [number, number])[],
  bounds: { low: Triple; high: Triple },
  levels: readonly [number, number],
  placed: readonly Shape[],
  random: Random,
): Shape | null {
  const { sliceAxis, dims } = site;
  for (let attempt = 0; attempt < 1000; attempt += 1) {
    const slab = slabs[random.integer(slabs.length)];
    if (!slab) return null;
    const stretch = Math.exp(random.uniform(-0.3, 0.3));
    const shape: Shape = {
      centre: ([0, 1, 2] as const).map((axis) => {
        const [low, high] = axis === sliceAxis ? slab : [bounds.low[axis], bounds.high[axis]];
        return low + random.integer(high - low + 1);
      }) as unknown as Triple,
      radii: [radius * stretch, radius / stretch, radius * random.uniform(0.7, 1)],
      angle: random.uniform(0, Math.PI),
      level: random.uniform(levels[0], levels[1]),
      slab,
      waves: Array.from({ length: 4 }, () => wave(random, 3 * radius)),
      warp: random.uniform(0.05, 0.2),
      texture: Array.from({ length: 4 }, () => wave(random, 5)),
    };
    const { centre } = shape;
    const middle = centre[0] + dims[0] * (centre[1] + dims[1] * centre[2]);
    if (site.mask[middle] === 0) continue;
    // A place whose middle is as bright as the lesion is seldom dark enough on the whole: a quick way out.
    if ((site.original[middle] as number) > shape.level - 0.5 * leastContrast * site.range) continue;
    if (fits(site, shape, placed) && contrasts(site, shape)) return shape;
  }
  return null;
}

/** Whether it keeps its distance from the brain's border, from its slab's ends and from the other lesions. */
function fits(site: Site, shape: Shape, placed: readonly Shape[]): boolean {
  const { dims, zooms, mask, sliceAxis } = site;
  const largest = Math.max(...shape.radii);
  const half = shape.radii[2] * (1 + shape.warp) + 1;
  const [first, last] = shape.slab;
  const position = shape.centre[sliceAxis];
  if (Math.min(position - first, last - position) * zooms[sliceAxis] < half) return false;
  for (const other of placed) {
    const distance = Math.hypot(
      ...([0, 1, 2] as const).map((axis) => (shape.centre[axis] - other.centre[axis]) * zooms[axis]),
    );
    if (distance < (largest + Math.max(...other.radii)) * 1.2 + gapMm) return false;
  }
  for (let direction = 0; direction < 27; direction += 1) {
    const step = [(direction % 3) - 1, (Math.floor(direction / 3) % 3) - 1, Math.floor(direction / 9) - 1];
    const length = Math.hypot(...step);
    if (length === 0) continue;
    for (const reach of [0.5 * largest, largest + marginMm]) {
      const [x, y, z] = ([0, 1, 2] as const).map((axis) =>
        Math.round(shape.centre[axis] + ((step[axis] as number) * reach) / length / zooms[axis]),
      ) as [number, number, number];
      if (x < 0 || y < 0 || z < 0 || x >= dims[0] || y >= dims[1] || z >= dims[2]) return false;
      if (mask[x + dims[0] * (y + dims[1] * z)] === 0) return false;
    }
  }
  return true;
}

/** Whether the tissue that it would replace is even, holds no CSF, and is clearly darker than the lesion. */
function contrasts(site: Site, shape: Shape): boolean {
  let sum = 0;
  let squares = 0;
  let weights = 0;
  forEachVoxel(site, shape, (index, weight) => {
    if (weight <= 0.5) return;
    const value = site.original[index] as number;
    sum += value;
    squares += value * value;
    weights += 1;
  });
  if (weights === 0) return false;
  const mean = sum / weights;
  const deviation = Math.sqrt(Math.max(0, squares / weights - mean * mean));
  const contrast = (shape.level - mean) / site.range;
  return mean >= site.darkest && contrast >= leastContrast && deviation <= 0.12 * site.range;
}

/** Visits the voxels that the lesion changes, with its weight there (0..1) and the offset from its centre in mm. */
function forEachVoxel(
  site: Site,
  shape: Shape,
  visit: (index: number, weight: number, offset: Triple, slice: number) => void,
): void {
  const { dims, zooms, mask, sliceAxis } = site;
  const [u, v] = ([0, 1, 2] as const).filter((axis) => axis !== sliceAxis) as [0 | 1 | 2, 0 | 1 | 2];
  const reach = Math.max(...shape.radii) * 1.3 + 2;
  const ranges = ([0, 1, 2] as const).map((axis) => {
    const steps = Math.ceil(reach / zooms[axis]);
    const [first, last] = axis === sliceAxis ? shape.slab : [0, dims[axis] - 1];
    return [Math.max(first, shape.centre[axis] - steps), Math.min(last, shape.centre[axis] + steps)];
  }) as [[number, number], [number, number], [number, number]];
  const [cos, sin] = [Math.cos(shape.angle), Math.sin(shape.angle)];
  // The edge falls from 0.88 to 0.12 within 0.4 mm.
  const sharpness = 10 * Math.min(...shape.radii);
  for (let z = ranges[2][0]; z <= ranges[2][1]; z += 1) {
    for (let y = ranges[1][0]; y <= ranges[1][1]; y += 1) {
      for (let x = ranges[0][0]; x <= ranges[0][1]; x += 1) {
        const index = x + dims[0] * (y + dims[1] * z);
        if (mask[index] === 0) continue;
        const voxel = [x, y, z] as const;
        const offset = ([0, 1, 2] as const).map(
          (axis) => (voxel[axis] - shape.centre[axis]) * zooms[axis],
        ) as unknown as Triple;
        const along = (offset[u] * cos + offset[v] * sin) / shape.radii[0];
        const across = (offset[v] * cos - offset[u] * sin) / shape.radii[1];
        const through = offset[sliceAxis] / shape.radii[2];
        const distance = Math.hypot(along, across, through) + (shape.warp / 2) * waveSum(shape.waves, offset);
        const weight = 1 / (1 + Math.exp(sharpness * (distance - 1)));
        if (weight > 0.02) visit(index, weight, offset, voxel[sliceAxis]);
      }
    }
  }
}

/** Blends the lesion in; returns the voxels that it adds to the truth. */
function paint(
  site: Site,
  shape: Shape,
  values: Float32Array,
  truth: Uint8Array,
  touched: Uint8Array,
  brightest: number,
): number {
  let voxels = 0;
  forEachVoxel(site, shape, (index, weight, offset, slice) => {
    const before = values[index] as number;
    const level = Math.min(brightest, shape.level + 0.002 * site.range * waveSum(shape.texture, offset));
    const blended = before + weight * (level - before);
    // Never darker than the tissue was, and never brighter than the scan's own brightest.
    values[index] = Math.max(before, Math.min(blended, Math.max(before, brightest)));
    touched[slice] = 1;
    if (weight > 0.5 && truth[index] === 0) {
      truth[index] = 1;
      voxels += 1;
    }
  });
  return voxels;
}
