import type { Dims, Triple } from '../volume/volume';

type Axis = 0 | 1 | 2;
const axes: readonly Axis[] = [0, 1, 2];

/** Where a lesion can be looked at. */
export interface LesionPlace {
  /**
   * A voxel of the lesion that stays in it as long as any part of it does when the threshold rises: the one with the
   * highest value (the first of equals). An index in arrays on the grid.
   */
  readonly anchor: number;
  /** For each voxel axis: the middle of the lesion in the slice across that axis that holds most of it. */
  readonly largest: readonly [Triple, Triple, Triple];
}

export interface LesionPlaces {
  /** Entry i belongs to label i + 1. */
  readonly places: readonly LesionPlace[];
  /** For each voxel axis: the slices across it that hold lesion, in order. */
  readonly slices: readonly [readonly number[], readonly number[], readonly number[]];
}

/**
 * Where the lesions of a label map lie, slice by slice.
 *
 * @param labels 0, or 1..count, x fastest.
 * @param values on the same grid, e.g. I_ro: the anchor is where they are highest; null: the lesion's first voxel.
 */
export function lesionPlaces(
  labels: ArrayLike<number>,
  count: number,
  dims: Dims,
  values: Float32Array | null,
): LesionPlaces {
  const found = Array.from({ length: count }, () => new Tally());
  const marked = axes.map((axis) => new Uint8Array(dims[axis])) as [Uint8Array, Uint8Array, Uint8Array];
  let at = 0;
  for (let z = 0; z < dims[2]; z += 1) {
    for (let y = 0; y < dims[1]; y += 1) {
      for (let x = 0; x < dims[0]; x += 1, at += 1) {
        const label = labels[at] as number;
        if (label === 0) continue;
        found[label - 1]?.add([x, y, z], at, values ? (values[at] as number) : 0);
        marked[0][x] = 1;
        marked[1][y] = 1;
        marked[2][z] = 1;
      }
    }
  }
  const ones = (list: Uint8Array): number[] => [...list.keys()].filter((k) => list[k] === 1);
  return {
    places: found.map((tally) => tally.place()),
    slices: [ones(marked[0]), ones(marked[1]), ones(marked[2])],
  };
}

/** The voxels of one lesion, counted in slices across each axis. */
class Tally {
  readonly #slices: readonly Map<number, { voxels: number; sum: [number, number, number] }>[] = axes.map(
    () => new Map(),
  );
  #anchor = -1;
  #highest = -Infinity;

  add(voxel: Triple, index: number, value: number): void {
    if (value > this.#highest || this.#anchor < 0) {
      this.#highest = value;
      this.#anchor = index;
    }
    for (const axis of axes) {
      const slices = this.#slices[axis] as Map<number, { voxels: number; sum: [number, number, number] }>;
      let slice = slices.get(voxel[axis]);
      if (!slice) slices.set(voxel[axis], (slice = { voxels: 0, sum: [0, 0, 0] }));
      slice.voxels += 1;
      for (const other of axes) slice.sum[other] += voxel[other];
    }
  }

  place(): LesionPlace {
    const largest = axes.map((axis): Triple => {
      let best = { voxels: 0, sum: [0, 0, 0] as [number, number, number] };
      for (const slice of this.#slices[axis]?.values() ?? []) if (slice.voxels > best.voxels) best = slice;
      return best.sum.map((sum) => Math.round(sum / Math.max(1, best.voxels))) as [number, number, number];
    }) as [Triple, Triple, Triple];
    return { anchor: this.#anchor, largest };
  }
}
