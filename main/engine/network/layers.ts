/**
 * The published networks as data: every layer by its published name, in the published order, with the shapes of its
 * weights. Source: Dey & Hong, MICCAI 2021 (arXiv 2103.03664) and the authors' script create_networks.
 */

/** Number of resolution levels; each of the first four is followed by 2x2 max pooling. */
export const LEVELS = 5;
/** Each side of an image is a multiple of this: four poolings halve it four times. */
export const SIZE_MULTIPLE = 16;
/** Most channels of the first level: the one below has twice as many, and so on to the fifth. */
export const MOST_BASE_WIDTH = 64;

export interface NetworkShape {
  /** Pixel rows and columns of an image, each a multiple of {@link SIZE_MULTIPLE}. */
  readonly height: number;
  readonly width: number;
  /** Channels of the first level; level i has `baseWidth * 2 ** i`. */
  readonly baseWidth: number;
}

/** What a main module may have apart from the published one; the Keras files can hold the published design alone. */
export interface GeneratorDesign {
  /** Channels of an image: the slice itself first, then its neighbours. Published: 1. */
  readonly inputChannels: number;
  /** 3x3 convolutions in a row at the top level, of the encoder and of both decoders. Published: 2. */
  readonly topConvolutions: 1 | 2;
  /** Whether I_fc is the slice plus what the decoder adds to it, before the sigmoid. Published: no. */
  readonly residual: boolean;
}

export const PUBLISHED_DESIGN: GeneratorDesign = { inputChannels: 1, topConvolutions: 2, residual: false };

/** 3x3 convolution, same padding, bias, ReLU, then batch normalisation. */
export interface ConvBlock {
  readonly conv: string;
  readonly norm: string;
  readonly inChannels: number;
  readonly outChannels: number;
}

/** 2x2 transposed convolution of stride 2, concatenation with the skip, two blocks. */
export interface DecoderLevel {
  readonly up: string;
  readonly inChannels: number;
  readonly outChannels: number;
  /** Whether dropout follows the concatenation. */
  readonly dropout: boolean;
  /** Two; at the top level one where the design says so. */
  readonly blocks: readonly ConvBlock[];
}

export interface Decoder {
  readonly levels: readonly DecoderLevel[];
  /** The 1x1 convolution with a sigmoid that ends the decoder. */
  readonly output: string;
}

export interface GeneratorLayers {
  readonly encoder: readonly (readonly ConvBlock[])[];
  /** Whether the slice is added to the first cut before its sigmoid. */
  readonly residual: boolean;
  /** First cut, I_fc: what fits the reference distribution. */
  readonly fc: Decoder;
  /** Second cut, I_wc: the rest. */
  readonly wc: Decoder;
  /** 1x1 convolution over [I_fc, I_wc] with a sigmoid: I_ro. */
  readonly mixing: string;
}

export interface DiscriminatorLayers {
  readonly encoder: readonly (readonly ConvBlock[])[];
  readonly output: string;
  /** Length of the flattened bottom of the encoder. */
  readonly features: number;
}

/** Published layer names of the outputs. */
export const OUTPUT_NAMES = {
  ifc: 'new_final_op',
  iwc: 'new_xfinal_op',
  iro: 'new_res_1_final_opa',
  score: 'disc_output',
} as const;

/** Channels of each level; the last may be given apart (create_networks builds D's last level with half of it). */
function levelWidths(baseWidth: number, lastWidth = baseWidth * 2 ** (LEVELS - 1)): number[] {
  return [...Array.from({ length: LEVELS - 1 }, (_, level) => baseWidth * 2 ** level), lastWidth];
}

/** Pooling of the published encoder starts counting its convolutions at 15 and its normalisations at 1. */
function encoderLayers(
  prefix: string,
  widths: readonly number[],
  { inputChannels, topConvolutions }: GeneratorDesign,
): ConvBlock[][] {
  let inChannels = inputChannels;
  return widths.map((outChannels, level) => {
    const first = {
      conv: `${prefix}l2_conc${15 + 2 * level}`,
      norm: `${prefix}l2_bn${1 + 2 * level}`,
      inChannels,
      outChannels,
    };
    const second = {
      conv: `${prefix}l2_conc${16 + 2 * level}`,
      norm: `${prefix}l2_bn${2 + 2 * level}`,
      inChannels: outChannels,
      outChannels,
    };
    inChannels = outChannels;
    return level === 0 && topConvolutions === 1 ? [first] : [first, second];
  });
}

function decoderLayers(
  baseWidth: number,
  firstConv: number,
  firstNorm: number,
  dropoutAtTop: boolean,
  output: string,
  { topConvolutions }: GeneratorDesign,
): Decoder {
  const widths = levelWidths(baseWidth);
  const levels = [3, 2, 1, 0].map((level, index) => {
    const outChannels = widths[level] as number;
    const conv = firstConv + 3 * index;
    const norm = firstNorm + 2 * index;
    return {
      up: `l2_conc${conv}`,
      inChannels: outChannels * 2,
      outChannels,
      dropout: level > 0 || dropoutAtTop,
      blocks: [
        {
          conv: `l2_conc${conv + 1}`,
          norm: `l2_bn${norm}`,
          // The upsampled map and the skip, concatenated.
          inChannels: outChannels * 2,
          outChannels,
        },
        {
          conv: `l2_conc${conv + 2}`,
          norm: `l2_bn${norm + 1}`,
          inChannels: outChannels,
          outChannels,
        },
      ].slice(0, level === 0 ? topConvolutions : 2),
    };
  });
  return { levels, output };
}

/** The main module M. */
export function generatorLayers(baseWidth: number, design = PUBLISHED_DESIGN): GeneratorLayers {
  return {
    encoder: encoderLayers('', levelWidths(baseWidth), design),
    residual: design.residual,
    // The published I_fc decoder has no dropout at its last level; the I_wc decoder has it at every level.
    fc: decoderLayers(baseWidth, 25, 11, false, OUTPUT_NAMES.ifc, design),
    wc: decoderLayers(baseWidth, 38, 19, true, OUTPUT_NAMES.iwc, design),
    mixing: OUTPUT_NAMES.iro,
  };
}

/**
 * The discriminator D.
 * @param lastWidth channels of its last level; both training scripts use 16 times the base width (512 at 32),
 *   create_networks half of that.
 */
export function discriminatorLayers(
  shape: NetworkShape,
  lastWidth = shape.baseWidth * 2 ** (LEVELS - 1),
): DiscriminatorLayers {
  return {
    encoder: encoderLayers('disc_', levelWidths(shape.baseWidth, lastWidth), PUBLISHED_DESIGN),
    output: OUTPUT_NAMES.score,
    features: (shape.height / SIZE_MULTIPLE) * (shape.width / SIZE_MULTIPLE) * lastWidth,
  };
}

/** How a weight starts, as Keras's layers do by default. */
export type WeightStart = 'glorot-uniform' | 'zeros' | 'ones';

/** One array of weights. */
export interface WeightSpec {
  /** Layer name and Keras weight name: `l2_conc15/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly start: WeightStart;
  readonly trainable: boolean;
  /** Whether the L2 weight decay applies: the kernels of the 3x3 convolutions. */
  readonly decays: boolean;
}

function convSpecs(
  layer: string,
  shape: readonly number[],
  outChannels: number,
  decays: boolean,
): WeightSpec[] {
  return [
    { name: `${layer}/kernel`, shape, start: 'glorot-uniform', trainable: true, decays },
    { name: `${layer}/bias`, shape: [outChannels], start: 'zeros', trainable: true, decays: false },
  ];
}

function blockSpecs(block: ConvBlock): WeightSpec[] {
  const channels = [block.outChannels];
  const plain = { shape: channels, decays: false } as const;
  return [
    ...convSpecs(block.conv, [3, 3, block.inChannels, block.outChannels], block.outChannels, true),
    { ...plain, name: `${block.norm}/gamma`, start: 'ones', trainable: true },
    { ...plain, name: `${block.norm}/beta`, start: 'zeros', trainable: true },
    { ...plain, name: `${block.norm}/moving_mean`, start: 'zeros', trainable: false },
    { ...plain, name: `${block.norm}/moving_variance`, start: 'ones', trainable: false },
  ];
}

function decoderSpecs(decoder: Decoder): WeightSpec[] {
  const last = decoder.levels[decoder.levels.length - 1];
  return [
    ...decoder.levels.flatMap((level) => [
      // Keras keeps a transposed convolution's kernel as [rows, columns, out, in].
      ...convSpecs(level.up, [2, 2, level.outChannels, level.inChannels], level.outChannels, false),
      ...level.blocks.flatMap(blockSpecs),
    ]),
    ...convSpecs(decoder.output, [1, 1, last?.outChannels ?? 0, 1], 1, false),
  ];
}

/** Every weight of the main module, in layer order. */
export function generatorWeights(baseWidth: number, design = PUBLISHED_DESIGN): WeightSpec[] {
  const layers = generatorLayers(baseWidth, design);
  return [
    ...layers.encoder.flatMap((level) => level.flatMap(blockSpecs)),
    ...decoderSpecs(layers.fc),
    ...decoderSpecs(layers.wc),
    ...convSpecs(layers.mixing, [1, 1, 2, 1], 1, false),
  ];
}

/** Every weight of the discriminator, in layer order. */
export function discriminatorWeights(shape: NetworkShape, lastWidth?: number): WeightSpec[] {
  const layers = discriminatorLayers(shape, lastWidth);
  return [
    ...layers.encoder.flatMap((level) => level.flatMap(blockSpecs)),
    ...convSpecs(layers.output, [layers.features, 1], 1, false),
  ];
}
