import { describe, expect, it } from 'vitest';
import { deviation } from '../../../main/engine/inference/deviation';
import { withMirrorAveraging } from '../../../main/engine/inference/mirror';
import { samplingMode, withSamples } from '../../../main/engine/inference/samples';

const cuts = (
  iro: Float32Array,
): { ifc: Float32Array; iwc: Float32Array; iro: Float32Array; spread: null } => ({
  ifc: iro,
  iwc: iro,
  iro,
  spread: null,
});

describe('the spread of I_ro', () => {
  it('is the standard deviation over the predictions, pixel by pixel', () => {
    // Of 1, 2, 3: the mean squared distance from 2 is 2/3.
    const found = deviation([1, 2, 3].map((value) => Float32Array.of(value, 5)));
    expect(found[0]).toBeCloseTo(Math.sqrt(2 / 3), 6);
    expect(found[1]).toBe(0);
  });

  it('comes of the mirror image where that is all there is', () => {
    // A network that adds 0.2 on the left of an image of two columns.
    const lopsided = (images: Float32Array): ReturnType<typeof cuts> =>
      cuts(images.map((value, i) => value + (i % 2 === 0 ? 0.2 : 0)));
    const { iro, spread } = withMirrorAveraging(lopsided, 2, 1)(Float32Array.of(0.5, 0.5));
    expect(iro[0]).toBeCloseTo(0.6, 6);
    expect(spread?.[0]).toBeCloseTo(0.1, 6);
    expect(spread?.[1]).toBeCloseTo(0.1, 6);
  });

  it('comes of samples, beside a prediction that stays as it is', () => {
    let calls = 0;
    const sample = (images: Float32Array): ReturnType<typeof cuts> => {
      calls += 1;
      return cuts(images.map((value) => value + (calls % 2 === 0 ? 0.3 : -0.3)));
    };
    const images = Float32Array.of(0.5, 0.4);
    const { iro, spread } = withSamples(cuts, sample, 4, null, 1)(images);
    expect(iro).toEqual(images);
    expect(spread?.[0]).toBeCloseTo(0.3, 6);
    expect(calls).toBe(4);
    withSamples(cuts, sample, 4, 2, 1)(images);
    expect(calls).toBe(12);
  });

  it('leaves the network as it is where it was trained without dropout', () => {
    expect(samplingMode(0, 1)).toEqual({ kind: 'inference' });
    expect(samplingMode(0.1, 1)).toHaveProperty('dropout');
  });
});
