import { describe, expect, it } from 'vitest';
import { pasteLesions, type PasteImage } from '../../../../shared/lesions/pastedLesions';
import { createRandom } from '../../../../shared/random';

const side = 64;
const offsetsMm = [0, -2, 2];
const settings = { most: 4, radiusMm: [1.2, 9.5], level: [1.1, 3.4] } as const;
const options = {
  ...settings,
  radiusMm: [...settings.radiusMm] as [number, number],
  level: [...settings.level] as [number, number],
};

/** A disc of tissue at the mode with a dark ventricle in its middle, in three slices alike. */
function discImage(): PasteImage {
  const values = new Float32Array(side * side * 3);
  for (let i = 0; i < side * side; i += 1) {
    const [x, y] = [(i % side) - 31.5, Math.floor(i / side) - 31.5];
    const radius = Math.hypot(x, y);
    values.fill(radius > 28 ? 0 : radius < 6 ? 0.1 : 0.5, 3 * i, 3 * i + 3);
  }
  return { values, height: side, width: side, offsetsMm, pixelMm: 1.36 };
}

const many = Array.from({ length: 60 }, (_, seed) => {
  const image = discImage();
  return { image, pasted: pasteLesions(image, options, createRandom(seed)) };
});

describe('pasted lesions', () => {
  it('are the same for the same seed and leave the image as it was', () => {
    const image = discImage();
    const before = image.values.slice();
    const [a, b] = [3, 3].map((seed) => pasteLesions(image, options, createRandom(seed)));
    expect(a).toEqual(b);
    expect(image.values).toEqual(before);
    expect(pasteLesions(image, options, createRandom(4))).not.toEqual(a);
  });

  it('come in all numbers from none to the most, evenly', () => {
    const seen = [0, 1, 2, 3, 4].map((count) => many.filter(({ pasted }) => pasted.count === count).length);
    for (const times of seen) expect(times).toBeGreaterThan(3);
    expect(Math.max(...many.map(({ pasted }) => pasted.count))).toBe(4);
  });

  it('brighten tissue and nothing else: no background, no CSF, never darker, never beyond 1', () => {
    const wrong = many.flatMap(({ image, pasted }) =>
      [...pasted.values].filter((value, at) => {
        const before = image.values[at] as number;
        // 0.1 is 2.8 robust deviations below the mode: a ventricle keeps its wall under several lesions.
        const most = before === 0 ? 0 : before < 0.2 ? before + 0.1 : 1;
        return value < before || value > most;
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('mark in the mask what became clearly brighter in the slice itself', () => {
    let [marked, wrong] = [0, 0];
    for (const { image, pasted } of many) {
      pasted.mask.forEach((is, i) => {
        const [before, after] = [image.values[3 * i] as number, pasted.values[3 * i] as number];
        // Half a robust deviation brighter, and one above the mode; 7 of them are the range.
        if ((is === 1) !== (after - before > 0.5 / 7 && (after - 0.5) * 7 > 1)) wrong += 1;
        marked += is;
      });
    }
    expect(wrong).toBe(0);
    expect(marked).toBeGreaterThan(1000);
  });

  it('reach across the neighbouring slices, but are not the same there', () => {
    const both = many.filter(({ pasted }) => pasted.mask.includes(1));
    const gains = (channel: number): number =>
      both.reduce(
        (sum, { image, pasted }) =>
          sum +
          pasted.values.reduce((s, v, i) => s + (i % 3 === channel ? v - (image.values[i] as number) : 0), 0),
        0,
      );
    expect(gains(1)).toBeGreaterThan(0.3 * gains(0));
    expect(gains(2)).toBeGreaterThan(0.3 * gains(0));
    const differs = both.filter(({ pasted }) =>
      pasted.values.some((v, i) => i % 3 === 1 && v !== pasted.values[i - 1]),
    );
    expect(differs.length).toBe(both.length);
  });

  it('grow with the radius and brighten with the level', () => {
    const total = (change: Partial<typeof options>): number =>
      Array.from({ length: 20 }, (_, seed) =>
        pasteLesions(discImage(), { ...options, ...change }, createRandom(seed)),
      )
        .map(({ values }) => values.reduce((a, b) => a + b, 0))
        .reduce((a, b) => a + b, 0);
    expect(total({ radiusMm: [6, 9] })).toBeGreaterThan(total({ radiusMm: [1.2, 2] }));
    expect(total({ level: [3, 3.4] })).toBeGreaterThan(total({ level: [1.1, 1.5] }));
  });

  it('lie beside a ventricle about a third of the time, which by chance few would', () => {
    const one = { ...options, most: 1, radiusMm: [1.2, 1.3] as [number, number] };
    let [beside, all] = [0, 0];
    for (let seed = 0; seed < 300; seed += 1) {
      const { mask } = pasteLesions(discImage(), one, createRandom(seed));
      const at = mask.indexOf(1);
      if (at < 0) continue;
      all += 1;
      if (Math.hypot((at % side) - 31.5, Math.floor(at / side) - 31.5) < 10) beside += 1;
    }
    // Without the preference: (10² - 6²) of (25² - 6²), a ninth.
    expect(beside / all).toBeGreaterThan(0.22);
    expect(beside / all).toBeLessThan(0.6);
  });

  it('are none where there is no brain', () => {
    const image = { ...discImage(), values: new Float32Array(side * side * 3) };
    expect(pasteLesions(image, options, createRandom(1))).toMatchObject({ count: 0, values: image.values });
  });

  it('are bright in T2, dark in T1 or not seen there, and lie where they lie in the FLAIR', () => {
    const flair = discImage();
    // T1 in the fourth channel and T2 in the fifth, both at the level of tissue.
    const values = new Float32Array(side * side * 5);
    for (let i = 0; i < side * side; i += 1) {
      values.set(flair.values.subarray(3 * i, 3 * i + 3), 5 * i);
      values.fill(flair.values[3 * i] === 0 ? 0 : 0.5, 5 * i + 3, 5 * i + 5);
    }
    const image: PasteImage = { ...flair, values, contrasts: ['T1', 'T2'] };
    let [brighter, darker, elsewhere] = [0, 0, 0];
    for (let seed = 0; seed < 40; seed += 1) {
      const pasted = pasteLesions(image, options, createRandom(seed));
      for (let i = 0; i < side * side; i += 1) {
        const gain = (channel: number): number =>
          (pasted.values[5 * i + channel] as number) - (values[5 * i + channel] as number);
        if (gain(3) > 0 || gain(4) < 0) elsewhere += 1;
        // Ventricles are CSF in the FLAIR: nothing is pasted there in any contrast beyond their partial volume.
        if (flair.values[3 * i] === 0 && (gain(3) !== 0 || gain(4) !== 0)) elsewhere += 1;
        if (pasted.mask[i] === 0) continue;
        if (gain(3) < -0.05) darker += 1;
        if (gain(4) > 0.05) brighter += 1;
      }
    }
    expect(elsewhere).toBe(0);
    expect(brighter).toBeGreaterThan(1000);
    expect(darker).toBeGreaterThan(500);
  });
});
