import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../shared/random';

describe('the seeded generator', () => {
  it('is sfc32 seeded by splitmix32', () => {
    // Computed with Python's whole numbers from the two published recurrences; twelve outputs are dropped first.
    const known: Readonly<Record<number, number[]>> = {
      0: [2899526011, 769844623, 220372281, 4270301181, 3717780726],
      1: [2420951833, 2513034076, 3847892949, 4064752930, 1169703512],
      123456789: [132264244, 2884673702, 2128264344, 2900584160, 1280818768],
    };
    for (const [seed, numbers] of Object.entries(known)) {
      const random = createRandom(Number(seed));
      expect(numbers.map(() => random.uint32())).toEqual(numbers);
    }
  });

  it('continues from a saved state, in another generator too', () => {
    const random = createRandom(5);
    for (let i = 0; i < 100; i += 1) random.normal();
    const saved = JSON.parse(JSON.stringify(random.state())) as ReturnType<typeof random.state>;
    const ahead = Array.from({ length: 20 }, () => random.next());
    const other = createRandom(99);
    other.restore(saved);
    expect(Array.from({ length: 20 }, () => other.next())).toEqual(ahead);
  });

  it('draws from the distributions that it says', () => {
    const random = createRandom(3);
    const n = 200_000;
    const normal = Float64Array.from({ length: n }, () => random.normal());
    const mean = (values: Float64Array): number => values.reduce((a, b) => a + b, 0) / values.length;
    // Five standard errors: 1 / sqrt(n) for the mean, sqrt(2 / n) for the variance, sqrt(24 / n) for the kurtosis.
    expect(Math.abs(mean(normal))).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(mean(normal.map((x) => x * x)) - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
    expect(Math.abs(mean(normal.map((x) => x ** 4)) - 3)).toBeLessThan(5 * Math.sqrt(96 / n));
    expect(normal.every((x) => Number.isFinite(x))).toBe(true);

    const uniform = Float64Array.from({ length: n }, () => random.uniform(-2, 4));
    expect(Math.abs(mean(uniform) - 1)).toBeLessThan((5 * Math.sqrt(3)) / Math.sqrt(n));
    expect(Math.min(...uniform.subarray(0, 1000))).toBeGreaterThanOrEqual(-2);
    expect(Math.max(...uniform.subarray(0, 1000))).toBeLessThan(4);
  });

  it('throws a fair die', () => {
    const random = createRandom(8);
    const counts = new Array<number>(6).fill(0);
    for (let i = 0; i < 60_000; i += 1) {
      const side = random.integer(6);
      counts[side] = (counts[side] as number) + 1;
    }
    expect(counts).toHaveLength(6);
    // Chi-square with 5 degrees of freedom passes 20.5 once in a thousand times.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(20.5);
  });

  it('keeps what a 16-bit number that is not below the limit falls to, two from each draw', () => {
    const limit = 19_661;
    const random = createRandom(4);
    const kept = new Float32Array(65_537);
    random.fillKept(kept, limit, 1.25);
    const draws = createRandom(4);
    const words = Array.from({ length: 32_769 }, () => draws.uint32()).flatMap((bits) => [
      bits & 0xffff,
      bits >>> 16,
    ]);
    expect([...kept]).toEqual(words.slice(0, 65_537).map((word) => (word < limit ? 0 : 1.25)));
    // As many draws were taken as words were needed for.
    expect(random.uint32()).toBe(draws.uint32());
  });
});
