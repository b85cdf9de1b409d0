import { describe, expect, it } from 'vitest';
import { percentileOfSorted, sortedInside } from '../../../../shared/imaging/percentiles';
import { erode } from '../../../../shared/imaging/morphology';
import { labelComponents } from '../../../../shared/lesions/components';
import { implantLesions } from '../../../../shared/lesions/implant';
import { createRandom } from '../../../../shared/random';
import type { Affine, Dims, Triple } from '../../../../shared/volume/volume';

/** An ellipsoid "brain" of grey values around 100 with a bright rim (fat of the 99.9th percentile) on any grid. */
function phantom(dims: Dims): { values: Float32Array; mask: Uint8Array } {
  const random = createRandom(11);
  const values = new Float32Array(dims[0] * dims[1] * dims[2]);
  const mask = new Uint8Array(values.length);
  let at = 0;
  for (let z = 0; z < dims[2]; z += 1)
    for (let y = 0; y < dims[1]; y += 1)
      for (let x = 0; x < dims[0]; x += 1, at += 1) {
        const r = Math.hypot(
          ...[x, y, z].map((v, i) => (2 * v - (dims[i] as number) + 1) / ((dims[i] as number) - 8)),
        );
        if (r > 1) continue;
        mask[at] = 1;
        values[at] = 100 + 8 * random.normal() + (r > 0.985 ? 100 : 0);
      }
  return { values, mask };
}

const dims: Dims = [90, 100, 80];
const zooms: Triple = [1.5, 1.4, 1.5];
const brain = phantom(dims);
const implanted = implantLesions({ ...brain, dims, zooms, seed: 1 });

function touchedSlices(before: Float32Array, after: Float32Array, axis: 0 | 1 | 2, size: Dims): number[] {
  const stride = [1, size[0], size[0] * size[1]][axis] as number;
  const found = new Set<number>();
  before.forEach((value, i) => {
    if (value !== after[i]) found.add(Math.floor(i / stride) % (size[axis] as number));
  });
  return [...found].sort((a, b) => a - b);
}

describe('implanted lesions', () => {
  it('are the same for the same seed and others for another', () => {
    const again = implantLesions({ ...brain, dims, zooms, seed: 1 });
    expect(again.lesions).toEqual(implanted.lesions);
    expect(again.values.every((value, i) => value === implanted.values[i])).toBe(true);
    expect(again.truth.every((voxel, i) => voxel === implanted.truth[i])).toBe(true);
    const other = implantLesions({ ...brain, dims, zooms, seed: 2 });
    expect(other.lesions[0]?.centreVox).not.toEqual(implanted.lesions[0]?.centreVox);
  });

  it('are twenty or more, of 25 to 60 ml together (3 to 7 % of the brain), apart from one another and of several sizes', () => {
    const { lesions, truth } = implanted;
    expect(lesions.length).toBeGreaterThanOrEqual(20);
    const ml = (truth.reduce((sum, voxel) => sum + voxel, 0) * zooms[0] * zooms[1] * zooms[2]) / 1000;
    expect(ml).toBeGreaterThan(25);
    expect(ml).toBeLessThan(60);
    expect(labelComponents(truth, dims, 26).count).toBe(lesions.length);
    expect(lesions.reduce((sum, lesion) => sum + lesion.voxels, 0)).toBe(
      truth.reduce((sum, voxel) => sum + voxel, 0),
    );
    const sizes = lesions.map((lesion) => lesion.voxels);
    expect(Math.max(...sizes)).toBeGreaterThan(6 * Math.min(...sizes));
  });

  it('lie inside the brain, away from its border', () => {
    const inner = erode(brain.mask, dims, 1);
    expect(implanted.truth.every((voxel, i) => voxel === 0 || inner[i] === 1)).toBe(true);
    expect(implanted.values.every((value, i) => brain.mask[i] === 1 || value === brain.values[i])).toBe(true);
  });

  it('brighten only, to no more than the scan’s own 99.9th percentile, and clearly', () => {
    const sorted = sortedInside(brain.values, brain.mask);
    const cap = percentileOfSorted(sorted, 99.9);
    let core = 0;
    let count = 0;
    let broken = 0;
    implanted.values.forEach((value, i) => {
      const before = brain.values[i] as number;
      if (value < before || (value !== before && value > cap + 1e-3)) broken += 1;
      if (implanted.truth[i] === 1) {
        core += value - before;
        count += 1;
      }
    });
    expect(broken).toBe(0);
    const range = percentileOfSorted(sorted, 99.95) - percentileOfSorted(sorted, 0.5);
    expect(core / count).toBeGreaterThan(0.18 * range);
  });

  it('leave more than half of the brain’s slices as they were, and say which they changed', () => {
    const changed = touchedSlices(brain.values, implanted.values, 2, dims);
    expect(changed.length).toBeGreaterThan(10);
    expect(changed.length).toBeLessThan(36);
    expect(changed).toEqual([...implanted.touched.keys()].filter((slice) => implanted.touched[slice] === 1));
    expect(implanted.sliceAxis).toBe(2);
  });

  it('follow the body and not the voxel axes', () => {
    // The same head, its first axis running from top to bottom.
    const turned: Dims = [80, 100, 90];
    const affine: Affine = [0, 0, 1.5, 0, 0, 1.4, 0, 0, -1.5, 0, 0, 0, 0, 0, 0, 1];
    const head = phantom(turned);
    const slabs = [[0.6, 0.9]] as const;
    const result = implantLesions({ ...head, dims: turned, zooms, affine, seed: 3, slabs, count: 6 });
    expect(result.sliceAxis).toBe(0);
    expect(result.lesions.length).toBeGreaterThan(3);
    const changed = touchedSlices(head.values, result.values, 0, turned);
    // High in the head is low in the index: shares 0.6 to 0.9 from below are 0.1 to 0.4 from the first slice.
    expect(Math.min(...changed)).toBeGreaterThanOrEqual(4 + 0.1 * 71 - 1);
    expect(Math.max(...changed)).toBeLessThanOrEqual(4 + 0.4 * 71 + 1);
  });

  it('are none where there is no brain, or no contrast to be had', () => {
    const empty = implantLesions({
      values: brain.values,
      mask: new Uint8Array(brain.mask.length),
      dims,
      zooms,
      seed: 1,
    });
    expect(empty.lesions).toEqual([]);
    const flat = implantLesions({
      values: new Float32Array(brain.mask.length).fill(5),
      mask: brain.mask,
      dims,
      zooms,
      seed: 1,
    });
    expect(flat.lesions).toEqual([]);
    expect(flat.truth.includes(1)).toBe(false);
  });
});
