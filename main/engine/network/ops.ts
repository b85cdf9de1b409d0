import type { Tensor, Tensor2D, Tensor4D, Variable } from '@tensorflow/tfjs-core';

/**
 * The differentiable building blocks of the networks. Each backend has its own composition of them out of the kernels
 * in which it is fast; the networks are written once, on this interface. All tensors are float32, NHWC.
 */
export interface NetworkOps {
  /**
   * 3x3 convolution (same padding), bias, ReLU and batch normalisation with the batch's own statistics.
   * @param x [n, h, w, ci]
   * @param onStatistics receives the batch's mean and unbiased variance, both [co]; valid during the call.
   * @returns [n, h, w, co]; differentiable in x (unless `x` is an image, see `needsInputGradient`) and in the weights.
   */
  convReluNorm(
    x: Tensor4D,
    weights: BlockWeights,
    needsInputGradient: boolean,
    onStatistics: (mean: Tensor, variance: Tensor) => void,
  ): Tensor4D;
  /** The same with moving statistics (inference); differentiable in x only, for a frozen network. */
  convReluNormFrozen(x: Tensor4D, weights: FrozenBlockWeights): Tensor4D;
  /** 2x2 transposed convolution of stride 2 with bias: [n, h, w, ci] -> [n, 2h, 2w, co]; kernel [2, 2, co, ci]. */
  upsample(x: Tensor4D, kernel: Tensor4D, bias: Tensor): Tensor4D;
  /** 1x1 convolution with bias: [n, h, w, ci] -> [n, h, w, co]; kernel [1, 1, ci, co]. */
  pointwise(x: Tensor4D, kernel: Tensor4D, bias: Tensor): Tensor4D;
  /** Concatenation along channels. */
  concat(a: Tensor4D, b: Tensor4D): Tensor4D;
  /** 2x2 max pooling of stride 2; a tie gives its gradient to the first in row order, as TensorFlow does. */
  maxPool(x: Tensor4D): Tensor4D;
  /** Product of two matrices, [m, k] x [k, n]. */
  matMul(a: Tensor2D, b: Tensor2D): Tensor2D;
  /**
   * Runs a computation, kernel by kernel or in any other way that gives the same but for rounding. What comes out becomes
   * the caller's.
   */
  compute(computation: Computation): Tensor[];
  /** Adam's update in place. */
  readonly adam: (parts: readonly AdamPart[], constants: AdamConstants) => AdamKernel;
}

/**
 * Draws a mask of 0 and 1 / (1 - rate) for one dropout layer. It lies in `memory` where that is given, which has to be left
 * alone as long as there is the tensor.
 */
export type DropoutMask = (shape: readonly number[], memory?: Float32Array) => Tensor;

/** A computation that comes again and again with other numbers, such as the gradients of a training step. */
export interface Computation {
  /**
   * All that it depends on beside its tensors and whether there is dropout: two of one key on tensors of the same shapes, in
   * the same order, compute the same.
   */
  readonly key: string;
  /** What it reads; all that is read is here or among the variables. */
  readonly inputs: readonly Tensor[];
  /** What it reads and may assign to. */
  readonly variables: readonly Variable[];
  /** Draws the masks in the order in which the layers come; null for none. */
  readonly dropout: DropoutMask | null;
  /** Computes it without looking at a number on the way. May be called more often than masks are drawn. */
  readonly run: (dropout: DropoutMask | null) => Tensor[];
}

export interface AdamConstants {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
}

/** A variable as its optimizer sees it. */
export interface AdamPart {
  readonly variable: Variable;
  /** What its gradient gets of the variable itself: twice the weight decay, or 0. */
  readonly decay: number;
  /** Learning rate relative to the network's. */
  readonly rate: number;
}

/** Adam's m and v, one of each a variable. */
export interface AdamMoments {
  readonly first: readonly Tensor[];
  readonly second: readonly Tensor[];
}

/** Adam on a list of variables, whose moments it owns. Variables go by their place in the list. */
export interface AdamKernel {
  /**
   * With g the gradient plus decay w: m += (1 - β1)(g - m), v += (1 - β2)(g² - v), w -= rate m / (√v + ε).
   * @param gradients one a variable; they stay the caller's
   * @param rate the step's, with the bias correction in it
   * @returns ½ Σ decay Σ w² before the step: the value of the weight decay term
   */
  apply(gradients: readonly Tensor[], rate: number): number;
  /** Copies of m and v, which the caller disposes. */
  moments(): AdamMoments;
  /** The moments stay the caller's. */
  restore(moments: AdamMoments): void;
  dispose(): void;
}

export interface BlockWeights {
  /** [3, 3, ci, co] */
  readonly kernel: Tensor4D;
  /** All [co]. */
  readonly bias: Tensor;
  readonly gamma: Tensor;
  readonly beta: Tensor;
}

export interface FrozenBlockWeights extends BlockWeights {
  readonly movingMean: Tensor;
  readonly movingVariance: Tensor;
}

/** Keras's default epsilon of BatchNormalization. */
export const NORM_EPSILON = 1e-3;
/** Keras's default momentum of BatchNormalization's moving statistics; a training may set another. */
export const NORM_MOMENTUM = 0.99;
