import { describe, expect, it } from 'vitest';
import { lesionChanges, overlayCodes } from '../../../../shared/lesions/change';

const dims = [40, 10, 6] as const;
const zooms = [1, 2, 1.5] as const;

/** Boxes of voxels, by their first corner and their sides. */
function boxes(...all: readonly (readonly [number, number, number, number, number, number])[]): Uint8Array {
  const mask = new Uint8Array(dims[0] * dims[1] * dims[2]);
  for (const [x0, y0, z0, nx, ny, nz] of all)
    for (let z = z0; z < z0 + nz; z += 1)
      for (let y = y0; y < y0 + ny; y += 1)
        mask.fill(1, x0 + dims[0] * (y + dims[1] * z), x0 + nx + dims[0] * (y + dims[1] * z));
  return mask;
}

describe('lesions at two times', () => {
  // By hand: 4x4x2 = 32 voxels grow to 6x4x2 = 48; 48 shrink to 32; 8 are new, 12 gone; 32 become 36 (12.5 %).
  const before = boxes([0, 0, 0, 4, 4, 2], [10, 0, 0, 6, 4, 2], [20, 0, 0, 3, 2, 2], [30, 0, 0, 4, 4, 2]);
  const after = boxes(
    [0, 0, 0, 6, 4, 2],
    [10, 0, 0, 4, 4, 2],
    [25, 6, 3, 2, 2, 2],
    [30, 0, 0, 4, 4, 2],
    [34, 0, 0, 1, 4, 1],
  );
  const { lesions, overlay } = lesionChanges(before, after, dims, zooms);

  it('are new, gone, grown, shrunk or stable, with their volumes', () => {
    expect(lesions.map(({ change, beforeMm3, afterMm3 }) => [change, beforeMm3 / 3, afterMm3 / 3])).toEqual([
      ['grown', 32, 48],
      ['shrunk', 48, 32],
      ['stable', 32, 36],
      ['gone', 12, 0],
      ['new', 0, 8],
    ]);
    expect(lesions[4]?.centreVox).toEqual([25.5, 6.5, 3.5]);
  });

  it('are marked where they are or were', () => {
    const marked = (code: number): number => overlay.filter((value) => value === code).length;
    expect(marked(overlayCodes.grown)).toBe(48);
    expect(marked(overlayCodes.shrunk)).toBe(48);
    expect(marked(overlayCodes.gone)).toBe(12);
    expect(marked(overlayCodes.new)).toBe(8);
    expect(marked(0)).toBe(overlay.length - 48 - 48 - 12 - 8 - 36);
  });

  it('that merge are one', () => {
    const two = boxes([0, 0, 0, 4, 4, 2], [6, 0, 0, 4, 4, 2]);
    const one = boxes([0, 0, 0, 10, 4, 2]);
    expect(lesionChanges(two, one, dims, zooms).lesions).toHaveLength(1);
    expect(lesionChanges(one, two, dims, zooms).lesions[0]?.change).toBe('stable');
    expect(lesionChanges(two, two, dims, zooms).lesions.map(({ change }) => change)).toEqual([
      'stable',
      'stable',
    ]);
  });
});
