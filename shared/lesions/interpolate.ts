import type { VoxelPoint } from '../geometry/points';
import type { Dims, Triple } from '../volume/volume';
import { labelComponents } from './components';

type Axis = 0 | 1 | 2;

/** Gaps of more slices than this are taken for the healthy tissue between two lesions. */
const mostSlices = 12;

/** Two outlines of one lesion with slices between them in which it is missing. */
interface Gap {
  readonly below: number;
  readonly above: number;
  /** Shapes in slices `below` and `above`: 1 inside; u fastest. */
  readonly shapes: readonly [Uint8Array, Uint8Array];
  /** How far the nearest voxel of the lower shape is from where the reader works, in mm. */
  readonly distanceMm: number;
}

/**
 * The voxels that fill the gap between two outlines of a lesion which lie some slices apart: the shapes in between follow
 * from the outlines' signed distances (Raya and Udupa, IEEE TMI 9, 1990), so that each turns gradually into the other. Of
 * several gaps around the slice, the one nearest to a point is filled. Empty where there is none.
 *
 * @param across voxel axis across the slices.
 * @param slice where the reader is: at one of the outlines, or between them.
 * @param near the point of which the nearest gap is meant.
 */
export function fillBetween(
  mask: Uint8Array,
  dims: Dims,
  zooms: Triple,
  across: Axis,
  slice: number,
  near: VoxelPoint,
): number[] {
  const grid = new SliceView(mask, dims, zooms, across);
  const gap = nearestGap(grid, slice, near);
  if (!gap) return [];
  const [low, high] = gap.shapes.map((shape) => grid.signedDistance(shape)) as [Float32Array, Float32Array];
  const filled: number[] = [];
  for (let k = gap.below + 1; k < gap.above; k += 1) {
    const share = (k - gap.below) / (gap.above - gap.below);
    for (let at = 0; at < low.length; at += 1) {
      const inside = (1 - share) * (low[at] as number) + share * (high[at] as number) > 0;
      const index = grid.indexOf(at, k);
      if (inside && mask[index] === 0) filled.push(index);
    }
  }
  return filled;
}

function nearestGap(grid: SliceView, slice: number, near: VoxelPoint): Gap | null {
  let nearest: Gap | null = null;
  for (let below = slice; below >= Math.max(0, slice - mostSlices); below -= 1) {
    for (const shape of grid.shapesIn(below)) {
      const above = grid.nextOver(shape, below);
      if (above === null || above < slice) continue;
      const other = grid.shapesIn(above).filter((candidate) => overlap(candidate, shape));
      const merged = shape.map((_, at) => (other.some((each) => each[at] === 1) ? 1 : 0));
      const distanceMm = grid.distanceTo(shape, near);
      if (nearest === null || distanceMm < nearest.distanceMm)
        nearest = { below, above, shapes: [shape, merged], distanceMm };
    }
  }
  return nearest;
}

function overlap(a: Uint8Array, b: Uint8Array): boolean {
  return a.some((value, at) => value === 1 && b[at] === 1);
}

/** A mask slice by slice across one axis. */
class SliceView {
  readonly #mask: Uint8Array;
  readonly #dims: Dims;
  readonly #zooms: Triple;
  readonly #across: Axis;
  readonly #u: Axis;
  readonly #v: Axis;
  readonly #strides: Triple;

  constructor(mask: Uint8Array, dims: Dims, zooms: Triple, across: Axis) {
    this.#mask = mask;
    this.#dims = dims;
    this.#zooms = zooms;
    this.#across = across;
    [this.#u, this.#v] = ([0, 1, 2] as const).filter((axis) => axis !== across) as [Axis, Axis];
    this.#strides = [1, dims[0], dims[0] * dims[1]];
  }

  /** Index in the volume of a place in slice k. */
  indexOf(at: number, k: number): number {
    const columns = this.#dims[this.#u];
    return (
      (at % columns) * this.#strides[this.#u] +
      Math.floor(at / columns) * this.#strides[this.#v] +
      k * this.#strides[this.#across]
    );
  }

  /** The connected shapes in slice k (neighbours share an edge or a corner), each as a slice of its own. */
  shapesIn(k: number): Uint8Array[] {
    const [columns, rows] = [this.#dims[this.#u], this.#dims[this.#v]];
    const slice = new Uint8Array(columns * rows);
    for (let at = 0; at < slice.length; at += 1) slice[at] = this.#mask[this.indexOf(at, k)] as number;
    const { labels, count } = labelComponents(slice, [columns, rows, 1], 26);
    return Array.from({ length: count }, (_, i) => slice.map((_value, at) => (labels[at] === i + 1 ? 1 : 0)));
  }

  /** The next slice above with anything over a shape, where at least one slice lies between; null where there is none near. */
  nextOver(shape: Uint8Array, below: number): number | null {
    const places = [...shape.keys()].filter((at) => shape[at] === 1);
    const last = Math.min(this.#dims[this.#across] - 1, below + mostSlices + 1);
    for (let k = below + 1; k <= last; k += 1) {
      if (places.some((at) => this.#mask[this.indexOf(at, k)] !== 0)) return k > below + 1 ? k : null;
    }
    return null;
  }

  /** From a point to the nearest place of a shape, within the slice. */
  distanceTo(shape: Uint8Array, point: VoxelPoint): number {
    const columns = this.#dims[this.#u];
    let least = Infinity;
    shape.forEach((value, at) => {
      if (value === 0) return;
      const du = ((at % columns) - point[this.#u]) * this.#zooms[this.#u];
      const dv = (Math.floor(at / columns) - point[this.#v]) * this.#zooms[this.#v];
      least = Math.min(least, Math.hypot(du, dv));
    });
    return least;
  }

  /** For each place of a slice, how far inside a shape it is in mm; negative outside. Places are their centres. */
  signedDistance(shape: Uint8Array): Float32Array {
    const [columns, rows] = [this.#dims[this.#u], this.#dims[this.#v]];
    const [columnMm, rowMm] = [this.#zooms[this.#u], this.#zooms[this.#v]];
    // Of each side, only what touches the other can be nearest to it.
    const borders: [[number, number][], [number, number][]] = [[], []];
    const value = (column: number, row: number): number =>
      column < 0 || row < 0 || column >= columns || row >= rows
        ? 0
        : (shape[column + row * columns] as number);
    for (let row = -1; row <= rows; row += 1) {
      for (let column = -1; column <= columns; column += 1) {
        const own = value(column, row);
        const touches =
          value(column - 1, row) !== own ||
          value(column + 1, row) !== own ||
          value(column, row - 1) !== own ||
          value(column, row + 1) !== own;
        if (touches) borders[own as 0 | 1].push([column, row]);
      }
    }
    return Float32Array.from(shape, (own, at) => {
      const [column, row] = [at % columns, Math.floor(at / columns)];
      let least = Infinity;
      for (const [otherColumn, otherRow] of borders[own === 1 ? 0 : 1]) {
        const squared = ((otherColumn - column) * columnMm) ** 2 + ((otherRow - row) * rowMm) ** 2;
        if (squared < least) least = squared;
      }
      return own === 1 ? Math.sqrt(least) : -Math.sqrt(least);
    });
  }
}
