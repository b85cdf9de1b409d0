import type { Affine, Dims, Triple } from '../volume/volume';

/** 4x4 identity, row-major. */
export const identityAffine: Affine = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];

const at = (m: Affine, row: number, column: number): number => m[row * 4 + column] as number;

/** The product left * right: first right, then left, is applied to a point. */
export function multiplyAffines(left: Affine, right: Affine): Affine {
  const out: number[] = [];
  for (let row = 0; row < 4; row += 1) {
    for (let column = 0; column < 4; column += 1) {
      let sum = 0;
      for (let k = 0; k < 4; k += 1) sum += at(left, row, k) * at(right, k, column);
      out.push(sum);
    }
  }
  return out;
}

/** The point under the affine (its last row taken as 0 0 0 1). */
export function applyAffine(m: Affine, point: Triple): [number, number, number] {
  const row = (r: number): number =>
    at(m, r, 0) * point[0] + at(m, r, 1) * point[1] + at(m, r, 2) * point[2] + at(m, r, 3);
  return [row(0), row(1), row(2)];
}

/** Determinant of the 3x3 part: negative where the voxel axes are left-handed in RAS space. */
export function affineDeterminant(m: Affine): number {
  return (
    at(m, 0, 0) * (at(m, 1, 1) * at(m, 2, 2) - at(m, 1, 2) * at(m, 2, 1)) -
    at(m, 0, 1) * (at(m, 1, 0) * at(m, 2, 2) - at(m, 1, 2) * at(m, 2, 0)) +
    at(m, 0, 2) * (at(m, 1, 0) * at(m, 2, 1) - at(m, 1, 1) * at(m, 2, 0))
  );
}

/**
 * The inverse of an affine whose last row is 0 0 0 1.
 * @throws Error when it has none; check {@link isUsableAffine} first where the numbers come from a file.
 */
export function invertAffine(m: Affine): Affine {
  const det = affineDeterminant(m);
  if (det === 0 || !Number.isFinite(det)) throw new Error('the affine has no inverse');
  const c = (r0: number, c0: number, r1: number, c1: number): number =>
    (at(m, r0, c0) * at(m, r1, c1) - at(m, r0, c1) * at(m, r1, c0)) / det;
  const r = [
    [c(1, 1, 2, 2), -c(0, 1, 2, 2), c(0, 1, 1, 2)],
    [-c(1, 0, 2, 2), c(0, 0, 2, 2), -c(0, 0, 1, 2)],
    [c(1, 0, 2, 1), -c(0, 0, 2, 1), c(0, 0, 1, 1)],
  ] as const;
  const out: number[] = [];
  for (const row of r) {
    out.push(...row, -(row[0] * at(m, 0, 3) + row[1] * at(m, 1, 3) + row[2] * at(m, 2, 3)));
  }
  out.push(0, 0, 0, 1);
  return out;
}

/** Lengths of the three voxel axes in mm: the columns of the 3x3 part. */
export function affineZooms(m: Affine): Triple {
  const length = (column: number): number => Math.hypot(at(m, 0, column), at(m, 1, column), at(m, 2, column));
  return [length(0), length(1), length(2)];
}

/** Whether all numbers are finite and the three axes span space (no axis vanishes or lies in the plane of the others). */
export function isUsableAffine(m: Affine): boolean {
  if (m.length !== 16 || !m.every((value) => Number.isFinite(value))) return false;
  const zooms = affineZooms(m);
  const scale = zooms[0] * zooms[1] * zooms[2];
  return scale > 0 && Number.isFinite(scale) && Math.abs(affineDeterminant(m)) > 1e-6 * scale;
}

/**
 * The affine of a grid whose header says nothing but the voxel sizes, as nibabel's shape_zoom_affine makes it: the
 * origin lies at the centre of the grid, and the first axis runs from right to left.
 */
export function centredAffine(dims: Dims, zooms: Triple): Affine {
  const [x, y, z] = [-zooms[0], zooms[1], zooms[2]];
  const shift = (scale: number, size: number): number => -scale * ((size - 1) / 2);
  return [x, 0, 0, shift(x, dims[0]), 0, y, 0, shift(y, dims[1]), 0, 0, z, shift(z, dims[2]), 0, 0, 0, 1];
}

/**
 * The affine of a NIfTI qform: rotation by the quaternion, times the voxel sizes (the third with the sign qfac), plus
 * the offset. The real part is found from the other three; where their squares sum to 1 within the precision of the
 * stored numbers (2^-23 for NIfTI-1, 2^-52 for NIfTI-2) or beyond, it is 0 and the quaternion is scaled to length 1.
 * nibabel's reading, except that it refuses quaternions that are clearly longer than 1.
 */
export function qformAffine(
  quatern: Triple,
  zooms: Triple,
  qfac: 1 | -1,
  offset: Triple,
  precision: number = 2 ** -23,
): Affine {
  let [b, c, d] = quatern;
  const square = b * b + c * c + d * d;
  let a = 0;
  if (1 - square > 3 * precision) a = Math.sqrt(1 - square);
  else {
    const length = Math.sqrt(square);
    [b, c, d] = [b / length, c / length, d / length];
  }
  const [x, y, z] = [zooms[0], zooms[1], zooms[2] * qfac];
  return [
    (a * a + b * b - c * c - d * d) * x,
    2 * (b * c - a * d) * y,
    2 * (b * d + a * c) * z,
    offset[0],
    2 * (b * c + a * d) * x,
    (a * a + c * c - b * b - d * d) * y,
    2 * (c * d - a * b) * z,
    offset[1],
    2 * (b * d - a * c) * x,
    2 * (c * d + a * b) * y,
    (a * a + d * d - b * b - c * c) * z,
    offset[2],
    0,
    0,
    0,
    1,
  ];
}

/** For each voxel axis: the closest world axis (0 right, 1 anterior, 2 superior) and whether it runs against it. */
export type Orientation = readonly [AxisOrientation, AxisOrientation, AxisOrientation];
export interface AxisOrientation {
  readonly worldAxis: number;
  readonly reversed: boolean;
}

/**
 * Which world axis each voxel axis follows most closely. As nibabel's io_orientation: the sheared or anisotropic axes
 * are first replaced by the closest rotation, then axes are handed out from the clearest to the least clear, so that
 * two voxel axes never share a world axis.
 */
export function orientationOf(affine: Affine): Orientation {
  const rotation = closestRotation(affine);
  const taken = new Set<number>();
  const found: AxisOrientation[] = [];
  const clarity = [0, 1, 2].map((column) =>
    Math.max(...[0, 1, 2].map((row) => (rotation[row * 3 + column] as number) ** 2)),
  );
  const order = [0, 1, 2].sort((p, q) => (clarity[q] as number) - (clarity[p] as number) || p - q);
  for (const column of order) {
    let best = -1;
    let bestSize = -1;
    for (let row = 0; row < 3; row += 1) {
      const size = Math.abs(rotation[row * 3 + column] as number);
      if (!taken.has(row) && size > bestSize) {
        best = row;
        bestSize = size;
      }
    }
    taken.add(best);
    found[column] = { worldAxis: best, reversed: (rotation[best * 3 + column] as number) < 0 };
  }
  return found as unknown as Orientation;
}

/** Three letters: towards which side each voxel axis runs, e.g. "LAS" (nibabel's aff2axcodes). */
export function orientationCodes(affine: Affine): string {
  const letters = ['RL', 'AP', 'SI'];
  return orientationOf(affine)
    .map(({ worldAxis, reversed }) => (letters[worldAxis] as string).charAt(reversed ? 1 : 0))
    .join('');
}

/**
 * The orthogonal 3x3 matrix closest to the affine's axes scaled to length 1 (the polar factor), by Newton's iteration
 * X <- (X + X^-T) / 2 (Higham 1986), which converges quadratically for every invertible start.
 */
function closestRotation(affine: Affine): number[] {
  const zooms = affineZooms(affine);
  let x: number[] = [];
  for (let row = 0; row < 3; row += 1) {
    for (let column = 0; column < 3; column += 1) x.push(at(affine, row, column) / (zooms[column] || 1));
  }
  for (let step = 0; step < 50; step += 1) {
    const inverse = invertAffine(embed(x));
    const next = x.map((value, i) => (value + at(inverse, i % 3, Math.floor(i / 3))) / 2);
    const change = Math.max(...next.map((value, i) => Math.abs(value - (x[i] as number))));
    x = next;
    if (change < 1e-12) break;
  }
  return x;
}

function embed(m: readonly number[]): Affine {
  const [a, b, c, d, e, f, g, h, i] = m as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return [a, b, c, 0, d, e, f, 0, g, h, i, 0, 0, 0, 0, 1];
}
