import { createHash } from 'node:crypto';
import type { KerasNetworks } from '../../main/engine/keras/writeKeras';
import { discriminatorWeights, generatorWeights } from '../../main/engine/network/layers';
import { initialArrays, type WeightArrays } from '../../main/engine/network/weights';
import { createRandom } from '../../shared/random';

/** Networks as test material, and how to compare them. */

export const digest = (values: Float32Array): string =>
  createHash('sha256')
    .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength))
    .digest('hex');

/** Names and digests of weights in order: millions of numbers that differ are no readable message. */
export const digests = (arrays: WeightArrays | null | undefined): [string, string][] =>
  [...(arrays ?? [])].map(([name, values]) => [name, digest(values)]);

/** New networks with every weight away from 0 and 1, so that a mix-up shows. */
export function freshNetworks(
  height: number,
  width: number,
  baseWidth: number,
  halved = false,
): KerasNetworks {
  const shape = { height, width, baseWidth };
  const random = createRandom(11);
  const lastWidth = baseWidth * (halved ? 8 : 16);
  const shaken = (specs: Parameters<typeof initialArrays>[0]): WeightArrays => {
    const arrays = initialArrays(specs, random);
    for (const [name, values] of arrays) {
      if (!name.endsWith('kernel')) values.forEach((v, i) => (values[i] = v + random.uniform(-0.2, 0.2)));
    }
    return arrays;
  };
  return {
    shape,
    settings: { dropout: 0.3, weightDecay: 2e-4 },
    generator: shaken(generatorWeights(baseWidth)),
    discriminator: shaken(discriminatorWeights(shape, lastWidth)),
    lastWidth,
  };
}
