import * as tf from '@tensorflow/tfjs-core';
import { ExpectedError } from '../../../shared/failure';

/** Gradients by variable name, and the numbers of the loss, of a batch or of a part of one. */
export interface StepPart<Terms extends object> {
  readonly gradients: tf.NamedTensorMap;
  readonly terms: Terms;
}

/**
 * Into how many pieces a batch is cut so that it fits into the device's memory. Where it does not fit, the pieces are
 * halved, for this step and all that follow: their gradients are averaged, so that the optimizer sees the same batch.
 * (What looks at the batch as a whole, the normalisation's statistics and the disjointness, then looks at a piece.) So the
 * number of pieces is part of what a training that goes on must know.
 */
export class BatchPieces {
  private pieces: number;

  /**
   * @param onHalved gets a sentence for the user
   * @param pieces into how many a batch is cut from the first step on
   */
  constructor(
    private readonly onHalved: (message: string) => void,
    pieces = 1,
  ) {
    this.pieces = pieces;
  }

  /** Into how many pieces a batch is cut now. */
  get count(): number {
    return this.pieces;
  }

  /**
   * Gradients and terms of a whole batch.
   * @param work computes them for `count` images from `from` on; its gradients become the caller's
   * @throws ExpectedError out-of-memory where not even one image fits
   */
  run<Terms extends object>(
    size: number,
    work: (from: number, count: number) => StepPart<Terms>,
  ): StepPart<Terms> {
    for (;;) {
      try {
        return this.attempt(size, work);
      } catch (error) {
        if (!isOutOfMemory(error)) throw error;
        dropTape();
        if (this.pieces >= size) {
          throw new ExpectedError(
            'out-of-memory',
            'The device has too little memory for a single image of this network. Choose a smaller width, or close other programs that use it.',
            String(error),
          );
        }
        this.pieces = Math.min(size, this.pieces * 2);
        this.onHalved(
          `The device has too little memory for a batch of ${size}: it is computed in pieces of ${Math.ceil(size / this.pieces)} and their gradients are averaged, so the training goes on with the same batch, more slowly.`,
        );
      }
    }
  }

  private attempt<Terms extends object>(
    size: number,
    work: (from: number, count: number) => StepPart<Terms>,
  ): StepPart<Terms> {
    const each = Math.ceil(size / Math.min(size, this.pieces));
    if (each >= size) return work(0, size);
    let sum: StepPart<Terms> | null = null;
    try {
      for (let from = 0; from < size; from += each) {
        const count = Math.min(each, size - from);
        const part = work(from, count);
        const before: StepPart<Terms> | null = sum;
        sum = added(before, part, count / size);
        tf.dispose(part.gradients);
        if (before) tf.dispose(before.gradients);
      }
    } catch (error) {
      if (sum) tf.dispose(sum.gradients);
      throw error;
    }
    if (!sum) throw new Error('an empty batch');
    return sum;
  }
}

/** TensorFlow.js gives back what it keeps for a gradient when that is reached: of one that came to nothing, it is done here. */
function dropTape(): void {
  const { state } = tf.engine();
  for (const { saved } of state.activeTape ?? []) tf.dispose(saved ?? []);
  state.activeTape = [];
}

/** sum + share * part; new tensors. */
function added<Terms extends object>(
  sum: StepPart<Terms> | null,
  part: StepPart<Terms>,
  share: number,
): StepPart<Terms> {
  const gradients = tf.tidy((): tf.NamedTensorMap =>
    Object.fromEntries(
      Object.entries(part.gradients).map(([name, gradient]) => {
        const scaled = tf.mul(gradient, share);
        const before = sum?.gradients[name];
        return [name, before ? tf.add(before, scaled) : scaled];
      }),
    ),
  );
  const known = (sum?.terms ?? {}) as Readonly<Record<string, number>>;
  const terms = Object.fromEntries(
    Object.entries(part.terms as Readonly<Record<string, number>>).map(([name, value]) => [
      name,
      (known[name] ?? 0) + value * share,
    ]),
  );
  return { gradients, terms: terms as Terms };
}

/** TensorFlow says "OOM when allocating tensor" or RESOURCE_EXHAUSTED, JavaScript fails to allocate; wasm: see its load.ts. */
export function isOutOfMemory(error: unknown): boolean {
  if (error instanceof ExpectedError) return error.kind === 'out-of-memory';
  return (
    error instanceof Error &&
    /\bOOM\b|out of memory|resource.?exhausted|allocation failed|failed to allocate/i.test(error.message)
  );
}
