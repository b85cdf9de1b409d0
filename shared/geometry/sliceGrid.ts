import { z } from 'zod';
import { ExpectedError } from '../failure';
import type { Affine, Dims, Triple } from '../volume/volume';
import { applyAffine, invertAffine, isUsableAffine, orientationOf } from './affine';
import { resampleLines, samplesOf, type Interpolation } from './linearResampling';
import {
  slicePoint,
  voxelPoint,
  worldPoint,
  type SlicePoint,
  type VoxelPoint,
  type WorldPoint,
} from './points';

/** Which anatomical plane the slices lie in. */
export const slicePlaneSchema = z.enum(['axial', 'coronal', 'sagittal']);
export type SlicePlane = z.infer<typeof slicePlaneSchema>;

/**
 * How a volume becomes a stack of equally sized slices and how the stack goes back. Plain data: it is stored with
 * prepared sets, runs and masks.
 *
 * Slices are laid out for radiological display: axial rows run from anterior to posterior and columns from the
 * patient's right to left; coronal rows from superior to inferior, columns right to left; sagittal rows superior to
 * inferior, columns anterior to posterior. Slice 0 is the most inferior (axial), posterior-most (coronal) or
 * right-most (sagittal). No resampling happens along the slicing axis: slice k is one plane of the source's voxels.
 */
export interface SliceGrid {
  readonly version: 1;
  readonly sourceDims: Dims;
  readonly sourceZooms: Triple;
  readonly sourceAffine: Affine;
  readonly plane: SlicePlane;
  /** Source voxel axis (0, 1, 2) that runs along columns (left to right on screen), rows (downwards) and slices. */
  readonly axes: readonly [number, number, number];
  /** Whether the source axis runs against the column, row or slice direction. */
  readonly flips: readonly [boolean, boolean, boolean];
  /** Pixel rows and columns of a slice; each a multiple of 16. */
  readonly height: number;
  readonly width: number;
  /** Number of slices: the source's extent along the slicing axis. */
  readonly count: number;
  /** In-plane size of a pixel in mm, the same along rows and columns. */
  readonly pixelMm: number;
  /**
   * Where the centre of the slice lies: source voxel position, in units of reoriented voxels along columns and rows
   * (0 is the centre of the first voxel).
   */
  readonly centreVox: readonly [number, number];
  /** How pixelMm was chosen. */
  readonly fit: 'brain' | 'spacing';
}

export type { Interpolation } from './linearResampling';

const positive = z.number().positive();
const axis = z.union([z.literal(0), z.literal(1), z.literal(2)]);
const slicePixels = z.number().int().min(16).max(1024).multipleOf(16);
const extent = z.number().int().min(1);

/** What a {@link SliceGrid} read from a file must be. */
export const sliceGridSchema = z.strictObject({
  version: z.literal(1),
  sourceDims: z.tuple([extent, extent, extent]),
  sourceZooms: z.tuple([positive, positive, positive]),
  sourceAffine: z.array(z.number()).length(16).refine(isUsableAffine, 'the affine has no inverse'),
  plane: slicePlaneSchema,
  axes: z
    .tuple([axis, axis, axis])
    .refine((axes) => new Set(axes).size === 3, 'each axis has to appear once'),
  flips: z.tuple([z.boolean(), z.boolean(), z.boolean()]),
  height: slicePixels,
  width: slicePixels,
  count: extent,
  pixelMm: positive,
  centreVox: z.tuple([z.number(), z.number()]),
  fit: z.enum(['brain', 'spacing']),
}) satisfies z.ZodType<SliceGrid>;

/** World axis (0 right, 1 anterior, 2 superior) and sign of the column, row and slice direction of each plane. */
const layouts: Readonly<Record<SlicePlane, readonly (readonly [number, 1 | -1])[]>> = {
  axial: [
    [0, -1],
    [1, -1],
    [2, 1],
  ],
  coronal: [
    [0, -1],
    [2, -1],
    [1, 1],
  ],
  sagittal: [
    [1, -1],
    [2, -1],
    [0, -1],
  ],
};

const planeAcross: readonly SlicePlane[] = ['sagittal', 'coronal', 'axial'];

/** Voxels at least this much longer than their other two sides are thick slices, and are sliced along that side. */
export const thickSliceRatio = 1.5;

/** Pixels left free around the brain where the slice is fitted to it. */
export const brainMarginPx = 4;

export interface SliceGridOptions {
  readonly plane?: SlicePlane;
  /** Pixel rows of a slice, a multiple of 16; 160 unless given. */
  readonly height?: number;
  /** Pixel columns of a slice, a multiple of 16; 160 unless given. */
  readonly width?: number;
  /** Size of a pixel; unless given, the brain is made to fill the slice. */
  readonly pixelMm?: number;
}

/**
 * The slice grid of a volume. Axes are the closest canonical ones (nothing is rotated); the plane is axial, or across the
 * long side of the voxels where that is at least {@link thickSliceRatio} times the others. Slices are centred on the
 * middle of the brain's bounding box and scaled so that the box fills them up to {@link brainMarginPx} pixels ("brain"),
 * or have pixels of the given size ("spacing"), which lie on voxels where they are as large. Where the source's planes already are of the slice's size and have square
 * voxels, they are taken pixel for pixel, so that a prepared stack passes through unchanged.
 *
 * @param mask brain mask on the source grid; where it is empty the whole grid stands for the brain.
 * @throws ExpectedError settings-invalid for a size that is not a positive multiple of 16 or a pixel size that is not
 *   positive.
 */
export function chooseSliceGrid(
  volume: { readonly dims: Dims; readonly affine: Affine; readonly zooms: Triple },
  mask: Uint8Array,
  options: SliceGridOptions = {},
): SliceGrid {
  const { height = 160, width = 160, pixelMm } = options;
  checkSizes(height, width, pixelMm);
  const { dims, affine, zooms } = volume;
  if (mask.length !== dims[0] * dims[1] * dims[2]) throw new Error('the mask is not on the source grid');

  const layout = planeOrientation(volume, options.plane);
  const [column, row] = [0, 1].map((direction) => ({
    source: layout.axes[direction] as 0 | 1 | 2,
    flip: layout.flips[direction] as boolean,
  })) as [AxisUse, AxisUse];
  const grid = {
    version: 1,
    ...layout,
    sourceAffine: [...affine],
    height,
    width,
    count: dims[layout.axes[2] as 0 | 1 | 2],
  } as const;

  const columnMm = zooms[column.source];
  const rowMm = zooms[row.source];
  const same = dims[column.source] === width && dims[row.source] === height;
  const square = Math.abs(columnMm - rowMm) <= 1e-3 * columnMm;
  if (same && square && (pixelMm === undefined || Math.abs(pixelMm - columnMm) <= 1e-3 * columnMm)) {
    return { ...grid, pixelMm: columnMm, centreVox: [(width - 1) / 2, (height - 1) / 2], fit: 'spacing' };
  }

  const box = boundingBox(mask, dims);
  const columns = alongDirection(box, column, dims);
  const rows = alongDirection(box, row, dims);
  const centreVox = [(columns[0] + columns[1]) / 2, (rows[0] + rows[1]) / 2] as const;
  if (pixelMm !== undefined) {
    const spaced = { ...grid, pixelMm, fit: 'spacing' } as const;
    const isVoxel = square && Math.abs(pixelMm - columnMm) <= 1e-3 * columnMm;
    // Pixels of the voxels' size lie on voxels: half a voxel aside they would blur the scan for nothing. (Sides are even.)
    return { ...spaced, centreVox: isVoxel ? [onVoxels(centreVox[0]), onVoxels(centreVox[1])] : centreVox };
  }
  const fitted = Math.max(
    ((columns[1] - columns[0] + 1) * columnMm) / (width - 2 * brainMarginPx),
    ((rows[1] - rows[0] + 1) * rowMm) / (height - 2 * brainMarginPx),
  );
  return { ...grid, pixelMm: fitted, centreVox, fit: 'brain' };
}

/** The nearest place halfway between two voxels. */
function onVoxels(centreVox: number): number {
  return Math.floor(centreVox) + 0.5;
}

/**
 * Which of a volume's axes run along the columns, rows and slices of a plane, and in which direction. Needs no voxels.
 *
 * @param plane unless given: axial, or across the long side of thick slices (see {@link chooseSliceGrid}).
 */
export function planeOrientation(
  { dims, affine, zooms }: { readonly dims: Dims; readonly affine: Affine; readonly zooms: Triple },
  plane?: SlicePlane,
): Pick<SliceGrid, 'plane' | 'axes' | 'flips' | 'sourceDims' | 'sourceZooms'> {
  const orientation = orientationOf(affine);
  const chosen = plane ?? planeAcross[orientation[thickAxis(zooms) ?? axisAlong(affine, 2)].worldAxis];
  if (chosen === undefined) throw new Error('no plane across that axis');
  const [column, row, slice] = layouts[chosen].map(([worldAxis, sign]) => {
    const source = axisAlong(affine, worldAxis);
    return { source, flip: orientation[source].reversed !== sign < 0 };
  }) as [AxisUse, AxisUse, AxisUse];
  return {
    plane: chosen,
    axes: [column.source, row.source, slice.source],
    flips: [column.flip, row.flip, slice.flip],
    sourceDims: [...dims],
    sourceZooms: [...zooms],
  };
}

/**
 * A volume's values as slices: [count, height, width], columns fastest. Within the plane each pixel is a weighted mean of
 * the voxels around it (linear interpolation; where pixels are larger than voxels the triangle is widened to match, so
 * that nothing aliases), or its nearest voxel. Across the planes nothing is resampled. Pixels whose centre lies outside
 * the source are background.
 *
 * @param values on the source grid, x fastest; not changed.
 */
export function volumeToSlices(
  grid: SliceGrid,
  values: Float32Array,
  options: { readonly background?: number; readonly method?: Interpolation } = {},
): Float32Array {
  const { background = 0, method = 'linear' } = options;
  const { across, down, strides, base } = prepare(grid, values.length);
  const columns = samplesOf(
    grid.width,
    across.size,
    (pixel) => toSource(grid, 0, pixel),
    across.scale,
    method,
  );
  const rows = samplesOf(grid.height, down.size, (pixel) => toSource(grid, 1, pixel), down.scale, method);
  const out = new Float32Array(grid.count * grid.height * grid.width);
  const resized = new Float32Array(down.size * grid.width);
  for (let slice = 0; slice < grid.count; slice += 1) {
    const start = base + slice * strides[2];
    resampleLines(
      values,
      start,
      strides[1],
      strides[0],
      down.size,
      columns,
      resized,
      0,
      grid.width,
      1,
      background,
    );
    const at = slice * grid.height * grid.width;
    resampleLines(resized, 0, 1, grid.width, grid.width, rows, out, at, 1, grid.width, background);
  }
  return out;
}

/**
 * Slices back onto the source grid, x fastest: the inverse of {@link volumeToSlices} up to resampling. A mask goes back
 * with 'nearest', a map with 'linear' (the triangle widened where voxels are larger than pixels). Voxels whose centre
 * lies outside what the slices cover are 0.
 *
 * @param slices [count, height, width]; not changed.
 */
export function slicesToVolume(grid: SliceGrid, slices: Uint8Array, method: 'nearest'): Uint8Array;
export function slicesToVolume(grid: SliceGrid, slices: Float32Array, method: Interpolation): Float32Array;
export function slicesToVolume(
  grid: SliceGrid,
  slices: Float32Array | Uint8Array,
  method: Interpolation,
): Float32Array | Uint8Array {
  if (slices.length !== grid.count * grid.height * grid.width)
    throw new Error('the slices do not fill the grid');
  if (slices instanceof Uint8Array && method !== 'nearest') throw new Error('a mask goes back with nearest');
  const total = grid.sourceDims[0] * grid.sourceDims[1] * grid.sourceDims[2];
  const { across, down, strides, base } = prepare(grid, total);
  const columns = samplesOf(
    across.size,
    grid.width,
    (voxel) => toPixel(grid, 0, voxel),
    1 / across.scale,
    method,
  );
  const rows = samplesOf(down.size, grid.height, (voxel) => toPixel(grid, 1, voxel), 1 / down.scale, method);
  const out = slices instanceof Uint8Array ? new Uint8Array(total) : new Float32Array(total);
  const resized = new Float32Array(grid.height * across.size);
  for (let slice = 0; slice < grid.count; slice += 1) {
    const at = slice * grid.height * grid.width;
    resampleLines(slices, at, grid.width, 1, grid.height, columns, resized, 0, across.size, 1, 0);
    const start = base + slice * strides[2];
    resampleLines(resized, 0, 1, across.size, across.size, rows, out, start, strides[0], strides[1], 0);
  }
  return out;
}

/** One plane of the source's voxels as the slices are laid out, before anything is resampled: columns fastest. */
export interface SourcePlane {
  readonly columns: number;
  readonly rows: number;
  readonly values: Float32Array;
  /** The slice grid of this plane alone: its one slice is that of the whole grid. */
  readonly grid: SliceGrid;
  /** Where the borders of the slice lie on the plane, in its voxels from the plane's own left and upper border. */
  readonly slice: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
}

/** The plane of the source that a slice is made of. @param values on the source grid, x fastest; not changed */
export function sourcePlane(grid: SliceGrid, values: Float32Array | Uint8Array, slice: number): SourcePlane {
  const { across, down, strides, base } = prepare(grid, values.length);
  const out = new Float32Array(across.size * down.size);
  let at = 0;
  for (let row = 0; row < down.size; row += 1) {
    let from = base + slice * strides[2] + row * strides[1];
    for (let column = 0; column < across.size; column += 1, at += 1, from += strides[0])
      out[at] = values[from] as number;
  }
  const zooms = grid.axes.map((source) => grid.sourceZooms[source as 0 | 1 | 2]) as [number, number, number];
  return {
    columns: across.size,
    rows: down.size,
    values: out,
    grid: {
      ...grid,
      sourceDims: [across.size, down.size, 1],
      sourceZooms: zooms,
      axes: [0, 1, 2],
      flips: [false, false, false],
      count: 1,
    },
    slice: {
      left: toSource(grid, 0, -0.5) + 0.5,
      top: toSource(grid, 1, -0.5) + 0.5,
      right: toSource(grid, 0, grid.width - 0.5) + 0.5,
      bottom: toSource(grid, 1, grid.height - 0.5) + 0.5,
    },
  };
}

/** Where a voxel lies in the stack of slices. */
export function voxelToSlice(grid: SliceGrid, voxel: VoxelPoint): SlicePoint {
  const along = (direction: 0 | 1 | 2): number => {
    const source = grid.axes[direction] as 0 | 1 | 2;
    const position = voxel[source];
    return grid.flips[direction] ? grid.sourceDims[source] - 1 - position : position;
  };
  return slicePoint(along(2), toPixel(grid, 1, along(1)), toPixel(grid, 0, along(0)));
}

/** Where a point of the stack of slices lies among the source's voxels. */
export function sliceToVoxel(grid: SliceGrid, point: SlicePoint): VoxelPoint {
  const [slice, row, column] = point;
  const directions = [toSource(grid, 0, column), toSource(grid, 1, row), slice];
  const voxel: [number, number, number] = [0, 0, 0];
  directions.forEach((position, direction) => {
    const source = grid.axes[direction] as 0 | 1 | 2;
    voxel[source] = grid.flips[direction] ? grid.sourceDims[source] - 1 - position : position;
  });
  return voxelPoint(...voxel);
}

/** Where a point of the stack of slices lies in the world, in mm (RAS+). */
export function sliceToWorldMm(grid: SliceGrid, point: SlicePoint): WorldPoint {
  return worldPoint(...applyAffine(grid.sourceAffine, sliceToVoxel(grid, point)));
}

/** Where a point of the world lies in the stack of slices; outside the stack where the numbers are outside its size. */
export function worldToSlice(grid: SliceGrid, point: WorldPoint): SlicePoint {
  return voxelToSlice(grid, voxelPoint(...applyAffine(invertAffine(grid.sourceAffine), point)));
}

/** The patient's sides at the four borders of a displayed slice: R, L, A, P, S or I. */
export interface DisplayLetters {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
}

/** The letters follow from the plane: slices of every grid are laid out for radiological display. */
export function displayLetters(grid: Pick<SliceGrid, 'plane'>): DisplayLetters {
  switch (grid.plane) {
    case 'axial':
      return { left: 'R', right: 'L', top: 'A', bottom: 'P' };
    case 'coronal':
      return { left: 'R', right: 'L', top: 'S', bottom: 'I' };
    case 'sagittal':
      return { left: 'A', right: 'P', top: 'S', bottom: 'I' };
  }
}

interface AxisUse {
  readonly source: 0 | 1 | 2;
  readonly flip: boolean;
}

function checkSizes(height: number, width: number, pixelMm: number | undefined): void {
  for (const size of [height, width]) {
    if (!slicePixels.safeParse(size).success) {
      throw new ExpectedError(
        'settings-invalid',
        `Slices of ${height} x ${width} pixels do not fit the network: both sizes must be multiples of 16, from 16 to 1024.`,
      );
    }
  }
  if (pixelMm !== undefined && !(Number.isFinite(pixelMm) && pixelMm > 0)) {
    throw new ExpectedError('settings-invalid', `A pixel cannot be ${pixelMm} mm wide: give a size above 0.`);
  }
}

/** The voxel axis that is much longer than the other two, if there is one. */
function thickAxis(zooms: Triple): 0 | 1 | 2 | null {
  for (const axis of [0, 1, 2] as const) {
    const others = zooms.filter((_, other) => other !== axis);
    if (zooms[axis] >= thickSliceRatio * Math.max(...others)) return axis;
  }
  return null;
}

/** The voxel axis that follows a world axis most closely. */
function axisAlong(affine: Affine, worldAxis: number): 0 | 1 | 2 {
  return orientationOf(affine).findIndex((axis) => axis.worldAxis === worldAxis) as 0 | 1 | 2;
}

/** First and last voxel of the mask along each source axis; the whole grid where the mask is empty. */
function boundingBox(mask: Uint8Array, dims: Dims): [Triple, Triple] {
  const [nx, ny, nz] = dims;
  const low = [nx, ny, nz];
  const high = [-1, -1, -1];
  let at = 0;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1, at += nx) {
      const row = mask.subarray(at, at + nx);
      const first = row.findIndex((value) => value !== 0);
      if (first < 0) continue;
      let last = nx - 1;
      while (row[last] === 0) last -= 1;
      low[0] = Math.min(low[0] as number, first);
      high[0] = Math.max(high[0] as number, last);
      low[1] = Math.min(low[1] as number, y);
      high[1] = Math.max(high[1] as number, y);
      low[2] = Math.min(low[2] as number, z);
      high[2] = Math.max(high[2] as number, z);
    }
  }
  if ((high[0] as number) < 0) {
    return [
      [0, 0, 0],
      [nx - 1, ny - 1, nz - 1],
    ];
  }
  return [low as unknown as Triple, high as unknown as Triple];
}

/** The box's first and last position along a slice direction. */
function alongDirection(box: [Triple, Triple], use: AxisUse, dims: Dims): [number, number] {
  const low = box[0][use.source];
  const high = box[1][use.source];
  const last = dims[use.source] - 1;
  return use.flip ? [last - high, last - low] : [low, high];
}

/** Position among the reoriented voxels (along columns: direction 0, along rows: 1) of a pixel's centre. */
function toSource(grid: SliceGrid, direction: 0 | 1, pixel: number): number {
  const pixels = direction === 0 ? grid.width : grid.height;
  const zoom = grid.sourceZooms[grid.axes[direction] as 0 | 1 | 2];
  return grid.centreVox[direction] + ((pixel - (pixels - 1) / 2) * grid.pixelMm) / zoom;
}

/** The inverse of {@link toSource}. */
function toPixel(grid: SliceGrid, direction: 0 | 1, voxel: number): number {
  const pixels = direction === 0 ? grid.width : grid.height;
  const zoom = grid.sourceZooms[grid.axes[direction] as 0 | 1 | 2];
  return ((voxel - grid.centreVox[direction]) * zoom) / grid.pixelMm + (pixels - 1) / 2;
}

interface Prepared {
  /** Extent in voxels, and pixel size in voxels, along columns and along rows. */
  readonly across: { readonly size: number; readonly scale: number };
  readonly down: { readonly size: number; readonly scale: number };
  /** Steps through the source array along columns, rows and slices; negative where the axis is flipped. */
  readonly strides: readonly [number, number, number];
  /** Index of the voxel that comes first along all three. */
  readonly base: number;
}

function prepare(grid: SliceGrid, length: number): Prepared {
  const dims = grid.sourceDims;
  if (length !== dims[0] * dims[1] * dims[2]) throw new Error('the values are not on the source grid');
  const sourceStrides = [1, dims[0], dims[0] * dims[1]] as const;
  let base = 0;
  const strides = ([0, 1, 2] as const).map((direction) => {
    const source = grid.axes[direction] as 0 | 1 | 2;
    const stride = sourceStrides[source];
    if (!grid.flips[direction]) return stride;
    base += stride * (dims[source] - 1);
    return -stride;
  }) as [number, number, number];
  const along = (direction: 0 | 1): { size: number; scale: number } => {
    const source = grid.axes[direction] as 0 | 1 | 2;
    return { size: dims[source], scale: grid.pixelMm / grid.sourceZooms[source] };
  };
  return { across: along(0), down: along(1), strides, base };
}
