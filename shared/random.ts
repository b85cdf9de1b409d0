/**
 * A small seeded generator of pseudo-random numbers: Chris Doty-Humphrey's sfc32 (PractRand), its 96 bits of state
 * filled from the seed by splitmix32. The same seed gives the same numbers on every machine, which Math.random does
 * not promise. Not for secrets.
 */
export interface Random {
  /** Uniform in [0, 1), with 32 bits of resolution. */
  next(): number;
  /** Uniform in [low, high). */
  uniform(low: number, high: number): number;
  /** Uniform whole number in [0, bound); bound is 1..2^32. */
  integer(bound: number): number;
  /** Standard normal (mean 0, deviation 1). */
  normal(): number;
  /** Uniform unsigned 32-bit number. */
  uint32(): number;
  /**
   * Fills the array with `value` where a uniform 16-bit number is at least `limit`, else with 0: so with probability
   * 1 - limit / 2^16. Two numbers come from each draw.
   */
  fillKept(target: Float32Array, limit: number, value: number): void;
  /** The whole state as plain data: {@link restore} continues from exactly here. */
  state(): RandomState;
  restore(state: RandomState): void;
}

/** The four 32-bit words of sfc32: a, b, c and the counter. */
export type RandomState = readonly [number, number, number, number];

/** A generator started from any number; only the lower 32 bits of its whole part count. */
export function createRandom(seed: number): Random {
  let splitmix = seed >>> 0;
  const split = (): number => {
    splitmix = (splitmix + 0x9e3779b9) | 0;
    let z = splitmix ^ (splitmix >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = split();
  let b = split();
  let c = split();
  let counter = 1;

  const draw = (): number => {
    const out = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + out) | 0;
    return out >>> 0;
  };
  // The author's advice: the first dozen outputs still show the seed.
  for (let i = 0; i < 12; i += 1) draw();

  const next = (): number => draw() / 4294967296;
  return {
    next,
    uint32: draw,
    uniform: (low, high) => low + (high - low) * next(),
    integer: (bound) => Math.floor(next() * bound),
    // Box-Muller without keeping the second value, so that the state is four words and no more.
    normal: () => Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next()),
    fillKept(target, limit, value) {
      // The value's bits behind a mask instead of a branch, which would be mispredicted as often as it is random.
      const bits = new Int32Array(target.buffer, target.byteOffset, target.length);
      const kept = (new Int32Array(Float32Array.of(value).buffer)[0] as number) | 0;
      const last = (limit - 1) | 0;
      // A copy of the state, as whole numbers that V8 knows to be such: that is three times as fast as the state itself.
      let x = a | 0;
      let y = b | 0;
      let z = c | 0;
      let count = counter | 0;
      for (let i = 0; i < bits.length; i += 2) {
        const out = (((x + y) | 0) + count) | 0;
        count = (count + 1) | 0;
        x = y ^ (y >>> 9);
        y = (z + (z << 3)) | 0;
        z = (((z << 21) | (z >>> 11)) + out) | 0;
        bits[i] = ((last - (out & 0xffff)) >> 31) & kept;
        // Beyond an odd end this is dropped, as a write there is.
        bits[i + 1] = ((last - (out >>> 16)) >> 31) & kept;
      }
      [a, b, c, counter] = [x, y, z, count];
    },
    state: () => [a >>> 0, b >>> 0, c >>> 0, counter >>> 0],
    restore(state) {
      a = state[0] | 0;
      b = state[1] | 0;
      c = state[2] | 0;
      counter = state[3] | 0;
    },
  };
}
