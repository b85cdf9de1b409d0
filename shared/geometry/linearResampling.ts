/** How values between samples are made: the mean of the samples around, by distance, or the nearest one. */
export type Interpolation = 'linear' | 'nearest';

/** For each output position the inputs that it blends: `count[i]` of them from `first[i]`, weights in rows of `reach`. */
export interface Samples {
  readonly length: number;
  readonly first: Int32Array;
  /** 0 where the position lies outside the input. */
  readonly count: Int32Array;
  readonly weights: Float64Array;
  readonly reach: number;
}

/**
 * Which inputs each output blends. Linear weights are a triangle of radius 1 around the output's position, widened to the
 * distance between outputs where that is larger, so that shrinking averages and does not alias; at the ends the weights of
 * the inputs that exist sum to 1. Positions beyond the outer faces of the first and last input blend nothing.
 *
 * @param position of output i among the inputs.
 * @param scale distance between outputs in inputs: above 1 the triangle is widened by it.
 */
export function samplesOf(
  outputs: number,
  inputs: number,
  position: (output: number) => number,
  scale: number,
  method: Interpolation,
): Samples {
  const radius = method === 'nearest' ? 0.5 : Math.max(1, scale);
  const reach = Math.ceil(2 * radius) + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const weights = new Float64Array(outputs * reach);
  for (let i = 0; i < outputs; i += 1) {
    // Whole positions are meant exactly; without this, rounding would turn copies into blends and ties into chance.
    const exact = position(i);
    const at = Math.abs(exact - Math.round(exact)) < 1e-9 ? Math.round(exact) : exact;
    if (at < -0.5 || at >= inputs - 0.5) continue;
    if (method === 'nearest') {
      first[i] = Math.floor(at + 0.5);
      count[i] = 1;
      weights[i * reach] = 1;
      continue;
    }
    const from = Math.max(0, Math.floor(at - radius) + 1);
    const to = Math.min(inputs - 1, Math.ceil(at + radius) - 1);
    let sum = 0;
    for (let k = from; k <= to; k += 1) sum += weights[i * reach + k - from] = 1 - Math.abs(k - at) / radius;
    for (let k = from; k <= to; k += 1)
      weights[i * reach + k - from] = (weights[i * reach + k - from] as number) / sum;
    first[i] = from;
    count[i] = to - from + 1;
  }
  return { length: outputs, first, count, weights, reach };
}

/**
 * Resamples `lines` parallel lines. Input item k of line l is at `from + l * lineStep + k * step`, output item i at
 * `to + l * outLineStep + i * outStep`.
 */
export function resampleLines(
  input: Float32Array | Uint8Array,
  from: number,
  lineStep: number,
  step: number,
  lines: number,
  samples: Samples,
  output: Float32Array | Uint8Array,
  to: number,
  outLineStep: number,
  outStep: number,
  background: number,
): void {
  const { length, first, count, weights, reach } = samples;
  for (let i = 0; i < length; i += 1) {
    const blended = count[i] as number;
    const source = from + (first[i] as number) * step;
    let write = to + i * outStep;
    if (blended === 0) {
      for (let line = 0; line < lines; line += 1, write += outLineStep) output[write] = background;
    } else if (blended === 1) {
      for (let line = 0; line < lines; line += 1, write += outLineStep) {
        output[write] = input[source + line * lineStep] as number;
      }
    } else {
      for (let line = 0; line < lines; line += 1, write += outLineStep) {
        let sum = 0;
        let read = source + line * lineStep;
        for (let k = i * reach; k < i * reach + blended; k += 1, read += step) {
          sum += (weights[k] as number) * (input[read] as number);
        }
        output[write] = sum;
      }
    }
  }
}
