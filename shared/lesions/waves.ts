import type { Random } from '../random';
import type { Triple } from '../volume/volume';

/** A plane wave through space; a sum of some bends the surface of a made lesion, or ripples its inside. */
export interface Wave {
  /** Phase gained for each unit of length along each axis. */
  readonly direction: Triple;
  readonly phase: number;
}

/** A wave of this length in a random direction. */
export function wave(random: Random, length: number): Wave {
  const direction = [random.normal(), random.normal(), random.normal()];
  const scale = (2 * Math.PI) / (length * Math.hypot(...direction) || 1);
  return {
    direction: direction.map((part) => part * scale) as unknown as Triple,
    phase: random.uniform(0, 2 * Math.PI),
  };
}

/** The sum of the waves at an offset, each between -1 and 1. */
export function waveSum(waves: readonly Wave[], offset: Triple): number {
  let sum = 0;
  for (const { direction, phase } of waves) {
    sum += Math.cos(direction[0] * offset[0] + direction[1] * offset[1] + direction[2] * offset[2] + phase);
  }
  return sum;
}
