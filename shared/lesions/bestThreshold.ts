import type { Dims } from '../volume/volume';
import { lesionMask } from './lesionMask';

/** Masks from this share of the judged voxels to that one are tried, each so many times as large as the one before. */
const SHARES = { least: 5e-5, most: 0.1, times: 1.2 } as const;

/**
 * The threshold at which a score's mask agrees best with the truth: an oracle, for it needs the truth. It shows what a map
 * is worth apart from how its threshold was found.
 * @param score on the source grid, 0 where it is not judged
 */
export function bestThreshold(score: Float32Array, truth: Uint8Array, dims: Dims): number {
  const judged = score.filter((value) => value !== 0).sort();
  let best = { dice: -1, threshold: Infinity };
  for (let share: number = SHARES.least; share <= SHARES.most; share *= SHARES.times) {
    const threshold = judged[Math.floor(judged.length * (1 - share))] ?? Infinity;
    if (threshold === best.threshold) continue;
    const dice = diceOf(lesionMask(score, dims, threshold), truth);
    if (dice > best.dice) best = { dice, threshold };
  }
  return best.threshold;
}

function diceOf(mask: Uint8Array, truth: Uint8Array): number {
  let [both, either] = [0, 0];
  for (let i = 0; i < mask.length; i += 1) {
    const [m, t] = [mask[i] === 0 ? 0 : 1, truth[i] === 0 ? 0 : 1];
    both += m & t;
    either += m + t;
  }
  return either === 0 ? 1 : (2 * both) / either;
}
