import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '../../shared/random';
import { npyBytes } from '../../shared/volume/npy';

/** Slices of soft discs on black, some with a bright spot: something that a tiny network can learn from. */
export function discSlices(count: number, side: number, spots: boolean, seed: number): Float32Array {
  const random = createRandom(seed);
  const out = new Float32Array(count * side * side);
  for (let k = 0; k < count; k++) {
    const radius = side * random.uniform(0.3, 0.45);
    const spot = [random.uniform(0.35, 0.65) * side, random.uniform(0.35, 0.65) * side] as const;
    for (let y = 0; y < side; y++) {
      for (let x = 0; x < side; x++) {
        const at = (k * side + y) * side + x;
        if (Math.hypot(x - side / 2, y - side / 2) < radius) out[at] = 0.45 + 0.05 * random.normal();
        if (spots && Math.hypot(x - spot[0], y - spot[1]) < side * 0.08) out[at] = 0.95;
      }
    }
  }
  return out.map((value) => Math.min(1, Math.max(0, value)));
}

/** A folder with both sets under their published names. */
export function writeSets(
  folder: string,
  { reference, input, side }: { reference: number; input: number; side: number },
): void {
  mkdirSync(folder, { recursive: true });
  const write = (name: string, count: number, spots: boolean, seed: number): void =>
    writeFileSync(join(folder, name), npyBytes([count, side, side, 1], discSlices(count, side, spots, seed)));
  write('good_dic_to_train_disc.npy', reference, false, 11);
  write('input_for_generator.npy', input, true, 12);
}
