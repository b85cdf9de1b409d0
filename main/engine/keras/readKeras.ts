import type { Dataset, Entity } from 'h5wasm';
import { z } from 'zod';
import { ExpectedError } from '../../../shared/failure';
import {
  discriminatorWeights,
  generatorWeights,
  MOST_BASE_WIDTH,
  SIZE_MULTIPLE,
  type NetworkShape,
  type WeightSpec,
} from '../network/layers';
import { readHdf5, textAttribute, textListAttribute, type Hdf5Group } from './hdf5';

/** What a Keras model file holds of ASC-Net. */
export interface KerasFile {
  readonly shape: NetworkShape;
  /** By weight name; null where the file holds no main module. */
  readonly generator: Map<string, Float32Array> | null;
  /** Null where the file holds no discriminator. */
  readonly discriminator: {
    readonly arrays: Map<string, Float32Array>;
    /** Channels of its last level: 16 times the base width, or half of that as create_networks builds it. */
    readonly lastWidth: number;
  } | null;
  /** Empty where the file does not say. */
  readonly kerasVersion: string;
}

interface StoredArray {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Stored arrays by layer, then by weight: `l2_conc15`, `kernel`. */
type StoredLayers = Map<string, Map<string, StoredArray>>;

/** The size of the published networks, for files that do not say theirs (weights alone). */
const PUBLISHED_SIDE = 160;

/**
 * Reads a model or weights file of Keras 2 (2.2 to 2.15): main module, discriminator or both. Weights are matched by
 * layer name.
 * @param name the file's own name, for the messages
 * @throws ExpectedError model-unreadable; a missing, extra or misshapen layer is named
 */
export async function readKerasFile(bytes: Uint8Array, name: string): Promise<KerasFile> {
  const { layers, size, kerasVersion } = await readHdf5(bytes, name, (root) => ({
    layers: readLayers(root, name),
    size: readSize(root, name),
    kerasVersion: textAttribute(root, 'keras_version') ?? '',
  }));
  const hasGenerator = [...layers.keys()].some((layer) => /^(l2_|new_)/.test(layer));
  const hasDiscriminator = [...layers.keys()].some((layer) => layer.startsWith('disc_'));
  if (!hasGenerator && !hasDiscriminator) {
    throw unreadable(name, 'holds no layers of ASC-Net', 'choose a file that ASC-Net or its scripts wrote');
  }
  const shape = {
    ...size,
    baseWidth: channelsOf(layers, hasGenerator ? 'l2_conc15' : 'disc_l2_conc15', name),
  };
  if (shape.baseWidth > MOST_BASE_WIDTH) {
    throw unreadable(
      name,
      `has a base width of ${shape.baseWidth}`,
      `at most ${MOST_BASE_WIDTH} is supported`,
    );
  }
  const generatorSpecs = hasGenerator ? generatorWeights(shape.baseWidth) : [];
  const full = shape.baseWidth * 16;
  const lastWidth =
    hasDiscriminator && channelsOf(layers, 'disc_l2_conc23', name) === full / 2 ? full / 2 : full;
  const discriminatorSpecs = hasDiscriminator ? discriminatorWeights(shape, lastWidth) : [];
  refuseExtra(layers, [...generatorSpecs, ...discriminatorSpecs], name);
  return {
    shape,
    generator: hasGenerator ? take(layers, generatorSpecs, name) : null,
    discriminator: hasDiscriminator ? { arrays: take(layers, discriminatorSpecs, name), lastWidth } : null,
    kerasVersion,
  };
}

function unreadable(file: string, what: string, next: string): ExpectedError {
  return new ExpectedError('model-unreadable', `${file} ${what}; ${next}.`);
}

/** All arrays of the file. A weights file has at its root what a model file has in `model_weights`. */
function readLayers(root: Hdf5Group, file: string): StoredLayers {
  const group = asGroup(root.get('model_weights')) ?? root;
  const groupNames = textListAttribute(group, 'layer_names');
  if (!groupNames)
    throw unreadable(file, 'is no Keras model: it has no layer_names', 'choose a Keras model (.h5)');
  const layers: StoredLayers = new Map();
  for (const groupName of groupNames) {
    const layerGroup = asGroup(group.get(groupName));
    const weightNames = layerGroup && textListAttribute(layerGroup, 'weight_names');
    if (!weightNames) throw unreadable(file, `lacks the layer ${groupName} that it lists`, 'copy it again');
    for (const weightName of weightNames) {
      const { layer, weight } = ownerOf(groupName, weightName);
      const stored = layers.get(layer) ?? new Map<string, StoredArray>();
      layers.set(layer, stored.set(weight, readArray(layerGroup, weightName, layer, file)));
    }
  }
  return layers;
}

/**
 * Which layer a weight belongs to. The group is the layer, whatever TensorFlow called the variable (in a session that
 * built the network before: `l2_conc15_1/kernel:0`); but the group of a nested model holds the weights of many layers.
 */
function ownerOf(groupName: string, weightName: string): { layer: string; weight: string } {
  const path = weightName.split('/');
  const weight = (path.pop() ?? '').replace(/:\d+$/, '');
  if (/^(l2_|new_|disc_)/.test(groupName)) return { layer: groupName, weight };
  return { layer: (path.pop() ?? groupName).replace(/_\d+$/, ''), weight };
}

function asGroup(entity: Entity | null): Hdf5Group | null {
  return entity !== null && 'keys' in entity ? entity : null;
}

function readArray(group: Hdf5Group, path: string, layer: string, file: string): StoredArray {
  const entity = group.get(path);
  if (entity === null || !('shape' in entity)) {
    throw unreadable(file, `lacks the weights ${path} of the layer ${layer}`, 'copy it again');
  }
  const { shape, value } = entity as Dataset;
  if (!shape || !(value instanceof Float32Array || value instanceof Float64Array)) {
    throw unreadable(
      file,
      `holds the weights ${path} of the layer ${layer} in a format other than floating point`,
      'save the model as float32',
    );
  }
  const values = Float32Array.from(value);
  const bad = values.findIndex((number) => !Number.isFinite(number));
  if (bad >= 0) {
    throw unreadable(
      file,
      `has weights in the layer ${layer} that are not finite (${path}, place ${bad})`,
      'its training has diverged: choose another model',
    );
  }
  return { shape, values };
}

const modelConfigSchema = z.object({
  config: z.object({
    layers: z.array(
      z.object({
        class_name: z.string(),
        config: z.object({ batch_input_shape: z.array(z.number().int().nullable()).optional() }),
      }),
    ),
  }),
});

/** The image size that the model's input layer states. */
function readSize(root: Hdf5Group, file: string): { height: number; width: number } {
  const text = textAttribute(root, 'model_config');
  if (text === null) return { height: PUBLISHED_SIDE, width: PUBLISHED_SIDE };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    parsed = null;
  }
  const config = modelConfigSchema.safeParse(parsed);
  if (!config.success) {
    throw unreadable(file, 'has a model_config that cannot be read', 'save the model again with Keras');
  }
  const input = config.data.config.layers.find((layer) => layer.class_name === 'InputLayer');
  const [, height, width, channels] = input?.config.batch_input_shape ?? [];
  if (channels !== 1) {
    throw unreadable(file, 'does not take images of one channel', 'choose a model of ASC-Net');
  }
  const sides = { height: height ?? PUBLISHED_SIDE, width: width ?? PUBLISHED_SIDE };
  if (sides.height % SIZE_MULTIPLE !== 0 || sides.width % SIZE_MULTIPLE !== 0) {
    throw unreadable(
      file,
      `takes images of ${sides.height}x${sides.width}`,
      `each side must be a multiple of ${SIZE_MULTIPLE}`,
    );
  }
  return sides;
}

/** Channels that a convolution gives. */
function channelsOf(layers: StoredLayers, layer: string, file: string): number {
  const kernel = layers.get(layer)?.get('kernel');
  if (!kernel) throw lacks(file, layer, 'kernel', layers.has(layer));
  const channels = kernel.shape[3];
  if (kernel.shape.length !== 4 || !channels) {
    throw unreadable(
      file,
      `has a layer ${layer} whose kernel is ${sides(kernel.shape)}, not that of a convolution`,
      'choose a model of ASC-Net',
    );
  }
  return channels;
}

function lacks(file: string, layer: string, weight: string, layerIsThere: boolean): ExpectedError {
  const what = layerIsThere ? `lacks the ${weight} of the layer ${layer}` : `lacks the layer ${layer}`;
  return unreadable(file, what, 'choose a whole model of ASC-Net');
}

function refuseExtra(layers: StoredLayers, specs: readonly WeightSpec[], file: string): void {
  const known = new Set(specs.map((spec) => spec.name));
  for (const [layer, weights] of layers) {
    for (const weight of weights.keys()) {
      if (known.has(`${layer}/${weight}`)) continue;
      const isLayer = [...known].some((name) => name.startsWith(`${layer}/`));
      const what = isLayer ? `${weight} in the layer ${layer}` : `the layer ${layer}`;
      throw unreadable(file, `has ${what}, which ASC-Net does not have`, 'choose a model of ASC-Net');
    }
  }
}

function take(layers: StoredLayers, specs: readonly WeightSpec[], file: string): Map<string, Float32Array> {
  return new Map(
    specs.map((spec) => {
      const [layer = '', weight = ''] = spec.name.split('/');
      const stored = layers.get(layer)?.get(weight);
      if (!stored) throw lacks(file, layer, weight, layers.has(layer));
      const fits =
        stored.shape.length === spec.shape.length && stored.shape.every((side, i) => side === spec.shape[i]);
      if (!fits) {
        throw unreadable(
          file,
          `has ${sides(stored.shape)} for the ${weight} of the layer ${layer}, where ${sides(spec.shape)} is needed`,
          'choose a model whose layers belong together',
        );
      }
      return [spec.name, stored.values];
    }),
  );
}

function sides(shape: readonly number[]): string {
  return shape.length === 0 ? 'a single number' : shape.join('x');
}
