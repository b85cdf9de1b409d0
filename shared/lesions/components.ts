import type { Dims } from '../volume/volume';

/** Which voxels count as neighbours: those that share a face (6), also an edge (18), also a corner (26). */
export type Connectivity = 6 | 18 | 26;

export interface Components {
  /** 0 outside the mask, else 1..count, in the order in which the components are met (x, then y, then z). */
  readonly labels: Int32Array;
  readonly count: number;
}

/**
 * Labels the connected components of a mask (voxels other than 0). Works on runs of voxels along x, joined by union-find,
 * so that its time goes with the number of runs and not with the shape of the components.
 */
export function labelComponents(mask: Uint8Array, dims: Dims, connectivity: Connectivity): Components {
  const runs = findRuns(mask, dims, 1);
  const { component, count } = joinRuns(runs, dims, connectivity);
  const labels = new Int32Array(mask.length);
  for (let run = 0; run < runs.count; run += 1) {
    labels.fill(
      component[run] as number,
      runs.line(run) + (runs.start[run] as number),
      runs.line(run) + (runs.end[run] as number) + 1,
    );
  }
  return { labels, count };
}

/** How many connected components a mask (voxels other than 0) has. */
export function countComponents(mask: Uint8Array, dims: Dims, connectivity: Connectivity): number {
  return joinRuns(findRuns(mask, dims, 1), dims, connectivity).count;
}

/** The mask (0 and 1) without components of fewer than minVoxels voxels. A new array. */
export function removeSmall(
  mask: Uint8Array,
  dims: Dims,
  minVoxels: number,
  connectivity: Connectivity = 26,
): Uint8Array {
  return keepComponents(mask, dims, connectivity, (size) => size >= minVoxels);
}

/** The largest component of the mask (the first of equals), as 0 and 1; empty where the mask is. */
export function largestComponent(mask: Uint8Array, dims: Dims, connectivity: Connectivity = 6): Uint8Array {
  let largest = 0;
  const kept = new Uint8Array(mask.length);
  const runs = findRuns(mask, dims, 1);
  const { component, count } = joinRuns(runs, dims, connectivity);
  const sizes = componentSizes(runs, component, count);
  for (let id = 1; id <= count; id += 1) if ((sizes[id] as number) > (sizes[largest] as number)) largest = id;
  if (largest > 0) paint(kept, runs, component, (id) => id === largest);
  return kept;
}

/**
 * The mask (0 and 1) with its holes filled: background that no path of face neighbours leads out of, through any of the
 * grid's six borders. Where `perSlice` is an axis, also what is enclosed within single slices across it.
 */
export function fillHoles(mask: Uint8Array, dims: Dims, perSlice?: 0 | 1 | 2): Uint8Array {
  const filled = mask.map((value) => (value === 0 ? 0 : 1));
  fillEnclosed(filled, dims);
  if (perSlice !== undefined) fillSlices(filled, dims, perSlice);
  return filled;
}

function keepComponents(
  mask: Uint8Array,
  dims: Dims,
  connectivity: Connectivity,
  keep: (size: number) => boolean,
): Uint8Array {
  const runs = findRuns(mask, dims, 1);
  const { component, count } = joinRuns(runs, dims, connectivity);
  const sizes = componentSizes(runs, component, count);
  const kept = new Uint8Array(mask.length);
  paint(kept, runs, component, (id) => keep(sizes[id] as number));
  return kept;
}

/** Maximal runs of equal voxels along x, line after line. */
interface Runs {
  readonly count: number;
  /** First and last x of each run. */
  readonly start: Int32Array;
  readonly end: Int32Array;
  /** Runs of line l (line y + z * ny) are number first[l] to first[l + 1] - 1. */
  readonly first: Int32Array;
  /** Index of the voxel at x = 0 of the run's line. */
  line(run: number): number;
}

/** Runs of voxels that are set (wanted 1) or not set (wanted 0). */
function findRuns(mask: Uint8Array, dims: Dims, wanted: 0 | 1): Runs {
  const [nx, ny, nz] = dims;
  if (mask.length !== nx * ny * nz) throw new Error('the mask does not fill the grid');
  const lines = ny * nz;
  const first = new Int32Array(lines + 1);
  let capacity = 4096;
  let start = new Int32Array(capacity);
  let end = new Int32Array(capacity);
  let lineOf = new Int32Array(capacity);
  let count = 0;
  // Four voxels at a time, as masks are mostly empty.
  const fours =
    wanted === 1 && mask.byteOffset % 4 === 0
      ? new Int32Array(mask.buffer, mask.byteOffset, mask.length >> 2)
      : null;
  for (let line = 0, at = 0; line < lines; line += 1, at += nx) {
    first[line] = count;
    for (let x = 0; x < nx; x += 1) {
      if (fours !== null && ((at + x) & 3) === 0) while (x + 4 < nx && fours[(at + x) >> 2] === 0) x += 4;
      if ((mask[at + x] !== 0 ? 1 : 0) !== wanted) continue;
      const from = x;
      while (x + 1 < nx && (mask[at + x + 1] !== 0 ? 1 : 0) === wanted) x += 1;
      if (count === capacity) {
        capacity *= 2;
        start = grown(start, capacity);
        end = grown(end, capacity);
        lineOf = grown(lineOf, capacity);
      }
      start[count] = from;
      end[count] = x;
      lineOf[count] = line;
      count += 1;
    }
  }
  first[lines] = count;
  return { count, start, end, first, line: (run) => (lineOf[run] as number) * nx };
}

function grown(array: Int32Array, capacity: number): Int32Array<ArrayBuffer> {
  const out = new Int32Array(capacity);
  out.set(array);
  return out;
}

function joinRuns(
  runs: Runs,
  dims: Dims,
  connectivity: Connectivity,
): { readonly component: Int32Array; readonly count: number } {
  const [, ny, nz] = dims;
  const parent = Int32Array.from({ length: runs.count }, (_, run) => run);
  const find = (run: number): number => {
    let root = run;
    while (parent[root] !== root) {
      parent[root] = parent[parent[root] as number] as number;
      root = parent[root] as number;
    }
    return root;
  };
  const { start, end, first } = runs;
  /** Joins runs of two lines that overlap, or lie within `slack` voxels of it. */
  const joinLines = (line: number, other: number, slack: 0 | 1): void => {
    let b = first[other] as number;
    const bEnd = first[other + 1] as number;
    const aEnd = first[line + 1] as number;
    for (let a = first[line] as number; a < aEnd && b < bEnd;) {
      if (
        (start[a] as number) <= (end[b] as number) + slack &&
        (start[b] as number) <= (end[a] as number) + slack
      ) {
        const [p, q] = [find(a), find(b)];
        // The smaller number stays the root: components are numbered in the order in which they are met.
        if (p < q) parent[q] = p;
        else parent[p] = q;
      }
      if ((end[a] as number) < (end[b] as number)) a += 1;
      else b += 1;
    }
  };
  const edge = connectivity === 6 ? 0 : 1;
  const corner = connectivity === 26 ? 1 : 0;
  for (let z = 0; z < nz; z += 1) {
    for (let y = 0; y < ny; y += 1) {
      const line = z * ny + y;
      if (first[line] === first[line + 1]) continue;
      if (y > 0) joinLines(line, line - 1, edge);
      if (z === 0) continue;
      joinLines(line, line - ny, edge);
      if (connectivity === 6) continue;
      if (y > 0) joinLines(line, line - ny - 1, corner);
      if (y < ny - 1) joinLines(line, line - ny + 1, corner);
    }
  }
  const component = new Int32Array(runs.count);
  let count = 0;
  for (let run = 0; run < runs.count; run += 1) {
    const root = find(run);
    component[run] = root === run ? (count += 1) : (component[root] as number);
  }
  return { component, count };
}

function componentSizes(runs: Runs, component: Int32Array, count: number): Float64Array {
  const sizes = new Float64Array(count + 1);
  for (let run = 0; run < runs.count; run += 1) {
    const id = component[run] as number;
    sizes[id] = (sizes[id] as number) + (runs.end[run] as number) - (runs.start[run] as number) + 1;
  }
  return sizes;
}

function paint(target: Uint8Array, runs: Runs, component: Int32Array, wanted: (id: number) => boolean): void {
  for (let run = 0; run < runs.count; run += 1) {
    if (!wanted(component[run] as number)) continue;
    const line = runs.line(run);
    target.fill(1, line + (runs.start[run] as number), line + (runs.end[run] as number) + 1);
  }
}

/** Sets, in place, the background components that touch no border of the grid. */
function fillEnclosed(mask: Uint8Array, dims: Dims): void {
  const [nx, ny, nz] = dims;
  const runs = findRuns(mask, dims, 0);
  const { component, count } = joinRuns(runs, dims, 6);
  const open = new Uint8Array(count + 1);
  for (let run = 0; run < runs.count; run += 1) {
    const line = runs.line(run) / nx;
    const y = line % ny;
    const z = Math.floor(line / ny);
    const atBorder =
      y === 0 || y === ny - 1 || z === 0 || z === nz - 1 || runs.start[run] === 0 || runs.end[run] === nx - 1;
    if (atBorder) open[component[run] as number] = 1;
  }
  paint(mask, runs, component, (id) => open[id] === 0);
}

/** Fills, in place, what is enclosed within each slice across the axis, by a flood from the slice's border. */
function fillSlices(mask: Uint8Array, dims: Dims, axis: 0 | 1 | 2): void {
  const strides = [1, dims[0], dims[0] * dims[1]] as const;
  const [u, v] = ([0, 1, 2] as const).filter((other) => other !== axis) as [0 | 1 | 2, 0 | 1 | 2];
  const [nu, nv] = [dims[u], dims[v]];
  const plane = new Uint8Array(nu * nv);
  for (let k = 0; k < dims[axis]; k += 1) {
    const base = k * strides[axis];
    let set = 0;
    for (let j = 0; j < nv; j += 1) {
      for (let i = 0; i < nu; i += 1) {
        const value = mask[base + i * strides[u] + j * strides[v]] as number;
        plane[j * nu + i] = value;
        set += value;
      }
    }
    if (set === 0) continue;
    // A single slice has no inside along its third axis, so every voxel would touch a border of a 3D grid.
    const runs = findRuns(plane, [nu, nv, 1], 0);
    const { component, count } = joinRuns(runs, [nu, nv, 1], 6);
    const open = new Uint8Array(count + 1);
    for (let run = 0; run < runs.count; run += 1) {
      const j = runs.line(run) / nu;
      if (j === 0 || j === nv - 1 || runs.start[run] === 0 || runs.end[run] === nu - 1) {
        open[component[run] as number] = 1;
      }
    }
    for (let run = 0; run < runs.count; run += 1) {
      if (open[component[run] as number] === 1) continue;
      const j = runs.line(run) / nu;
      for (let i = runs.start[run] as number; i <= (runs.end[run] as number); i += 1) {
        mask[base + i * strides[u] + j * strides[v]] = 1;
      }
    }
  }
}
