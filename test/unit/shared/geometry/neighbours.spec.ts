import { expect, it } from 'vitest';
import { channelOffsets, channelOffsetsMm, withNeighbours } from '../../../../shared/geometry/neighbours';

it('takes the slice itself first, then the one below and the one above; at the ends the last stands in', () => {
  // Slice k holds 10 k and 10 k + 1.
  const slices = Float32Array.of(0, 1, 10, 11, 20, 21, 30, 31);
  expect([...withNeighbours(slices, 2, [1, 3], [0, -2, 2])]).toEqual([
    10, 0, 30, 11, 1, 31, 30, 10, 30, 31, 11, 31,
  ]);
  expect([...withNeighbours(slices, 2, [2], [0])]).toEqual([20, 21]);
});

it('finds the slices nearest to a distance, at least the next one', () => {
  expect(channelOffsetsMm(0)).toEqual([0]);
  expect(channelOffsets(2, 1)).toEqual([0, -2, 2]);
  expect(channelOffsets(2, 0.5)).toEqual([0, -4, 4]);
  expect(channelOffsets(2, 5)).toEqual([0, -1, 1]);
});
