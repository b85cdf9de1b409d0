import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  affineDeterminant,
  affineZooms,
  applyAffine,
  centredAffine,
  identityAffine,
  invertAffine,
  isUsableAffine,
  multiplyAffines,
  orientationCodes,
  qformAffine,
} from '../../../../shared/geometry/affine';
import type { Affine } from '../../../../shared/volume/volume';

const number = fc.double({ min: -5, max: 5, noNaN: true });
const affine = fc
  .array(number, { minLength: 12, maxLength: 12 })
  .map((rows): Affine => [...rows, 0, 0, 0, 1])
  .filter((m) => isUsableAffine(m) && Math.abs(affineDeterminant(m)) > 0.1);

describe('affines', () => {
  it('times their inverse are the identity', () => {
    fc.assert(
      fc.property(affine, (m) => {
        const product = multiplyAffines(m, invertAffine(m));
        product.forEach((value, i) => expect(value).toBeCloseTo(identityAffine[i] as number, 6));
      }),
    );
  });

  it('applied one after the other are their product applied once', () => {
    fc.assert(
      fc.property(affine, affine, fc.tuple(number, number, number), (a, b, point) => {
        const inSteps = applyAffine(a, applyAffine(b, point));
        applyAffine(multiplyAffines(a, b), point).forEach((value, i) =>
          expect(value).toBeCloseTo(inSteps[i] as number, 6),
        );
      }),
    );
  });

  it('have no inverse when an axis vanishes or lies in the plane of the others', () => {
    for (const m of [
      [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      [1, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1],
      [NaN, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1],
    ]) {
      expect(isUsableAffine(m)).toBe(false);
      expect(() => invertAffine(m)).toThrow('no inverse');
    }
    expect(isUsableAffine([1e-3, 0, 0, 5, 0, 1e-3, 0, 5, 0, 0, 1e-3, 5, 0, 0, 0, 1])).toBe(true);
  });

  it('of the voxel sizes alone lie around the centre, with x to the left', () => {
    // nibabel: AnalyzeHeader with shape (3, 5, 7) and zooms (3, 2, 1), in the docstring of get_base_affine.
    expect(centredAffine([3, 5, 7], [3, 2, 1])).toEqual([-3, 0, 0, 3, 0, 2, 0, -4, 0, 0, 1, -3, 0, 0, 0, 1]);
  });

  it('of a quaternion are its rotation', () => {
    // A quarter turn about z takes x to y; qfac -1 turns the third axis round.
    const quarter = qformAffine([0, 0, Math.SQRT1_2], [2, 3, 4], -1, [5, 6, 7]);
    const wanted = [0, -3, 0, 5, 2, 0, 0, 6, 0, 0, -4, 7, 0, 0, 0, 1];
    quarter.forEach((value, i) => expect(value).toBeCloseTo(wanted[i] as number, 12));
    expect(affineZooms(quarter).map((zoom) => Number(zoom.toFixed(9)))).toEqual([2, 3, 4]);
    expect(affineDeterminant(quarter)).toBeCloseTo(-24, 9);
  });

  it('are named by the closest rotation where the axes are sheared', () => {
    // nibabel 5.4: aff2axcodes. Without the polar decomposition the axes themselves would give other letters.
    const sheared: readonly (readonly [number[], string])[] = [
      [[-0.5, 0.1, -0.5, 0.0, 0.5, -0.4, -0.2, 0.7, 0.8], 'LAS'],
      [[-0.8, 0.3, -0.9, -0.7, -0.6, 0.9, -0.1, 0.5, 0.8], 'LSA'],
      [[-0.7, 0.3, -0.3, -0.8, -0.9, 0.2, -0.7, 0.9, 0.0], 'PSL'],
      [[0.9, -0.8, 0.6, 0.7, 0.5, -0.1, -0.2, -0.5, -0.8], 'ALI'],
    ];
    for (const [m, codes] of sheared) {
      const rows = [0, 3, 6].flatMap((at) => [...m.slice(at, at + 3), 9]);
      expect(orientationCodes([...rows, 0, 0, 0, 1])).toBe(codes);
    }
  });
});
