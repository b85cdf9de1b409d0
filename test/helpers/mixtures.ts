import { histogram } from '../../shared/imaging/histogram';
import { createRandom } from '../../shared/random';

/** Share, mean and standard deviation of one population. */
export type Gaussian = readonly [share: number, mean: number, deviation: number];

/** Expected counts of a mixture of Gaussians (share, mean, deviation) over [0, 1]: no sampling noise. */
export function mixture(total: number, bins: number, parts: readonly Gaussian[]): Float64Array {
  return Float64Array.from({ length: bins }, (_, bin) => {
    const x = (bin + 0.5) / bins;
    return parts.reduce(
      (sum, [share, mean, sd]) =>
        sum +
        ((total * share) / (bins * sd * Math.sqrt(2 * Math.PI))) * Math.exp(-0.5 * ((x - mean) / sd) ** 2),
      0,
    );
  });
}

/** The same, drawn: with the noise that a real histogram has. */
export function drawn(total: number, bins: number, parts: readonly Gaussian[], seed: number): Float64Array {
  const random = createRandom(seed);
  const values = new Float32Array(total);
  let at = 0;
  for (const [share, mean, sd] of parts) {
    for (let i = Math.round(share * total); i > 0 && at < total; i -= 1, at += 1)
      values[at] = mean + sd * random.normal();
  }
  return histogram(values.subarray(0, at), null, bins, 0, 1);
}
