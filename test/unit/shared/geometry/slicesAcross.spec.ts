import fc from 'fast-check';
import { expect, it } from 'vitest';
import { affineZooms, orientationCodes, qformAffine } from '../../../../shared/geometry/affine';
import { planeOrientation } from '../../../../shared/geometry/sliceGrid';
import { slicesAcross } from '../../../../shared/geometry/slicesAcross';

it('says of any scan what its affine says, from its orientation letters alone', () => {
  const number = fc.double({ min: -1, max: 1, noNaN: true });
  const size = fc.double({ min: 0.3, max: 6, noNaN: true });
  const extent = fc.integer({ min: 1, max: 300 });
  const plane = fc.constantFrom(null, 'axial' as const, 'coronal' as const, 'sagittal' as const);
  fc.assert(
    fc.property(
      fc.tuple(number, number, number),
      fc.tuple(size, size, size),
      fc.tuple(extent, extent, extent),
      fc.constantFrom(1 as const, -1 as const),
      plane,
      (quatern, sizes, dims, qfac, wanted) => {
        fc.pre(Math.hypot(...quatern) < 1);
        const affine = qformAffine(quatern, sizes, qfac, [5, -3, 2]);
        const zooms = affineZooms(affine);
        const { plane: found, axes } = planeOrientation({ dims, affine, zooms }, wanted ?? undefined);
        expect(slicesAcross({ dims, zooms, orientation: orientationCodes(affine) }, wanted)).toEqual({
          plane: found,
          sliceCount: dims[axes[2] as 0 | 1 | 2],
        });
      },
    ),
    { numRuns: 500, seed: 9 },
  );
});
