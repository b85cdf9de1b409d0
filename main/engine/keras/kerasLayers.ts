import {
  discriminatorLayers,
  generatorLayers,
  OUTPUT_NAMES,
  type ConvBlock,
  type Decoder,
  type NetworkShape,
} from '../network/layers';
import { NORM_EPSILON, NORM_MOMENTUM } from '../network/ops';

/**
 * The published networks as Keras 2.15 states them in a model file: every layer, the ones without weights too, by its
 * published name, with the arguments that Keras needs to build it again.
 */

/** One layer of a model. */
export interface KerasLayer {
  readonly className: string;
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  /** Names of the layers whose outputs it takes, in order. */
  readonly inputs: readonly string[];
  /** Keras's names of its weights, in Keras's order. */
  readonly weights: readonly string[];
}

/** A model: its layers in Keras's own order, in which it also looks for their weights. */
export interface KerasModel {
  readonly name: string;
  readonly layers: readonly KerasLayer[];
  readonly input: string;
  readonly outputs: readonly string[];
}

/** What of a training the layers' arguments carry. */
export interface LayerSettings {
  readonly dropout: number;
  /** L2 weight decay of the 3x3 kernels. */
  readonly weightDecay: number;
}

const CONV_WEIGHTS = ['kernel', 'bias'];
const NORM_WEIGHTS = ['gamma', 'beta', 'moving_mean', 'moving_variance'];

const initializer = (className: string, config: object = {}): object => ({
  module: 'keras.initializers',
  class_name: className,
  config,
  registered_name: null,
});

function layer(
  className: string,
  name: string,
  inputs: readonly string[],
  config: Readonly<Record<string, unknown>> = {},
  weights: readonly string[] = [],
): KerasLayer {
  return { className, name, inputs, weights, config: { name, trainable: true, dtype: 'float32', ...config } };
}

function imageInput(name: string, shape: NetworkShape): KerasLayer {
  const config = {
    batch_input_shape: [null, shape.height, shape.width, 1],
    dtype: 'float32',
    sparse: false,
    ragged: false,
    name,
  };
  return { className: 'InputLayer', name, inputs: [], weights: [], config };
}

/** The arguments that every layer with a kernel has. */
function kernelConfig(activation: string, weightDecay: number | null): Record<string, unknown> {
  return {
    activation,
    use_bias: true,
    kernel_initializer: initializer('GlorotUniform', { seed: null }),
    bias_initializer: initializer('Zeros'),
    kernel_regularizer:
      weightDecay === null
        ? null
        : {
            module: 'keras.regularizers',
            class_name: 'L2',
            // Keras keeps it as float32.
            config: { l2: Math.fround(weightDecay) },
            registered_name: null,
          },
    bias_regularizer: null,
    activity_regularizer: null,
    kernel_constraint: null,
    bias_constraint: null,
  };
}

function windowConfig(filters: number, window: number, stride: number, padding: string): object {
  return {
    filters,
    kernel_size: [window, window],
    strides: [stride, stride],
    padding,
    data_format: 'channels_last',
    dilation_rate: [1, 1],
    groups: 1,
  };
}

function block(part: ConvBlock, input: string, settings: LayerSettings): KerasLayer[] {
  const conv = {
    ...windowConfig(part.outChannels, 3, 1, 'same'),
    ...kernelConfig('relu', settings.weightDecay),
  };
  const norm = {
    axis: [3],
    momentum: NORM_MOMENTUM,
    epsilon: NORM_EPSILON,
    center: true,
    scale: true,
    beta_initializer: initializer('Zeros'),
    gamma_initializer: initializer('Ones'),
    moving_mean_initializer: initializer('Zeros'),
    moving_variance_initializer: initializer('Ones'),
    beta_regularizer: null,
    gamma_regularizer: null,
    beta_constraint: null,
    gamma_constraint: null,
  };
  return [
    layer('Conv2D', part.conv, [input], conv, CONV_WEIGHTS),
    layer('BatchNormalization', part.norm, [part.conv], norm, NORM_WEIGHTS),
  ];
}

const dropoutLayer = (name: string, input: string, settings: LayerSettings): KerasLayer =>
  layer('Dropout', name, [input], { rate: settings.dropout, noise_shape: null, seed: null });

const pointwise = (name: string, input: string): KerasLayer =>
  layer(
    'Conv2D',
    name,
    [input],
    { ...windowConfig(1, 1, 1, 'valid'), ...kernelConfig('sigmoid', null) },
    CONV_WEIGHTS,
  );

/** Gives the layers, the name of the last, and the names of what goes over to the decoders, finest first. */
function encoder(
  levels: readonly (readonly ConvBlock[])[],
  input: string,
  prefix: string,
  settings: LayerSettings,
): { layers: KerasLayer[]; bottom: string; skips: string[] } {
  const layers: KerasLayer[] = [];
  const skips: string[] = [];
  let at = input;
  levels.forEach((blocks, level) => {
    for (const part of blocks) {
      layers.push(...block(part, at, settings));
      at = part.norm;
    }
    if (level === levels.length - 1) return;
    skips.push(at);
    const [pool, drop] = [`${prefix}l2_mp${level + 1}`, `${prefix}l2_d${level + 1}`];
    const pooling = { pool_size: [2, 2], padding: 'valid', strides: [2, 2], data_format: 'channels_last' };
    layers.push(layer('MaxPooling2D', pool, [at], pooling), dropoutLayer(drop, pool, settings));
    at = drop;
  });
  return { layers, bottom: at, skips };
}

/** @param firstConcat number of its first concatenation; @param firstDropout number of its first dropout */
function decoder(
  part: Decoder,
  bottom: string,
  skips: readonly string[],
  firstConcat: number,
  firstDropout: number,
  settings: LayerSettings,
): KerasLayer[] {
  const layers: KerasLayer[] = [];
  let at = bottom;
  part.levels.forEach((level, index) => {
    const up = {
      ...windowConfig(level.outChannels, 2, 2, 'same'),
      ...kernelConfig('linear', null),
      output_padding: null,
    };
    const concat = `l2_conc${firstConcat + index}`;
    layers.push(
      layer('Conv2DTranspose', level.up, [at], up, CONV_WEIGHTS),
      layer('Concatenate', concat, [level.up, skips[skips.length - 1 - index] as string], { axis: 3 }),
    );
    at = concat;
    if (level.dropout) {
      at = `l2_d${firstDropout + index}`;
      layers.push(dropoutLayer(at, concat, settings));
    }
    for (const next of level.blocks) {
      layers.push(...block(next, at, settings));
      at = next.norm;
    }
  });
  layers.push(pointwise(part.output, at));
  return layers;
}

/** Layer names that only the files know. */
const INPUT = 'input_1';
const CUTS = 'x_u_net_opsp';
const MIXED = 'l2_conc9';
const DISCRIMINATOR = 'discriminator';

function generatorParts(shape: NetworkShape, settings: LayerSettings): KerasLayer[] {
  const parts = generatorLayers(shape.baseWidth);
  const down = encoder(parts.encoder, INPUT, '', settings);
  const cuts = [OUTPUT_NAMES.ifc, OUTPUT_NAMES.iwc];
  return [
    imageInput(INPUT, shape),
    ...down.layers,
    ...decoder(parts.fc, down.bottom, down.skips, 1, 5, settings),
    ...decoder(parts.wc, down.bottom, down.skips, 5, 8, settings),
    layer('Concatenate', MIXED, cuts, { axis: -1 }),
    layer('Concatenate', CUTS, cuts, { axis: -1 }),
    pointwise(OUTPUT_NAMES.iro, MIXED),
  ];
}

/** The main module M: an image to [I_fc, I_wc, I_ro, the two cuts concatenated]. */
export function generatorModel(shape: NetworkShape, settings: LayerSettings): KerasModel {
  const outputs = [OUTPUT_NAMES.ifc, OUTPUT_NAMES.iwc, OUTPUT_NAMES.iro, CUTS];
  const layers = inKerasOrder(generatorParts(shape, settings), outputs);
  return { name: 'generator', layers, input: INPUT, outputs };
}

/** The discriminator D: an image to its score. */
export function discriminatorModel(
  shape: NetworkShape,
  settings: LayerSettings,
  lastWidth?: number,
): KerasModel {
  const parts = discriminatorLayers(shape, lastWidth);
  const input = 'disc_ip';
  const down = encoder(parts.encoder, input, 'disc_', settings);
  const layers = [
    imageInput(input, shape),
    ...down.layers,
    layer('Flatten', 'flatten', [down.bottom], { data_format: 'channels_last' }),
    layer('Dense', parts.output, ['flatten'], { units: 1, ...kernelConfig('tanh', null) }, CONV_WEIGHTS),
  ];
  return { name: DISCRIMINATOR, layers, input, outputs: [parts.output] };
}

/** M with D on its first cut: an image to [score of I_fc, I_wc, I_ro, the two cuts concatenated]. */
export function completeModel(
  shape: NetworkShape,
  settings: LayerSettings,
  discriminator: KerasModel,
): KerasModel {
  const nested: KerasLayer = {
    className: 'Functional',
    name: discriminator.name,
    config: functionalConfig(discriminator),
    inputs: [OUTPUT_NAMES.ifc],
    // Keras lists what a nested model learns before what it only tracks.
    weights: [false, true].flatMap((tracked) =>
      discriminator.layers.flatMap((part) =>
        part.weights
          .filter((weight) => weight.startsWith('moving_') === tracked)
          .map((weight) => `${part.name}/${weight}`),
      ),
    ),
  };
  const outputs = [discriminator.name, OUTPUT_NAMES.iwc, OUTPUT_NAMES.iro, CUTS];
  const layers = inKerasOrder([...generatorParts(shape, settings), nested], outputs);
  return { name: 'model', layers, input: INPUT, outputs };
}

/** The arguments of a model, as `model_config` and nested models carry them. */
export function functionalConfig(model: KerasModel): Record<string, unknown> {
  // The first call of a nested model is the one on its own input.
  const outlet = (name: string): [string, number, number] => {
    const isModel = model.layers.some((part) => part.name === name && part.className === 'Functional');
    return [name, isModel ? 1 : 0, 0];
  };
  return {
    name: model.name,
    trainable: true,
    layers: model.layers.map(({ className, name, config, inputs }) => ({
      class_name: className,
      config,
      name,
      inbound_nodes: inputs.length === 0 ? [] : [inputs.map((input) => [input, 0, 0, {}])],
    })),
    input_layers: [[model.input, 0, 0]],
    output_layers: model.outputs.map(outlet),
  };
}

/**
 * Layers in the order in which Keras lists them, which is the order in which it looks for weights in a file: by the
 * length of the longest way to an output, longest first; among equals, as walking back from the outputs meets them.
 */
function inKerasOrder(layers: readonly KerasLayer[], outputs: readonly string[]): KerasLayer[] {
  const byName = new Map(layers.map((part) => [part.name, part]));
  const met = new Map<string, number>();
  const walkBack = (name: string): void => {
    if (met.has(name)) return;
    met.set(name, met.size);
    byName.get(name)?.inputs.forEach(walkBack);
  };
  outputs.forEach(walkBack);
  const depths = new Map<string, number>();
  const depth = (name: string): number => {
    const known = depths.get(name);
    if (known !== undefined) return known;
    const takers = layers.filter((part) => part.inputs.includes(name));
    const found = takers.reduce((most, taker) => Math.max(most, depth(taker.name) + 1), 0);
    depths.set(name, found);
    return found;
  };
  return [...layers].sort(
    (a, b) => depth(b.name) - depth(a.name) || (met.get(a.name) ?? 0) - (met.get(b.name) ?? 0),
  );
}
