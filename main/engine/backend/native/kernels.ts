import * as tf from '@tensorflow/tfjs-core';

/**
 * TensorFlow's own kernels, called by name: what TensorFlow.js composes of many small operations is one or two of them.
 * All tensors are float32, NHWC. The attributes and argument orders are those of TensorFlow's operation registry.
 */

export interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: string | number | boolean | readonly number[];
}

/** The backend of @tensorflow/tfjs-node-gpu, as far as it is used here. */
export interface NodeBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Readonly<
    Record<
      | 'TF_FLOAT'
      | 'TF_INT32'
      | 'TF_ATTR_TYPE'
      | 'TF_ATTR_INT'
      | 'TF_ATTR_FLOAT'
      | 'TF_ATTR_BOOL'
      | 'TF_ATTR_STRING'
      | 'TF_ATTR_SHAPE',
      number
    >
  >;
  executeMultipleOutputs(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.Tensor[],
    outputs: number,
  ): tf.Tensor[];
  executeSingleOutput(
    name: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.Tensor[],
  ): tf.Tensor;
  refCount(dataId: object): number;
  disposeData(dataId: object, force: boolean): boolean;
  readSync(dataId: object): Float32Array | Int32Array | Uint8Array;
  /** Takes an array that becomes a tensor; returns its dataId. */
  write(values: tf.backend_util.BackendValues, shape: number[], dtype: tf.DataType): object;
  /** TensorFlow's number of a type. */
  getDTypeInteger(dtype: tf.DataType): number;
  loadSavedModelMetaGraph(folder: string, tag: string): number;
  runSavedModel(
    id: number,
    inputs: readonly tf.Tensor[],
    inputNames: readonly { readonly name: string }[],
    outputNames: readonly string[],
  ): tf.Tensor[];
  deleteSavedModel(id: number): void;
}

export const node = (): NodeBackend => tf.backend() as unknown as NodeBackend;

type Value = { type: string } | number | boolean | string | readonly number[];

/** The binding's form of attributes: { T: floatType, strides: [..] } with each value's kind told from the value. */
function attributes(values: Readonly<Record<string, Value>>): Attribute[] {
  const { binding } = node();
  return Object.entries(values).map(([name, value]) => {
    if (typeof value === 'string') return { name, type: binding.TF_ATTR_STRING, value };
    if (typeof value === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value };
    if (typeof value === 'number')
      return { name, type: name === 'num_args' ? binding.TF_ATTR_INT : binding.TF_ATTR_FLOAT, value };
    if ('type' in value) return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
    return { name, type: binding.TF_ATTR_INT, value };
  });
}

const made = new Map<string, readonly Attribute[]>();

/** Attributes are made once: a step calls several hundred kernels. */
function once(key: string, values: () => Readonly<Record<string, Value>>): readonly Attribute[] {
  let found = made.get(key);
  if (!found) {
    found = attributes(values());
    made.set(key, found);
  }
  return found;
}

const FLOAT = { type: 'float32' };

function run(
  name: string,
  attrs: readonly Attribute[],
  inputs: readonly tf.Tensor[],
  outputs: number,
): tf.Tensor[] {
  return node().executeMultipleOutputs(name, attrs, inputs, outputs);
}

function runOne(name: string, attrs: readonly Attribute[], inputs: readonly tf.Tensor[]): tf.Tensor {
  return run(name, attrs, inputs, 1)[0] as tf.Tensor;
}

/**
 * oneDNN's kernels under the names that TensorFlow gives them inside, on plain layouts. They take a half to a fifth of the
 * time of the others on a CPU. TensorFlow puts them in for the ordinary ones only on some processors, and then also for the
 * batch normalisation, whose sums in float32 lose digits where a channel is nearly constant; named here, each kernel is
 * the one that is wanted, on every processor.
 */
let oneDnn: boolean | null = null;

/** Whether this library has them: on a GPU, on ARM and in some builds it has not. */
function hasOneDnn(): boolean {
  if (oneDnn !== null) return oneDnn;
  oneDnn = false;
  if (!node().isUsingGpuDevice) {
    try {
      tf.tidy(() => {
        const attrs = [...attributes(convValues(1)), ...attributes(LABEL)];
        const [x, kernel, bias] = [tf.ones([1, 2, 2, 1]), tf.ones([1, 1, 1, 1]), tf.ones([1])];
        // Those that not every version has.
        runOne('_MklNativeConv2DWithBias', attrs, [x, kernel, bias]);
        filterBiasGradient(x, x, [1, 1, 1, 1]);
      });
      oneDnn = true;
    } catch {
      // The ordinary kernels do the same, more slowly.
    }
  }
  return oneDnn;
}

const LABEL = { _kernel: 'MklNameChangeOp' };

/** Runs oneDNN's kernel of this name where there is one, else the ordinary one. */
function runFast(
  name: string,
  attrs: readonly Attribute[],
  inputs: readonly tf.Tensor[],
  outputs = 1,
): tf.Tensor[] {
  if (!hasOneDnn()) return run(name, attrs, inputs, outputs);
  return run(`_MklNative${name.replace(/^_/, '')}`, labelled(attrs), inputs, outputs);
}

const withLabel = new Map<readonly Attribute[], readonly Attribute[]>();

function labelled(attrs: readonly Attribute[]): readonly Attribute[] {
  let found = withLabel.get(attrs);
  if (!found) {
    found = [...attrs, ...attributes(LABEL)];
    withLabel.set(attrs, found);
  }
  return found;
}

const convValues = (stride: number): Readonly<Record<string, Value>> => ({
  T: FLOAT,
  strides: [1, stride, stride, 1],
  padding: 'SAME',
  data_format: 'NHWC',
  dilations: [1, 1, 1, 1],
  use_cudnn_on_gpu: true,
  explicit_paddings: [],
});
const withoutPaddings = ({ explicit_paddings: _, ...values }: Readonly<Record<string, Value>>) => values;
const convAttributes = (stride: number): readonly Attribute[] =>
  once(`conv${stride}`, () => convValues(stride));
const typed = (): readonly Attribute[] => once('T', () => ({ T: FLOAT }));
const biased = (): readonly Attribute[] => once('bias', () => ({ T: FLOAT, data_format: 'NHWC' }));

const shapes = new Map<string, tf.Tensor1D>();
const constants = new WeakSet<object>();

/** Whether this is the data of one of the small tensors that are made once and kept here. */
export function isKnownConstant(dataId: object): boolean {
  return constants.has(dataId);
}

function constant(tensor: tf.Tensor1D): tf.Tensor1D {
  constants.add(tensor.dataId);
  return tf.keep(tensor);
}

/** A shape as a tensor, which the gradient kernels take. Kept for good: a network has some dozens. */
function shapeTensor(shape: readonly number[]): tf.Tensor1D {
  const key = shape.join();
  let found = shapes.get(key);
  if (!found) {
    found = constant(tf.tensor1d([...shape], 'int32'));
    shapes.set(key, found);
  }
  return found;
}

let fused: boolean | null = null;

/**
 * Whether a convolution with its bias and ReLU can be one kernel: it takes lists as attributes, which the addon passes on
 * where it was compiled here (see install/compile.ts).
 */
function hasFused(): boolean {
  if (fused === null) {
    try {
      tf.tidy(() => runFused(tf.ones([1, 2, 2, 1]), tf.ones([1, 1, 1, 1]), tf.ones([1])));
      fused = true;
    } catch {
      fused = false;
    }
  }
  return fused;
}

function runFused(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor {
  const attrs = once('fused', () => ({
    ...convValues(1),
    fused_ops: 'BiasAdd,Relu',
    num_args: 1,
    TArgs: FLOAT,
  }));
  return runFast('_FusedConv2D', attrs, [x, kernel, bias])[0] as tf.Tensor;
}

/** Convolution with same padding. @param kernel [k, k, ci, co] */
export function conv(x: tf.Tensor, kernel: tf.Tensor, stride = 1): tf.Tensor4D {
  return runFast('Conv2D', convAttributes(stride), [x, kernel])[0] as tf.Tensor4D;
}

/** {@link conv}, plus a bias. */
export function convBias(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor4D {
  if (!hasOneDnn()) return biasAdd(conv(x, kernel), bias);
  const attrs = labelled(convAttributes(1));
  return runOne('_MklNativeConv2DWithBias', attrs, [x, kernel, bias]) as tf.Tensor4D;
}

/** {@link convBias}, then ReLU. */
export function convBiasRelu(x: tf.Tensor, kernel: tf.Tensor, bias: tf.Tensor): tf.Tensor4D {
  if (hasFused()) return runFused(x, kernel, bias) as tf.Tensor4D;
  return relu(convBias(x, kernel, bias));
}

/** Gradient of {@link conv} in its input. */
export function convInputGradient(
  dy: tf.Tensor,
  kernel: tf.Tensor,
  inputShape: readonly number[],
  stride = 1,
): tf.Tensor4D {
  const inputs = [shapeTensor(inputShape), kernel, dy];
  return runFast('Conv2DBackpropInput', convAttributes(stride), inputs)[0] as tf.Tensor4D;
}

/** Gradient of {@link conv} in its kernel. */
export function convFilterGradient(
  x: tf.Tensor,
  dy: tf.Tensor,
  kernelShape: readonly number[],
  stride = 1,
): tf.Tensor4D {
  const inputs = [x, shapeTensor(kernelShape), dy];
  return runFast('Conv2DBackpropFilter', convAttributes(stride), inputs)[0] as tf.Tensor4D;
}

/** Gradients of {@link conv} plus a bias in the kernel and in the bias. */
export function convFilterBiasGradient(
  x: tf.Tensor,
  dy: tf.Tensor,
  kernelShape: readonly number[],
): [kernel: tf.Tensor4D, bias: tf.Tensor1D] {
  return hasOneDnn()
    ? filterBiasGradient(x, dy, kernelShape)
    : [convFilterGradient(x, dy, kernelShape), biasGradient(dy)];
}

function filterBiasGradient(
  x: tf.Tensor,
  dy: tf.Tensor,
  kernelShape: readonly number[],
): [kernel: tf.Tensor4D, bias: tf.Tensor1D] {
  const attrs = once('filterBias', () => ({ ...withoutPaddings(convValues(1)), ...LABEL }));
  const inputs = [x, shapeTensor(kernelShape), dy];
  return run('_MklNativeConv2DBackpropFilterWithBias', attrs, inputs, 2) as [tf.Tensor4D, tf.Tensor1D];
}

/** x + bias along the last axis. */
export function biasAdd(x: tf.Tensor, bias: tf.Tensor): tf.Tensor4D {
  return runOne('BiasAdd', biased(), [x, bias]) as tf.Tensor4D;
}

/** Sums over all but the last axis. */
export function biasGradient(dy: tf.Tensor): tf.Tensor1D {
  return runOne('BiasAddGrad', biased(), [dy]) as tf.Tensor1D;
}

function relu(x: tf.Tensor): tf.Tensor4D {
  return runOne('Relu', typed(), [x]) as tf.Tensor4D;
}

/** dy where the activation is positive, else 0. */
export function reluGradient(dy: tf.Tensor, active: tf.Tensor): tf.Tensor4D {
  return runOne('ReluGrad', typed(), [dy, active]) as tf.Tensor4D;
}

/** ½ Σ x². */
export function halfSquares(x: tf.Tensor): tf.Scalar {
  return runOne('L2Loss', typed(), [x]) as tf.Scalar;
}

const normAttributes = (epsilon: number, training: boolean): readonly Attribute[] =>
  once(`norm${epsilon}${training}`, () => ({
    T: FLOAT,
    U: FLOAT,
    epsilon,
    exponential_avg_factor: 1,
    data_format: 'NHWC',
    is_training: training,
  }));
const normGradientAttributes = (epsilon: number): readonly Attribute[] =>
  once(`normGradient${epsilon}`, () => ({
    T: FLOAT,
    U: FLOAT,
    epsilon,
    data_format: 'NHWC',
    is_training: true,
  }));

export interface Normalised {
  readonly y: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  /** Unbiased: n / (n - 1) times the mean squared deviation. */
  readonly variance: tf.Tensor1D;
  /** What the gradient needs back. */
  readonly reserve: readonly tf.Tensor[];
}

let empty: tf.Tensor1D | null = null;
const nothing = (): tf.Tensor1D => (empty ??= constant(tf.tensor1d([])));

/** Batch normalisation with the batch's own statistics. */
export function batchNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): Normalised {
  const none = nothing();
  const outputs = run('FusedBatchNormV3', normAttributes(epsilon, true), [x, gamma, beta, none, none], 6);
  const [y, mean, variance, ...reserve] = outputs;
  return {
    y: y as tf.Tensor4D,
    mean: mean as tf.Tensor1D,
    variance: variance as tf.Tensor1D,
    reserve,
  };
}

/** Batch normalisation with given statistics. */
export function batchNormFrozen(
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  mean: tf.Tensor,
  variance: tf.Tensor,
  epsilon: number,
): tf.Tensor4D {
  const inputs = [x, gamma, beta, mean, variance];
  return runFast('FusedBatchNormV3', normAttributes(epsilon, false), inputs, 6)[0] as tf.Tensor4D;
}

/** Gradients of {@link batchNorm}: in x, gamma and beta. */
export function batchNormGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  gamma: tf.Tensor,
  reserve: readonly tf.Tensor[],
  epsilon: number,
): [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D] {
  const inputs = [dy, x, gamma, ...reserve];
  const outputs = runFast('FusedBatchNormGradV3', normGradientAttributes(epsilon), inputs, 5);
  return outputs.slice(0, 3) as [tf.Tensor4D, tf.Tensor1D, tf.Tensor1D];
}

const poolAttributes = (): readonly Attribute[] =>
  once('pool', () => ({
    T: FLOAT,
    ksize: [1, 2, 2, 1],
    strides: [1, 2, 2, 1],
    padding: 'VALID',
    data_format: 'NHWC',
    explicit_paddings: [],
  }));

/** 2x2 max pooling of stride 2; what its gradient needs comes with it. */
export function maxPool(x: tf.Tensor): { readonly y: tf.Tensor4D; readonly reserve: readonly tf.Tensor[] } {
  const [y, ...reserve] = runFast('MaxPool', poolAttributes(), [x], hasOneDnn() ? 2 : 1);
  return { y: y as tf.Tensor4D, reserve };
}

/** Gradient of {@link maxPool}. */
export function maxPoolGradient(
  dy: tf.Tensor,
  x: tf.Tensor,
  y: tf.Tensor,
  reserve: readonly tf.Tensor[],
): tf.Tensor4D {
  return runFast('MaxPoolGrad', poolAttributes(), [x, y, dy, ...reserve])[0] as tf.Tensor4D;
}

/** The handle of a variable of TensorFlow's own. */
export type NativeVariable = tf.Tensor;

let variablesMade = 0;
const dtypeAttribute = (): readonly Attribute[] => once('dtype', () => ({ dtype: FLOAT }));

/** Makes a variable with this value. The owner destroys it. */
export function makeVariable(value: tf.Tensor): NativeVariable {
  const { binding } = node();
  variablesMade += 1;
  const attrs = [
    ...attributes({ container: '', shared_name: `asc-net ${variablesMade}`, dtype: FLOAT }),
    { name: 'shape', type: binding.TF_ATTR_SHAPE, value: value.shape },
  ];
  const handle = tf.keep(runOne('VarHandleOp', attrs, []));
  assignVariable(handle, value);
  return handle;
}

/** Gives up a tensor's value where it is the only one of it; the tensor is of no use until it is assigned anew. */
export function releaseData({ dataId }: tf.Tensor): void {
  if (node().refCount(dataId) === 1) node().disposeData(dataId, true);
}

export function assignVariable(handle: NativeVariable, value: tf.Tensor): void {
  run('AssignVariableOp', dtypeAttribute(), [handle, value], 0);
}

/** The variable's value, without a copy until the variable changes. */
export function readVariable(handle: NativeVariable): tf.Tensor {
  return runOne('ReadVariableOp', dtypeAttribute(), [handle]);
}

export function destroyVariable(handle: NativeVariable): void {
  run(
    'DestroyResourceOp',
    once('destroy', () => ({ ignore_lookup_error: true })),
    [handle],
    0,
  );
  handle.dispose();
}

/** @param inputs powers of both betas, rate, both betas, epsilon, gradient */
export function adamUpdate(
  weights: NativeVariable,
  first: NativeVariable,
  second: NativeVariable,
  inputs: readonly tf.Tensor[],
): void {
  const attrs = once('adam', () => ({ T: FLOAT, use_locking: false, use_nesterov: false }));
  run('ResourceApplyAdam', attrs, [weights, first, second, ...inputs], 0);
}
