import { expect, it } from 'vitest';
import { depths, erode } from '../../../../shared/imaging/morphology';
import { sortedInside } from '../../../../shared/imaging/percentiles';
import { createRandom } from '../../../../shared/random';
import type { Dims } from '../../../../shared/volume/volume';

it('values are sorted as the built-in sort does, few and many, of both signs', () => {
  const random = createRandom(4);
  for (const length of [0, 1, 100, 4095, 4096, 50_000]) {
    const values = Float32Array.from({ length }, (_, i) =>
      i % 7 === 0 ? 0 : random.normal() * 10 ** (random.integer(12) - 6),
    );
    if (length > 4096) values.set([Infinity, -Infinity, 3e38, -1e-45, -0], 9);
    const mask = Uint8Array.from({ length }, (_, i) => (i % 3 === 0 ? 0 : 1));
    const wanted = values.filter((_, i) => mask[i] === 1).sort();
    expect(sortedInside(values, mask)).toEqual(wanted);
  }
});

it('depths are the steps of erosion that a voxel outlives', () => {
  const random = createRandom(8);
  const dims: Dims = [11, 9, 7];
  for (let round = 0; round < 20; round += 1) {
    const mask = Uint8Array.from({ length: 11 * 9 * 7 }, () => Number(random.next() < 0.93));
    const wanted = mask.slice();
    for (let steps = 1; steps <= 4; steps += 1)
      erode(mask, dims, steps).forEach((left, i) => (wanted[i] = (wanted[i] as number) + left));
    expect(depths(mask, dims, 4)).toEqual(wanted);
  }
});
