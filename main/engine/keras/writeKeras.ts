import type { NetworkShape } from '../network/layers';
import { discriminatorWeights, generatorWeights } from '../network/layers';
import type { WeightArrays } from '../network/weights';
import type { KERAS_FILES } from './kerasFiles';
import { makeHdf5, setTextList, type Hdf5Group } from './hdf5';
import {
  completeModel,
  discriminatorModel,
  functionalConfig,
  generatorModel,
  type KerasModel,
  type LayerSettings,
} from './kerasLayers';

/** The Keras whose way of writing models this is. */
const KERAS_VERSION = '2.15.0';

/** Both networks with what their layers' arguments say. */
export interface KerasNetworks {
  readonly shape: NetworkShape;
  readonly settings: LayerSettings;
  readonly generator: WeightArrays;
  readonly discriminator: WeightArrays;
  /** Channels of the discriminator's last level. */
  readonly lastWidth: number;
}

/** The bytes of the three published files. */
export async function makeKerasFiles(
  networks: KerasNetworks,
): Promise<Record<keyof typeof KERAS_FILES, Uint8Array>> {
  const { shape, settings, lastWidth } = networks;
  const arrays = new Map([...networks.generator, ...networks.discriminator]);
  const shapes = new Map(
    [...generatorWeights(shape.baseWidth), ...discriminatorWeights(shape, lastWidth)].map((spec) => [
      spec.name,
      spec.shape,
    ]),
  );
  const make = (model: KerasModel, loss: string): Promise<Uint8Array> =>
    makeHdf5((root) => writeModel(root, model, loss, arrays, shapes));
  const discriminator = discriminatorModel(shape, settings, lastWidth);
  return {
    generator: await make(generatorModel(shape, settings), 'mse'),
    discriminator: await make(discriminator, 'mae'),
    complete: await make(completeModel(shape, settings, discriminator), 'mse'),
  };
}

function writeModel(
  root: Hdf5Group,
  model: KerasModel,
  loss: string,
  arrays: WeightArrays,
  shapes: ReadonlyMap<string, readonly number[]>,
): void {
  root.create_attribute('backend', 'tensorflow');
  root.create_attribute('keras_version', KERAS_VERSION);
  root.create_attribute(
    'model_config',
    JSON.stringify({ class_name: 'Functional', config: functionalConfig(model) }),
  );
  root.create_attribute('training_config', JSON.stringify(trainingConfig(loss)));
  const group = root.create_group('model_weights');
  group.create_attribute('backend', 'tensorflow');
  group.create_attribute('keras_version', KERAS_VERSION);
  setTextList(
    group,
    'layer_names',
    model.layers.map((layer) => layer.name),
  );
  setTextList(group.create_group('top_level_model_weights'), 'weight_names', []);
  for (const layer of model.layers) {
    const layerGroup = group.create_group(layer.name);
    // A nested model names its weights by its own layers.
    const names = layer.weights.map((weight) => (weight.includes('/') ? weight : `${layer.name}/${weight}`));
    setTextList(
      layerGroup,
      'weight_names',
      names.map((name) => `${name}:0`),
    );
    for (const name of names) {
      const [part = '', weight = ''] = name.split('/');
      const partGroup = (layerGroup.get(part) as Hdf5Group | null) ?? layerGroup.create_group(part);
      partGroup.create_dataset({
        name: `${weight}:0`,
        data: arrays.get(name) as Float32Array,
        shape: [...(shapes.get(name) as readonly number[])],
        dtype: '<f',
      });
    }
  }
}

/**
 * How the published script compiles the models before it saves them: Adam at 5e-5 and a plain loss that every Keras
 * knows. Its training scripts compile anew with the losses of the paper.
 */
function trainingConfig(loss: string): object {
  return {
    loss,
    metrics: null,
    weighted_metrics: null,
    loss_weights: null,
    optimizer_config: {
      class_name: 'Adam',
      config: {
        name: 'Adam',
        learning_rate: 5e-5,
        decay: 0,
        beta_1: 0.9,
        beta_2: 0.999,
        epsilon: 1e-7,
        amsgrad: false,
      },
    },
  };
}
