import { describe, expect, it } from 'vitest';
import { generatorRateAt } from '../../../main/engine/training/steps';
import { presets } from '../../../shared/study/trainingSettings';

describe("the main module's learning rate", () => {
  it('falls as half a cosine to its final share', () => {
    const settings = { generatorRate: 0.01, generatorWarmupSteps: 0, generatorFinalRate: 0.2 };
    const at = (done: number): number => generatorRateAt(settings, { done, total: 600 });
    // 0.2 + 0.8 (1 + cos(pi p)) / 2 of the rate: at a third cos is 1/2, at the middle 0.
    expect(at(0)).toBeCloseTo(0.01, 12);
    expect(at(200)).toBeCloseTo(0.008, 12);
    expect(at(300)).toBeCloseTo(0.006, 12);
    expect(at(600)).toBeCloseTo(0.002, 12);
  });

  it('rises over the warm-up', () => {
    const settings = { generatorRate: 0.01, generatorWarmupSteps: 3, generatorFinalRate: 1 };
    const rates = [0, 1, 2, 3, 4].map((done) => generatorRateAt(settings, { done, total: 5 }));
    [0.0025, 0.005, 0.0075, 0.01, 0.01].forEach((rate, i) => expect(rates[i]).toBeCloseTo(rate, 12));
  });

  it('stays where the published one stays', () => {
    expect(generatorRateAt(presets.published, { done: 70, total: 100 })).toBeCloseTo(5e-5, 15);
  });
});
