import { describe, expect, it } from 'vitest';
import { afterCycle, firstStage, fractionDone, fullTrainingMs } from '../../../main/engine/training/schedule';
import type { CycleRecord } from '../../../main/engine/training/state';
import { settingsFrom, settingsToGoOnWith } from '../../../shared/study/chooseSettings';

/** What the rule makes of a row of cycles: the stage of each and why it ended. */
function walk(stage: '1' | '2' | 'auto', maxCycles: number, splits: string, stopWhenSplit = true): string {
  let at: { stage: 1 | 2; confirmations: number } = { stage: firstStage({ stage }), confirmations: 0 };
  let told = '';
  for (let cycle = 1; ; cycle += 1) {
    told += String(at.stage);
    const decision = afterCycle({ stage, maxCycles, stopWhenSplit }, cycle, at, splits[cycle - 1] === 'S');
    if (decision.ended) return `${told} ${decision.ended}`;
    at = decision;
  }
}

describe('the stop rule', () => {
  it('wants a split at the ends of two cycles in a row', () => {
    expect(walk('1', 9, 'S.S.SS...')).toBe('111111 split');
    expect(walk('2', 9, 'SS')).toBe('22 split');
    expect(walk('1', 3, 'S.S')).toBe('111 cycles');
    expect(walk('1', 4, 'SSSS', false)).toBe('1111 cycles');
  });

  it('leads from stage 1 to stage 2, where it begins to count anew', () => {
    expect(walk('auto', 10, 'SSSS')).toBe('1122 split');
    expect(walk('auto', 10, 'SS.SS')).toBe('11222 split');
    // A split in the last cycle of stage 1 does not count in stage 2.
    expect(walk('auto', 4, '.SS.')).toBe('1122 cycles');
    expect(walk('auto', 2, '..')).toBe('12 cycles');
    expect(walk('auto', 5, '.....')).toBe('11122 cycles');
    expect(walk('auto', 1, 'S')).toBe('1 cycles');
  });
});

describe('how far it is', () => {
  const settings = { ...settingsFrom('published', {}), maxCycles: 4, stage: 'auto' as const };
  const sizes = { reference: 72, input: 72, generator: 72 };
  const state = {
    cycle: 1,
    stage: 1 as const,
    phase: 'discriminator' as const,
    epoch: 0,
    step: 0,
    workedMs: 0,
  };

  it('goes from 0 to 1 by the work of each stage, or by the time', () => {
    expect(fractionDone(settings, sizes, state)).toBe(0);
    expect(fractionDone(settings, sizes, { ...state, cycle: 5 })).toBe(1);
    // Two of four cycles: less than half, because D has twice the slices in stage 2.
    const half = fractionDone(settings, sizes, { ...state, cycle: 3, stage: 2 });
    expect(half).toBeGreaterThan(0.3);
    expect(half).toBeLessThan(0.5);
    const timed = { ...settings, maxMinutes: 10 };
    expect(fractionDone(timed, sizes, { ...state, workedMs: 6 * 60_000 })).toBeCloseTo(0.6, 6);
  });

  it('tells how long all cycles would take from those that were taken', () => {
    const record = (stage: 1 | 2, discriminatorMs: number, split: boolean | null = false): CycleRecord => ({
      ...{ cycle: 1, stage, discriminator: null, generator: null, discriminatorSteps: 1, generatorSteps: 1 },
      ...{ discriminatorMs, generatorMs: 1000, peaks: null, split, iroSpread: null, warnings: [] },
    });
    expect(fullTrainingMs('auto', 100, [record(1, 500), record(2, 1100)])).toBe(50 * 1500 + 50 * 2100);
    // Stage 2 was not reached: D has twice the slices there.
    expect(fullTrainingMs('auto', 100, [record(1, 500)])).toBe(50 * 1500 + 50 * 2000);
    expect(fullTrainingMs('1', 10, [record(1, 500), record(1, 700, null)])).toBe(15_000);
    expect(fullTrainingMs('1', 10, [record(1, 500, null)])).toBeNull();
  });
});

describe('settings to go on with', () => {
  const before = settingsFrom('quick', { seed: 3 });
  it('may change in what leaves the networks and the order of slices as they are', () => {
    const changes = { maxCycles: 9, generatorRate: 1e-4 };
    expect(settingsToGoOnWith(before, changes)).toEqual({ ...before, ...changes });
    expect(settingsToGoOnWith(before, { seed: 3 })).toEqual(before);
  });

  it.each([
    ['seed', 4],
    ['baseWidth', 8],
    ['generatorBatch', 3],
    ['mixingStart', null],
  ])('refuses another %s', (name, value) => {
    expect(() => settingsToGoOnWith(before, { [name]: value })).toThrowError(`${name} cannot change`);
  });

  it('names what is no setting, or none of that value', () => {
    expect(() => settingsFrom('quick', { nonsense: 1 })).toThrowError(/nonsense/);
    expect(() => settingsToGoOnWith(before, { generatorRate: -1 })).toThrowError(/generatorRate/);
  });
});
