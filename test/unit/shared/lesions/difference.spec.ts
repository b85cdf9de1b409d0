import { describe, expect, it } from 'vitest';
import { depths, erode } from '../../../../shared/imaging/morphology';
import { baselineDifference, differenceSentence } from '../../../../shared/lesions/difference';
import { defaultRules, lesionMask, rulesSentence } from '../../../../shared/lesions/lesionMask';
import { createRandom } from '../../../../shared/random';

describe('a mask beside the plain threshold', () => {
  it('is told by what both mark, and each alone, in mm3', () => {
    const grid = { dims: [6, 1, 1], zooms: [1, 2, 3] } as const;
    const mask = Uint8Array.of(1, 1, 0, 0, 0, 0);
    const plain = Uint8Array.of(0, 1, 1, 0, 1, 0);
    const difference = baselineDifference(mask, plain, 3, grid, 26);
    // Dice of two voxels and three with one in common.
    expect(difference).toEqual({
      threshold: 3,
      lesions: 2,
      volumeMm3: 18,
      bothMm3: 6,
      networkOnlyMm3: 6,
      baselineOnlyMm3: 12,
      dice: 2 / 5,
    });
    expect(differenceSentence(difference, (mm3) => `${mm3} mm3`)).toMatch(
      /marks 18 mm3: 6 mm3 .*12 mm3.*0\.40/,
    );
    expect(baselineDifference(new Uint8Array(6), new Uint8Array(6), 3, grid, 26).dice).toBe(1);
  });
});

describe('the rim of the brain', () => {
  const dims = [14, 13, 12] as const;
  const random = createRandom(4);
  const brain = Uint8Array.from({ length: 14 * 13 * 12 }, (_, i) => {
    const at = [i % 14, Math.floor(i / 14) % 13, Math.floor(i / 182)];
    return Math.hypot(...at.map((value, axis) => value - (dims[axis] as number) / 2)) < 6 ? 1 : 0;
  });

  it('is as deep as erosion leaves voxels', () => {
    const depth = depths(brain, dims, 4);
    for (const steps of [0, 1, 2, 3, 4])
      expect(Array.from(depth, (value) => (value > steps ? 1 : 0))).toEqual([...erode(brain, dims, steps)]);
  });

  it('is left out as wide as it is wanted, and comes back', () => {
    const score = Float32Array.from(brain, (value) => value * random.uniform(0.6, 1));
    const depth = depths(brain, dims, 6);
    const count = (erosionVoxels: number): number =>
      lesionMask(score, dims, 0.5, { ...defaultRules, erosionVoxels }, depth).reduce((a, b) => a + b, 0);
    const voxels = (steps: number): number => erode(brain, dims, steps).reduce((a, b) => a + b, 0);
    for (const steps of [0, 2, 3, 0]) expect(count(steps)).toBe(voxels(steps));
  });

  it('is told with the other rules in words', () => {
    expect(rulesSentence(defaultRules)).toBe(
      '10 voxels or more, joined by corners, not in the outermost 2 voxels of the brain',
    );
  });
});
