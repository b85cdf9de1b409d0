import { applyAffine } from '../geometry/affine';
import { voxelVolumeMm3, type Affine, type Dims, type Triple } from '../volume/volume';

/** One lesion of a label map. */
export interface LesionRow {
  /** 1 is the largest. */
  readonly id: number;
  /** Its number in the label map that the table was made from. */
  readonly label: number;
  readonly voxels: number;
  readonly volumeMm3: number;
  /** Mean position of its voxels: in voxel indices, and in mm (RAS+). */
  readonly centreVox: Triple;
  readonly centreMm: Triple;
  /** Sides of its bounding box along the voxel axes. */
  readonly extentMm: Triple;
  /** Of I_ro; null where there is none (the intensity baseline). */
  readonly meanIro: number | null;
  readonly maxIro: number | null;
  /** Mean over the lesion of the standard deviation of I_ro over several predictions; null where there is one alone. */
  readonly spreadIro: number | null;
  /** Of the scan, in its own unit. */
  readonly meanScan: number;
  readonly maxScan: number;
  /** First and last voxel index along the slicing axis. */
  readonly slices: readonly [number, number];
}

export interface LesionTableInput {
  /** Label map: 0, or 1..count. */
  readonly labels: Int32Array;
  readonly count: number;
  readonly volume: { readonly dims: Dims; readonly affine: Affine; readonly zooms: Triple };
  /** The scan's true values on the same grid. */
  readonly scan: Float32Array;
  readonly iro?: Float32Array;
  readonly spread?: Float32Array;
  /** Source voxel axis across the slices; 2 unless given. */
  readonly sliceAxis?: 0 | 1 | 2;
}

/** One row a lesion, the largest first; equal sizes in the order of their labels. */
export function lesionTable(input: LesionTableInput): LesionRow[] {
  const { labels, count, volume, scan, iro, spread, sliceAxis = 2 } = input;
  const { dims, affine, zooms } = volume;
  if (labels.length !== dims[0] * dims[1] * dims[2] || scan.length !== labels.length) {
    throw new Error('labels and scan do not fill the grid');
  }
  const sums = Array.from({ length: count }, (_, i) => newSum(i + 1));
  let at = 0;
  for (let z = 0; z < dims[2]; z += 1) {
    for (let y = 0; y < dims[1]; y += 1) {
      for (let x = 0; x < dims[0]; x += 1, at += 1) {
        const label = labels[at] as number;
        if (label === 0) continue;
        const lesion = sums[label - 1];
        if (!lesion) throw new Error(`label ${label} is above the count`);
        addVoxel(lesion, [x, y, z], scan[at] as number, iro?.[at]);
        lesion.spread += spread?.[at] ?? 0;
      }
    }
  }
  return sums
    .filter((lesion) => lesion.voxels > 0)
    .sort((a, b) => b.voxels - a.voxels || a.label - b.label)
    .map((lesion, index) => ({
      ...rowOf(lesion, index + 1, affine, zooms, iro !== undefined, sliceAxis),
      spreadIro: spread ? lesion.spread / lesion.voxels : null,
    }));
}

/** Column names, then one line a lesion: numbers with as many digits as mean something. For a CSV writer. */
export function lesionCsvRows(rows: readonly LesionRow[]): (string | number)[][] {
  const header = [
    ...[
      'id',
      'voxels',
      'volume_mm3',
      'centre_i',
      'centre_j',
      'centre_k',
      'centre_x_mm',
      'centre_y_mm',
      'centre_z_mm',
    ],
    ...['extent_i_mm', 'extent_j_mm', 'extent_k_mm', 'mean_iro', 'max_iro', 'mean_scan', 'max_scan'],
    ...['first_slice', 'last_slice', 'spread_iro'],
  ];
  const round = (value: number | null, digits: number): string | number =>
    value === null ? '' : Number(value.toPrecision(15)) === 0 ? 0 : Number(value.toFixed(digits));
  const significant = (value: number): number => Number(value.toPrecision(6));
  return [
    header,
    ...rows.map((row) => [
      row.id,
      row.voxels,
      round(row.volumeMm3, 2),
      ...row.centreVox.map((value) => round(value, 2)),
      ...row.centreMm.map((value) => round(value, 2)),
      ...row.extentMm.map((value) => round(value, 2)),
      round(row.meanIro, 4),
      round(row.maxIro, 4),
      significant(row.meanScan),
      significant(row.maxScan),
      ...row.slices,
      round(row.spreadIro, 4),
    ]),
  ];
}

interface Sum {
  readonly label: number;
  voxels: number;
  readonly position: [number, number, number];
  readonly low: [number, number, number];
  readonly high: [number, number, number];
  iro: number;
  maxIro: number;
  spread: number;
  scan: number;
  maxScan: number;
}

function newSum(label: number): Sum {
  return {
    label,
    voxels: 0,
    position: [0, 0, 0],
    low: [Infinity, Infinity, Infinity],
    high: [-1, -1, -1],
    iro: 0,
    maxIro: -Infinity,
    spread: 0,
    scan: 0,
    maxScan: -Infinity,
  };
}

function addVoxel(lesion: Sum, voxel: Triple, scan: number, iro: number | undefined): void {
  lesion.voxels += 1;
  for (const axis of [0, 1, 2] as const) {
    lesion.position[axis] += voxel[axis];
    lesion.low[axis] = Math.min(lesion.low[axis], voxel[axis]);
    lesion.high[axis] = Math.max(lesion.high[axis], voxel[axis]);
  }
  lesion.scan += scan;
  lesion.maxScan = Math.max(lesion.maxScan, scan);
  if (iro === undefined) return;
  lesion.iro += iro;
  lesion.maxIro = Math.max(lesion.maxIro, iro);
}

function rowOf(
  lesion: Sum,
  id: number,
  affine: Affine,
  zooms: Triple,
  hasIro: boolean,
  sliceAxis: 0 | 1 | 2,
): Omit<LesionRow, 'spreadIro'> {
  const centreVox = lesion.position.map((sum) => sum / lesion.voxels) as [number, number, number];
  const extent = (axis: 0 | 1 | 2): number => (lesion.high[axis] - lesion.low[axis] + 1) * zooms[axis];
  return {
    id,
    label: lesion.label,
    voxels: lesion.voxels,
    volumeMm3: lesion.voxels * voxelVolumeMm3(zooms),
    centreVox,
    centreMm: applyAffine(affine, centreVox),
    extentMm: [extent(0), extent(1), extent(2)],
    meanIro: hasIro ? lesion.iro / lesion.voxels : null,
    maxIro: hasIro ? lesion.maxIro : null,
    meanScan: lesion.scan / lesion.voxels,
    maxScan: lesion.maxScan,
    slices: [lesion.low[sliceAxis], lesion.high[sliceAxis]],
  };
}
