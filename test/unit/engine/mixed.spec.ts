import { expect, it } from 'vitest';
import { halfEach } from '../../../main/engine/training/mixed';
import type { SliceSource } from '../../../main/engine/training/sliceSource';

const numbered = (first: number, count: number): SliceSource => ({
  count,
  height: 1,
  width: 1,
  channels: 2,
  read: (indices) => Float32Array.from(indices.flatMap((index) => [first + index, -(first + index)])),
});

it('gives each of two sets half of the images, the smaller one again and again', () => {
  const mixed = halfEach(numbered(10, 2), numbered(20, 3));
  expect(mixed.count).toBe(6);
  expect([...mixed.read([0, 1, 2, 3, 4, 5])].filter((value) => value > 0)).toEqual([10, 20, 11, 21, 10, 22]);
});
