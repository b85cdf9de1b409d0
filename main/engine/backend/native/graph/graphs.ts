import * as tf from '@tensorflow/tfjs-core';
import type { Computation } from '../../../network/ops';
import { sizeOf } from '../../../network/weights';
import { availableBytes } from '../../../availableMemory';
import { node } from '../kernels';
import { TAG, withSavedModel } from './savedModel';
import { NotTraceable, trace, type Trace } from './trace';

/**
 * Computations that come again and again, as graphs of TensorFlow's: one call runs a whole training step, on all cores, where
 * TensorFlow.js calls some hundred kernels one after the other.
 *
 * A graph is used from the first time on, never the kernels first: its last digits are its own, and a training that goes
 * on must take the same steps as one that was never interrupted.
 */
interface Graph {
  /** The addon's number of it. */
  readonly session: number;
  readonly fed: Trace['fed'];
  readonly outputs: readonly string[];
  /** Shapes of the dropout masks, in the order in which they are drawn. */
  readonly masks: readonly (readonly number[])[];
  /** Places of the variables that it moves; their values are its last outputs. */
  readonly moved: readonly number[];
}

/** The least recently used first; null where a computation is not to be a graph. */
const graphs = new Map<string, Graph | null>();
/**
 * What a graph takes at its peak, in multiples of what its tensors hold kernel by kernel: the same, and what lies in pieces
 * between them. It comes on top: what was given back there, the C library of Linux keeps for that thread.
 */
const ROOM = 1.5;
/** A training has some three: two networks, and a last batch that is smaller. */
const MOST_GRAPHS = 8;

/** Where the masks lie while a graph runs, by their order: memory that is used again costs a third less than new. */
const maskMemory: Float32Array[] = [];
/**
 * TensorFlow copies what does not begin at a multiple of 64 bytes. Large memory of Linux's C library begins 16 bytes behind
 * one; elsewhere this does no harm.
 */
const ALIGNING = { before: 12, all: 16 } as const;

function memoryOf(order: number, size: number): Float32Array {
  let memory = maskMemory[order];
  if (!memory || memory.length < size) {
    memory = new Float32Array(size + ALIGNING.all).subarray(ALIGNING.before);
    maskMemory[order] = memory;
  }
  return memory.subarray(0, size);
}

let made = 0;

/** How many graphs were made so far. */
export function graphsMade(): number {
  return made;
}

/**
 * Runs a computation as a graph. On a GPU it runs kernel by kernel: the addon feeds a graph from the memory of the processor,
 * so that all weights would be copied there and back at each step.
 */
export function computeAsGraph(computation: Computation): tf.Tensor[] {
  if (node().isUsingGpuDevice) return computation.run(computation.dropout);
  const graph = graphOf(computation);
  if (!graph) return computation.run(computation.dropout);
  const { inputs, variables, dropout } = computation;
  const masks = graph.masks.map((shape, order) => {
    if (!dropout) throw new Error('a graph has dropout masks and its computation none');
    return dropout(shape, memoryOf(order, sizeOf(shape)));
  });
  const given = [...inputs, ...variables, ...masks];
  try {
    const outputs = node().runSavedModel(
      graph.session,
      graph.fed.map(({ place }) => given[place] as tf.Tensor),
      graph.fed.map(({ name }) => ({ name: `${name}:0` })),
      graph.outputs,
    );
    const values = outputs.splice(outputs.length - graph.moved.length);
    graph.moved.forEach((place, i) => (variables[place] as tf.Variable).assign(values[i] as tf.Tensor));
    tf.dispose(values);
    return outputs;
  } finally {
    tf.dispose(masks);
  }
}

function graphOf(computation: Computation): Graph | null {
  const { inputs, variables, dropout } = computation;
  const shapes = [...inputs, ...variables].map(({ shape }) => shape.join('x'));
  const key = [computation.key, dropout !== null, ...shapes].join(' ');
  const known = graphs.get(key);
  const graph = known === undefined ? make(computation) : known;
  graphs.delete(key);
  graphs.set(key, graph);
  for (const [oldest, old] of graphs) {
    if (graphs.size <= MOST_GRAPHS) break;
    graphs.delete(oldest);
    if (old) node().deleteSavedModel(old.session);
  }
  return graph;
}

/** Null where the computation cannot be a graph, or there is too little memory or no place for one. */
function make(computation: Computation): Graph | null {
  const followed = follow(computation);
  if (!followed) return null;
  const { nodes, peakBytes, ...graph } = followed;
  if (peakBytes * ROOM > availableBytes()) return null;
  try {
    const session = withSavedModel(nodes, (folder) => node().loadSavedModelMetaGraph(folder, TAG));
    made += 1;
    return { session, ...graph };
  } catch {
    // A full disk, for example: kernel by kernel it gives the same, more slowly.
    return null;
  }
}

/** Runs the computation once to see what it does, and puts the variables back. Null where that cannot be seen. */
function follow({ inputs, variables, dropout, run }: Computation): (Omit<Graph, 'session'> & Trace) | null {
  const masks: tf.Tensor[] = [];
  const mask = (shape: readonly number[]): tf.Tensor => {
    const ones = tf.ones([...shape]);
    masks.push(ones);
    return ones;
  };
  const before = variables.map((variable) => variable.clone());
  const findMoved = (): number[] =>
    variables.flatMap(({ dataId }, place) => (dataId === before[place]?.dataId ? [] : [place]));
  const outcome: tf.Tensor[] = [];
  try {
    tf.engine().startScope();
    const traced = trace(
      () => [...inputs, ...before, ...masks],
      () => {
        outcome.push(...run(dropout && mask));
        return [...outcome, ...findMoved().map((place) => variables[place] as tf.Tensor)];
      },
    );
    return { ...traced, masks: masks.map(({ shape }) => shape), moved: findMoved() };
  } catch (error) {
    if (error instanceof NotTraceable) return null;
    throw error;
  } finally {
    tf.engine().endScope();
    for (const place of findMoved()) variables[place]?.assign(before[place] as tf.Tensor);
    tf.dispose([...before, ...masks, ...outcome]);
  }
}
