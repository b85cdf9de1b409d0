import { describe, expect, it } from 'vitest';
import { lesionPlaces } from '../../../../shared/lesions/places';
import type { Dims } from '../../../../shared/volume/volume';

const dims: Dims = [6, 5, 4];
const at = (x: number, y: number, z: number): number => x + 6 * (y + 5 * z);

describe('lesionPlaces', () => {
  it('finds the slice with most of a lesion across each axis, and its middle there', () => {
    const labels = new Int32Array(6 * 5 * 4);
    // One voxel at z = 0, three along x at z = 2, and one beside them at z = 3.
    for (const [x, y, z] of [
      [1, 1, 0],
      [1, 1, 2],
      [2, 1, 2],
      [3, 1, 2],
      [3, 2, 3],
    ] as const) {
      labels[at(x, y, z)] = 1;
    }
    const values = new Float32Array(labels.length);
    values[at(2, 1, 2)] = 0.9;
    const { places, slices } = lesionPlaces(labels, 1, dims, values);
    expect(places[0]?.largest).toEqual([
      // x = 1 and x = 3 hold two voxels each: the first that was met. (1,1,0) and (1,1,2).
      [1, 1, 1],
      // y = 1 holds four: x 1, 1, 2, 3 and z 0, 2, 2, 2.
      [2, 1, 2],
      [2, 1, 2],
    ]);
    expect(places[0]?.anchor).toBe(at(2, 1, 2));
    expect(slices).toEqual([
      [1, 2, 3],
      [1, 2],
      [0, 2, 3],
    ]);
  });

  it('keeps lesions apart, and takes the first voxel where all values are equal', () => {
    const labels = new Int32Array(6 * 5 * 4);
    labels[at(0, 0, 0)] = 2;
    labels[at(5, 4, 3)] = 1;
    labels[at(5, 3, 3)] = 1;
    const { places } = lesionPlaces(labels, 2, dims, new Float32Array(labels.length));
    expect(places.map(({ anchor }) => anchor)).toEqual([at(5, 3, 3), at(0, 0, 0)]);
    expect(places[1]?.largest[2]).toEqual([0, 0, 0]);
    // A mask without a map.
    expect(lesionPlaces(labels, 2, dims, null).places).toEqual(places);
  });

  it('is empty for an empty map', () => {
    expect(lesionPlaces(new Int32Array(120), 0, dims, new Float32Array(120))).toEqual({
      places: [],
      slices: [[], [], []],
    });
  });
});
