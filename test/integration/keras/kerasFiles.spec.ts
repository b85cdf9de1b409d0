import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readHdf5, textAttribute, textListAttribute, type Hdf5Group } from '../../../main/engine/keras/hdf5';
import { readKerasFile } from '../../../main/engine/keras/readKeras';
import { KERAS_FILES } from '../../../main/engine/keras/kerasFiles';
import { makeKerasFiles, type KerasNetworks } from '../../../main/engine/keras/writeKeras';
import type { WeightArrays } from '../../../main/engine/network/weights';
import { digest, digests, freshNetworks } from '../../helpers/kerasNetworks';
import { oraclePython, runOracle } from '../../helpers/oracles';
import { kerasReference } from '../../helpers/realData';

/** Model files of Keras are read, and ours are the same as Keras's own. */
const reference = oraclePython() === null ? null : kerasReference();
let work = '';

beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'asc-net-h5-'));
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** Every layer of a file: its weights' names in order, and their shapes and values. */
async function contents(bytes: Uint8Array): Promise<unknown> {
  return readHdf5(bytes, 'file.h5', (root) => {
    const weights = root.get('model_weights') as Hdf5Group;
    return {
      config: JSON.parse(textAttribute(root, 'model_config') ?? '') as unknown,
      training: JSON.parse(textAttribute(root, 'training_config') ?? '') as unknown,
      versions: [root, weights].map((group) => [
        textAttribute(group, 'keras_version'),
        textAttribute(group, 'backend'),
      ]),
      groups: weights.keys().sort(),
      layers: (textListAttribute(weights, 'layer_names') ?? []).map((layer) => {
        const group = weights.get(layer) as Hdf5Group;
        return [
          layer,
          (textListAttribute(group, 'weight_names') ?? []).map((name) => {
            const array = group.get(name) as unknown as { shape: number[]; value: Float32Array };
            return [name, array.shape, digest(array.value)];
          }),
        ];
      }),
    };
  });
}

describe.skipIf(reference === null)('files that Keras 2.15 wrote', () => {
  const source = (kind: keyof typeof KERAS_FILES): string =>
    join(reference as string, 'w4_32x48', KERAS_FILES[kind]);

  async function networks(): Promise<KerasNetworks> {
    const [generator, discriminator] = await Promise.all([
      readKerasFile(readFileSync(source('generator')), 'generator.h5'),
      readKerasFile(readFileSync(source('discriminator')), 'discriminator.h5'),
    ]);
    return {
      shape: generator.shape,
      settings: { dropout: 0.3, weightDecay: 2e-4 },
      generator: generator.generator as WeightArrays,
      discriminator: discriminator.discriminator?.arrays as WeightArrays,
      lastWidth: discriminator.discriminator?.lastWidth as number,
    };
  }

  it('say their size, width and version', async () => {
    const file = await readKerasFile(readFileSync(source('complete')), 'complete.h5');
    expect(file.shape).toEqual({ height: 32, width: 48, baseWidth: 4 });
    expect(file.kerasVersion).toBe('2.15.0');
    expect(file.discriminator?.lastWidth).toBe(64);
    const both = await networks();
    expect(digests(file.generator)).toEqual(digests(both.generator));
    expect(digests(file.discriminator?.arrays)).toEqual(digests(both.discriminator));
  });

  it.each(['generator', 'discriminator', 'complete'] as const)(
    'the %s is written again as Keras wrote it: layers, their order and arguments, names, shapes, values',
    async (kind) => {
      const ours = await makeKerasFiles(await networks());
      expect(await contents(ours[kind])).toEqual(await contents(readFileSync(source(kind))));
    },
  );

  const readable = ['keras2.2', 'chunked'];
  const faulty = [
    ['drop:l2_conc31', 'faulty.h5 lacks the layer l2_conc31'],
    ['drop:l2_conc15', 'faulty.h5 lacks the layer l2_conc15'],
    ['extra:l2_conc31', 'faulty.h5 has the layer l2_conc99, which ASC-Net does not have'],
    ['misshapen:l2_conc16', '3x3x4x3 for the kernel of the layer l2_conc16, where 3x3x4x4 is needed'],
    ['misshapen:l2_bn7', 'has 31 for the gamma of the layer l2_bn7, where 32 is needed'],
    ['notFinite:l2_bn7', 'has weights in the layer l2_bn7 that are not finite'],
    ['integers:l2_conc20', 'of the layer l2_conc20 in a format other than floating point'],
    ['channels', 'does not take images of one channel'],
    ['oddSize', 'takes images of 40x48; each side must be a multiple of 16'],
  ] as const;
  const variant = (name: string): Uint8Array => readFileSync(join(work, `${name.replace(':', '_')}.h5`));

  beforeAll(() => {
    runOracle('kerasVariant.py', [source('complete'), work, ...readable]);
    runOracle('kerasVariant.py', [source('generator'), work, 'weights', ...faulty.map(([name]) => name)]);
  }, 60_000);

  it.each(readable)('are read in their %s form too', async (kind) => {
    const { shape, ...original } = await networks();
    const file = await readKerasFile(variant(kind), `${kind}.h5`);
    expect(digests(file.generator)).toEqual(digests(original.generator));
    expect(digests(file.discriminator?.arrays)).toEqual(digests(original.discriminator));
    expect(file.shape).toEqual(shape);
    expect(file.kerasVersion).toBe(kind === 'keras2.2' ? '2.2.2' : '2.15.0');
  });

  it('are read as weights alone: their image size is then taken for the published one', async () => {
    const file = await readKerasFile(variant('weights'), 'weights.h5');
    expect(digests(file.generator)).toEqual(digests((await networks()).generator));
    expect(file.shape).toEqual({ height: 160, width: 160, baseWidth: 4 });
    expect(file.discriminator).toBeNull();
  });

  it.each(faulty)('%s: refused with a sentence', async (name, sentence) => {
    await expect(readKerasFile(variant(name), 'faulty.h5')).rejects.toMatchObject({
      kind: 'model-unreadable',
      message: expect.stringContaining(sentence) as string,
    });
  });
});

describe('what is no Keras file', () => {
  it('is refused with a sentence', async () => {
    const text = new TextEncoder().encode('not a model at all');
    await expect(readKerasFile(text, 'a.h5')).rejects.toThrow('a.h5 is not an HDF5 file');
    const { generator } = await makeKerasFiles(freshNetworks(16, 16, 1));
    const half = generator.subarray(0, generator.length / 2);
    await expect(readKerasFile(half, 'a.h5')).rejects.toThrow('a.h5 is damaged or cut off');
  });
});
