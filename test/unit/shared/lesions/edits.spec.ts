import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { voxelPoint } from '../../../../shared/geometry/points';
import { paintLine, type Brush } from '../../../../shared/lesions/brush';
import { componentAt, enclosedAt, sliceCopy } from '../../../../shared/lesions/regions';
import {
  emptyHistory,
  flipMemo,
  memoFits,
  memoOf,
  memoVoxels,
  redo,
  undo,
  withMemo,
} from '../../../../shared/lesions/strokes';
import type { Dims, Triple } from '../../../../shared/volume/volume';

const dims: Dims = [20, 16, 12];
const at = (x: number, y: number, z: number): number => x + 20 * (y + 16 * z);
const empty = (): Uint8Array => new Uint8Array(20 * 16 * 12);

function painted(brush: Partial<Brush>, from: Triple, to: Triple, zooms: Triple = [1, 1, 1]): Set<number> {
  const mask = empty();
  const flipped: number[] = [];
  const whole: Brush = { radiusMm: 3, shape: 'disc', across: 2, value: 1, ...brush };
  paintLine({ mask, dims, zooms }, voxelPoint(...from), voxelPoint(...to), whole, null, flipped);
  expect(new Set(flipped).size).toBe(flipped.length);
  expect(mask.reduce((sum, value) => sum + value, 0)).toBe(flipped.length);
  return new Set(flipped);
}

describe('memos', () => {
  it('hold runs of neighbours and flip back and forth', () => {
    const memo = memoOf('Brush', [7, 3, 4, 5, 9, 8]);
    expect(memo.runs).toEqual([3, 3, 7, 3]);
    expect(memoVoxels(memo)).toBe(6);
    const mask = new Uint8Array(12).fill(1, 4, 6);
    flipMemo(mask, memo);
    expect([...mask]).toEqual([0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 0, 0]);
    flipMemo(mask, memo);
    expect([...mask]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
  });

  it('bring a mask back through any undos and redos', () => {
    const edit = fc.uniqueArray(fc.nat(199), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 12 }), fc.array(fc.boolean()), (edits, steps) => {
        const mask = new Uint8Array(200);
        const states = [mask.slice()];
        let history = emptyHistory;
        for (const flipped of edits) {
          const memo = memoOf('Brush', flipped);
          flipMemo(mask, memo);
          history = withMemo(history, memo);
          states.push(mask.slice());
        }
        for (const back of steps) {
          history = back ? undo(mask, history) : redo(mask, history);
          expect(mask).toEqual(states[history.done]);
        }
      }),
    );
  });

  it('forget what was undone once something else is done', () => {
    const mask = new Uint8Array(5);
    let history = withMemo(withMemo(emptyHistory, memoOf('a', [1])), memoOf('b', [2]));
    history = undo(mask, history);
    history = withMemo(history, memoOf('c', [3]));
    expect(history.memos.map(({ name }) => name)).toEqual(['a', 'c']);
    expect(redo(mask, history)).toBe(history);
  });

  it('are refused where they do not fit the mask', () => {
    expect(memoFits({ name: '', runs: [3, 2, 7, 1] }, 8)).toBe(true);
    for (const runs of [[3], [7, 2], [3, 2, 4, 1], [-1, 2], [3, 0], [0.5, 1], [9, 1]]) {
      expect(memoFits({ name: '', runs }, 8)).toBe(false);
    }
  });
});

describe('the brush', () => {
  it('paints the voxels whose centres are within its radius, in one slice', () => {
    const found = painted({ radiusMm: 3 }, [10, 8, 5], [10, 8, 5]);
    // Gauss's circle problem: 29 points of the grid within 3 of the origin.
    expect(found.size).toBe(29);
    expect([...found].every((index) => Math.floor(index / 320) === 5)).toBe(true);
    expect(found.has(at(13, 8, 5))).toBe(true);
    expect(found.has(at(13, 9, 5))).toBe(false);
  });

  it('paints a ball through the slices', () => {
    // 123 points of the grid within 3 of the origin in space.
    expect(painted({ radiusMm: 3, shape: 'ball' }, [10, 8, 6], [10, 8, 6]).size).toBe(123);
  });

  it('measures in millimetres', () => {
    const found = painted({ radiusMm: 3, shape: 'ball' }, [10, 8, 6], [10, 8, 6], [1, 1, 3]);
    // Beside its own slice (29 voxels) the ball reaches the one voxel 3 mm above and below.
    expect(found.size).toBe(31);
    expect(found.has(at(10, 8, 7))).toBe(true);
  });

  it('leaves no gaps between the points of a fast stroke', () => {
    const found = painted({ radiusMm: 1 }, [3, 8, 5], [16, 8, 5]);
    for (let x = 3; x <= 16; x += 1) expect(found.has(at(x, 8, 5))).toBe(true);
    // 14 x 3 along the line, and one voxel at each end.
    expect(found.size).toBe(14 * 3 + 2);
  });

  it('works in every plane', () => {
    const found = painted({ across: 0, radiusMm: 2 }, [4, 8, 6], [4, 8, 6]);
    expect(found.size).toBe(13);
    expect([...found].every((index) => index % 20 === 4)).toBe(true);
  });

  it('touches the voxel under it even where it is smaller than one, and stays inside the grid', () => {
    expect([...painted({ radiusMm: 0.1 }, [10.4, 8.4, 5], [10.4, 8.4, 5])]).toEqual([at(10, 8, 5)]);
    expect(painted({ radiusMm: 2 }, [0, 0, 0], [0, 0, 0]).size).toBe(6);
    expect(painted({ radiusMm: 2 }, [-9, -9, 0], [-9, -9, 0]).size).toBe(0);
  });

  it('erases, and only where it may', () => {
    const mask = empty().fill(1);
    const flipped: number[] = [];
    paintLine(
      { mask, dims, zooms: [1, 1, 1] },
      voxelPoint(10, 8, 5),
      voxelPoint(10, 8, 5),
      { radiusMm: 1, shape: 'disc', across: 2, value: 0 },
      (index) => index % 20 >= 10,
      flipped,
    );
    expect(new Set(flipped)).toEqual(new Set([at(10, 7, 5), at(10, 8, 5), at(11, 8, 5), at(10, 9, 5)]));
    expect(mask[at(9, 8, 5)]).toBe(1);
  });
});

describe('regions', () => {
  it('of a click in the mask are its component, joined by corners too', () => {
    const mask = empty();
    for (const voxel of [at(2, 2, 2), at(3, 3, 3), at(4, 3, 3), at(9, 9, 9), at(0, 4, 3)]) mask[voxel] = 1;
    expect(new Set(componentAt(mask, dims, voxelPoint(4, 3, 3)))).toEqual(
      new Set([at(2, 2, 2), at(3, 3, 3), at(4, 3, 3)]),
    );
    expect(componentAt(mask, dims, voxelPoint(5, 5, 5))).toEqual([]);
  });

  it('do not wrap round the ends of rows', () => {
    const mask = empty();
    mask[at(19, 4, 3)] = 1;
    mask[at(0, 5, 3)] = 1;
    expect(componentAt(mask, dims, voxelPoint(19, 4, 3))).toEqual([at(19, 4, 3)]);
  });

  it('of a click inside an outline are what it encloses in that slice', () => {
    const mask = empty();
    for (let i = 4; i <= 8; i += 1) {
      for (const [x, y] of [
        [i, 4],
        [i, 8],
        [4, i],
        [8, i],
      ] as const) {
        mask[at(x, y, 5)] = 1;
      }
    }
    const inside = enclosedAt(mask, dims, voxelPoint(6, 6, 5), 2);
    expect(inside.length).toBe(9);
    expect(inside.every((index) => Math.floor(index / 320) === 5)).toBe(true);
    expect(enclosedAt(mask, dims, voxelPoint(2, 2, 5), 2)).toEqual([]);
    mask[at(8, 6, 5)] = 0;
    expect(enclosedAt(mask, dims, voxelPoint(6, 6, 5), 2)).toEqual([]);
  });

  it('of a copied slice are where the two differ', () => {
    const mask = empty();
    mask[at(3, 3, 4)] = 1;
    mask[at(5, 5, 5)] = 1;
    expect(new Set(sliceCopy(mask, dims, 2, 4, 5))).toEqual(new Set([at(3, 3, 5), at(5, 5, 5)]));
    expect(sliceCopy(mask, dims, 2, -1, 5)).toEqual([]);
  });
});
