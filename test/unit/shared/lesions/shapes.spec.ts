import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { voxelPoint } from '../../../../shared/geometry/points';
import { labelComponents } from '../../../../shared/lesions/components';
import { fillBetween } from '../../../../shared/lesions/interpolate';
import { splitAlong } from '../../../../shared/lesions/splitLine';
import type { Dims } from '../../../../shared/volume/volume';

const dims: Dims = [40, 36, 20];
const at = (x: number, y: number, z: number): number => x + 40 * (y + 36 * z);

/** A mask of voxels for which a function holds. */
function maskOf(inside: (x: number, y: number, z: number) => boolean): Uint8Array {
  const mask = new Uint8Array(40 * 36 * 20);
  for (let z = 0; z < 20; z += 1)
    for (let y = 0; y < 36; y += 1)
      for (let x = 0; x < 40; x += 1) mask[at(x, y, z)] = inside(x, y, z) ? 1 : 0;
  return mask;
}

function without(mask: Uint8Array, taken: readonly number[]): Uint8Array {
  const rest = mask.slice();
  for (const index of taken) {
    expect(rest[index]).toBe(1);
    rest[index] = 0;
  }
  return rest;
}

describe('a split by a line', () => {
  const ball = maskOf((x, y, z) => Math.hypot(x - 20, y - 18, z - 10) <= 7);

  it('parts a ball in two, through all its slices, and takes little', () => {
    const cut = splitAlong(ball, dims, voxelPoint(20, 5, 10), voxelPoint(20, 31, 10), 2);
    expect(labelComponents(without(ball, cut), dims, 26).count).toBe(2);
    // The middle plane of the ball, and nothing else.
    expect(cut.every((index) => index % 40 === 20)).toBe(true);
    expect(cut).toHaveLength(ball.filter((value, index) => value === 1 && index % 40 === 20).length);
  });

  it('parts it along any line from edge to edge, on any plane', () => {
    const angle = fc.double({ min: 0, max: Math.PI, noNaN: true });
    fc.assert(
      fc.property(angle, fc.constantFrom(0, 1, 2), fc.integer({ min: -3, max: 3 }), (turn, across, off) => {
        const centre = [20, 18, 10];
        const [u, v] = [0, 1, 2].filter((axis) => axis !== across) as [number, number];
        const end = (sign: number): [number, number, number] => {
          const point = [...centre] as [number, number, number];
          point[u] = (centre[u] as number) + sign * 9 * Math.cos(turn) - off * Math.sin(turn);
          point[v] = (centre[v] as number) + sign * 9 * Math.sin(turn) + off * Math.cos(turn);
          return point;
        };
        const cut = splitAlong(
          ball,
          dims,
          voxelPoint(...end(-1)),
          voxelPoint(...end(1)),
          across as 0 | 1 | 2,
        );
        expect(labelComponents(without(ball, cut), dims, 26).count).toBeGreaterThanOrEqual(2);
      }),
    );
  });

  it('takes nothing where the lesion would still hang together, nor from lesions beside the line', () => {
    expect(splitAlong(ball, dims, voxelPoint(20, 5, 10), voxelPoint(20, 18, 10), 2)).toEqual([]);
    expect(splitAlong(ball, dims, voxelPoint(2, 2, 10), voxelPoint(9, 2, 10), 2)).toEqual([]);
    const two = maskOf(
      (x, y, z) => z === 10 && y >= 10 && y <= 20 && ((x >= 4 && x <= 12) || (x >= 20 && x <= 28)),
    );
    const cut = splitAlong(two, dims, voxelPoint(8, 5, 10), voxelPoint(8, 25, 10), 2);
    expect(cut.every((index) => index % 40 < 15)).toBe(true);
    expect(cut).toHaveLength(11);
  });
});

describe('filling between slices', () => {
  const disc = (radius: number, x0 = 20, y0 = 18) => {
    return (x: number, y: number): boolean => Math.hypot(x - x0, y - y0) <= radius;
  };
  const outlines = maskOf((x, y, z) => (z === 4 && disc(8)(x, y)) || (z === 10 && disc(2)(x, y)));
  const fill = (mask: Uint8Array, slice: number, near = voxelPoint(20, 18, slice)): number[] =>
    fillBetween(mask, dims, [1, 1, 1], 2, slice, near);
  const areas = (found: readonly number[]): number[] => {
    const counts = new Array<number>(20).fill(0);
    for (const index of found)
      counts[Math.floor(index / (40 * 36))] = (counts[Math.floor(index / (40 * 36))] ?? 0) + 1;
    return counts;
  };

  it('turns one disc gradually into the other', () => {
    const found = fill(outlines, 7);
    const counts = areas(found);
    // The radius goes evenly from 8 to 2 over six slices: 7, 6, 5, 4, 3; a disc of whole voxels is about pi r^2.
    for (const [z, radius] of [
      [5, 7],
      [6, 6],
      [7, 5],
      [8, 4],
      [9, 3],
    ] as const) {
      expect(Math.abs((counts[z] as number) - Math.PI * radius * radius)).toBeLessThan(2 * Math.PI * radius);
    }
    expect(counts.filter((count) => count > 0)).toHaveLength(5);
    expect(found.every((index) => outlines[index] === 0)).toBe(true);
  });

  it('is the same from each slice of the gap and from its ends, and along any axis', () => {
    const found = fill(outlines, 7);
    for (const slice of [4, 5, 9, 10]) expect(fill(outlines, slice)).toEqual(found);
    expect(fill(outlines, 3)).toEqual([]);
    expect(fill(outlines, 11)).toEqual([]);
    // Turned so that the slices lie across x.
    const turned = maskOf(
      (x, y, z) =>
        (x === 4 && Math.hypot(y - 18, z - 10) <= 6) || (x === 8 && Math.hypot(y - 18, z - 10) <= 6),
    );
    const between = fillBetween(turned, dims, [1, 1, 1], 0, 6, voxelPoint(6, 18, 10));
    expect(between).toHaveLength(3 * turned.filter((value, index) => value === 1 && index % 40 === 4).length);
  });

  it('keeps a shape that is the same on both sides, and fills the gap nearest to the point alone', () => {
    const two = maskOf((x, y, z) => (z === 4 || z === 8) && (disc(3, 8, 10)(x, y) || disc(3, 30, 25)(x, y)));
    const found = fill(two, 6, voxelPoint(29, 24, 6));
    expect(found.length).toBe(
      (3 * two.filter((value, index) => value === 1 && index < at(0, 0, 5)).length) / 2,
    );
    expect(found.every((index) => index % 40 > 20)).toBe(true);
  });

  it('does nothing without a gap, nor over many slices', () => {
    expect(
      fill(
        maskOf((x, y, z) => z === 4 && disc(4)(x, y)),
        4,
      ),
    ).toEqual([]);
    expect(
      fill(
        maskOf((x, y, z) => (z === 4 || z === 5) && disc(4)(x, y)),
        4,
      ),
    ).toEqual([]);
    expect(
      fill(
        maskOf((x, y, z) => (z === 2 || z === 18) && disc(4)(x, y)),
        9,
      ),
    ).toEqual([]);
  });
});
