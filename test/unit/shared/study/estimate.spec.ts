import { describe, expect, it } from 'vitest';
import { estimateTraining, type TimedTraining } from '../../../../shared/study/estimate';
import { presets } from '../../../../shared/study/trainingSettings';

/** 10 ms a slice in M, 1 ms a slice in D, at width 4. */
const timed: TimedTraining = {
  device: 'CPU',
  baseWidth: 4,
  topConvolutions: 2,
  generatorBatch: 2,
  discriminatorBatch: 10,
  pixels: 25_600,
  generatorSteps: 50,
  generatorMs: 1000,
  discriminatorSteps: 10,
  discriminatorMs: 100,
  cycleMs: 0,
};
const slices = { reference: 80, input: 100, pixels: 25_600 };
const settings = {
  ...presets.quick,
  baseWidth: 4,
  maxCycles: 3,
  generatorEpochs: 2,
  discriminatorEpochs: 1,
  slicesPerEpoch: null,
  stage: '1' as const,
};

describe('the time of a training', () => {
  it('is that of the slices that it will see', () => {
    // A cycle: 2 x 100 slices of M, 80 + 100 of D.
    expect(estimateTraining(settings, slices, timed)).toEqual([6540, 6540]);
    const fewer = { ...settings, slicesPerEpoch: 20 };
    // It bounds what is drawn of either set: 2 x 20 slices of M, 20 + 20 of D.
    expect(estimateTraining(fewer, slices, timed)).toEqual([1320, 1320]);
    const second = { ...settings, stage: '2' as const };
    expect(estimateTraining(second, slices, timed)).toEqual([7080, 7080]);
  });

  it('lies between once and twice the change of width, and within the time that is allowed', () => {
    const wide = { ...settings, baseWidth: 16 };
    expect(estimateTraining(wide, slices, timed)).toEqual([6540 * 4, 6540 * 16]);
    const short = { ...wide, maxMinutes: 1 };
    expect(estimateTraining(short, slices, timed)).toEqual([26160, 60000]);
    const narrow = { ...settings, baseWidth: 2 };
    expect(estimateTraining(narrow, slices, timed)).toEqual([6540 / 4, 6540 / 2]);
  });

  it('counts the pieces, the slices and the pasted images that the settings ask for, and the ends of cycles', () => {
    const other = {
      ...settings,
      cropPixels: 80,
      generatorSlices: 40,
      discriminatorSlices: 20,
      generatorBatch: 4,
      pastedBatch: 12,
    };
    // A quarter of the pixels; a cycle: 2 x 40 slices of M, each with three pasted ones beside it, and 2 x 20 of D.
    const cycle = (2 * 40 * 4 * 10 + 40 * 1) / 4;
    expect(estimateTraining(other, slices, { ...timed, cycleMs: 50 })).toEqual([
      3 * (cycle + 50),
      3 * (cycle + 50),
    ]);
    const shallow = { ...settings, topConvolutions: 1 as const };
    expect(estimateTraining(shallow, slices, timed)).toEqual([3270, 6540]);
  });

  it('is not known where nothing was timed', () => {
    expect(estimateTraining(settings, slices, { ...timed, generatorSteps: 0 })).toBeNull();
  });
});
