import { describe, expect, it } from 'vitest';
import { estimateTraining, type TimedTraining } from '../../../../shared/study/estimate';
import { presets } from '../../../../shared/study/trainingSettings';

/** 10 ms a slice in M, 1 ms a slice in D, at width 4. */
const timed: TimedTraining = {
  device: 'CPU',
  settings: { baseWidth: 4, generatorBatch: 2, discriminatorBatch: 10 },
  generatorSteps: 50,
  generatorMs: 1000,
  discriminatorSteps: 10,
  discriminatorMs: 100,
};
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
    expect(estimateTraining(settings, { reference: 80, input: 100 }, timed)).toEqual([6540, 6540]);
    const fewer = { ...settings, slicesPerEpoch: 20 };
    expect(estimateTraining(fewer, { reference: 80, input: 100 }, timed)).toEqual([1500, 1500]);
    const second = { ...settings, stage: '2' as const };
    expect(estimateTraining(second, { reference: 80, input: 100 }, timed)).toEqual([7080, 7080]);
  });

  it('lies between once and twice the change of width, and within the time that is allowed', () => {
    const wide = { ...settings, baseWidth: 16 };
    expect(estimateTraining(wide, { reference: 80, input: 100 }, timed)).toEqual([6540 * 4, 6540 * 16]);
    const short = { ...wide, maxMinutes: 1 };
    expect(estimateTraining(short, { reference: 80, input: 100 }, timed)).toEqual([26160, 60000]);
    const narrow = { ...settings, baseWidth: 2 };
    expect(estimateTraining(narrow, { reference: 80, input: 100 }, timed)).toEqual([6540 / 4, 6540 / 2]);
  });

  it('is not known where nothing was timed', () => {
    expect(
      estimateTraining(settings, { reference: 1, input: 1 }, { ...timed, generatorSteps: 0 }),
    ).toBeNull();
  });
});
