import * as tf from '@tensorflow/tfjs-core';
import { isKnownConstant, node, type Attribute, type NodeBackend } from '../kernels';
import type { AttributeValue, GraphNode } from './savedModel';

/** What a computation cannot be followed through; `message` says it. */
export class NotTraceable extends Error {}

/** A computation as TensorFlow's operations. */
export interface Trace {
  readonly nodes: readonly GraphNode[];
  /** What is to be fed, by its place among the tensors that were given. */
  readonly fed: readonly { readonly place: number; readonly name: string }[];
  /** What comes out, in the order in which it was asked for. */
  readonly outputs: readonly string[];
  /** Most that its tensors held at a time, in bytes. */
  readonly peakBytes: number;
}

/**
 * Follows a computation on the native backend: runs it once, kernel by kernel, and writes down each kernel with where its
 * inputs came from. What came from nowhere is a constant of the graph.
 * @param given names the tensors that another run gives anew; asked again for each kernel, because some come up on the way
 * @param run gives the tensors that are wanted
 * @throws NotTraceable where it reads numbers, or a tensor that was neither given nor made on the way
 */
export function trace(given: () => readonly tf.Tensor[], run: () => readonly tf.Tensor[]): Trace {
  const recorder = new Recorder(node(), given);
  const outputs = recorder.during(run);
  return recorder.result(outputs);
}

class Recorder {
  private readonly nodes: GraphNode[] = [];
  /** Where the data of a tensor comes from. */
  private readonly origins = new Map<object, string>();
  private readonly fed = new Map<number, string>();
  private readonly written = new Set<object>();
  private readonly bytesBefore = tf.memory().numBytes;
  private peakBytes = 0;

  constructor(
    private readonly backend: NodeBackend,
    private readonly given: () => readonly tf.Tensor[],
  ) {}

  /** Puts itself between TensorFlow.js and its backend while `run` runs. */
  during(run: () => readonly tf.Tensor[]): readonly tf.Tensor[] {
    const { backend } = this;
    const execute = backend.executeMultipleOutputs.bind(backend);
    const read = backend.readSync.bind(backend);
    const write = backend.write.bind(backend);
    const several: NodeBackend['executeMultipleOutputs'] = (name, attributes, inputs, count) => {
      // First, because an output may be the same data as an input.
      const from = inputs.map((input) => this.originOf(input, read));
      const outputs = execute(name, attributes, inputs, count);
      this.add(name, attributes, from, outputs);
      return outputs;
    };
    const between = {
      executeMultipleOutputs: several,
      executeSingleOutput: (name: string, attributes: readonly Attribute[], inputs: readonly tf.Tensor[]) =>
        several(name, attributes, inputs, 1)[0],
      readSync: () => {
        throw new NotTraceable('it reads numbers on its way');
      },
      write: (...args: Parameters<NodeBackend['write']>) => {
        const made = write(...args);
        this.written.add(made);
        return made;
      },
    } satisfies Partial<Record<keyof NodeBackend, unknown>>;
    Object.assign(backend, between);
    try {
      return run();
    } finally {
      // They are the class's own again.
      for (const name of Object.keys(between)) delete (backend as unknown as Record<string, unknown>)[name];
    }
  }

  result(outputs: readonly tf.Tensor[]): Trace {
    return {
      nodes: this.nodes,
      peakBytes: this.peakBytes,
      fed: [...this.fed].map(([place, name]) => ({ place, name })),
      outputs: outputs.map(({ dataId }) => {
        const origin = this.origins.get(dataId);
        if (origin === undefined) throw new NotTraceable('it gives a tensor that it did not compute');
        return origin.includes(':') ? origin : `${origin}:0`;
      }),
    };
  }

  private add(
    operation: string,
    attributes: readonly Attribute[],
    inputs: readonly string[],
    outputs: readonly tf.Tensor[],
  ): void {
    const name = `kernel${this.nodes.length}`;
    const values = attributes.map((each) => [each.name, this.valueOf(each)] as const);
    this.nodes.push({ name, operation, inputs, attributes: new Map(values) });
    this.peakBytes = Math.max(this.peakBytes, tf.memory().numBytes - this.bytesBefore);
    outputs.forEach(({ dataId }, i) => this.origins.set(dataId, i === 0 ? name : `${name}:${i}`));
  }

  private originOf(tensor: tf.Tensor, read: NodeBackend['readSync']): string {
    const known = this.origins.get(tensor.dataId);
    if (known !== undefined) return known;
    const place = this.given().findIndex(({ dataId }) => dataId === tensor.dataId);
    const origin = place >= 0 ? this.feed(place, tensor) : this.constant(tensor, read);
    this.origins.set(tensor.dataId, origin);
    return origin;
  }

  private feed(place: number, { dtype, shape }: tf.Tensor): string {
    const name = `given${place}`;
    const attributes = new Map<string, AttributeValue>([
      ['dtype', { kind: 'type', value: this.backend.getDTypeInteger(dtype) }],
      ['shape', { kind: 'shape', value: shape }],
    ]);
    this.nodes.push({ name, operation: 'Placeholder', inputs: [], attributes });
    this.fed.set(place, name);
    return name;
  }

  private constant({ dataId, dtype, shape }: tf.Tensor, read: NodeBackend['readSync']): string {
    if (!this.written.has(dataId) && !isKnownConstant(dataId))
      throw new NotTraceable(`it uses a tensor [${shape.join(', ')}] that it was not given`);
    const name = `constant${this.nodes.length}`;
    const type = this.backend.getDTypeInteger(dtype);
    const attributes = new Map<string, AttributeValue>([
      ['dtype', { kind: 'type', value: type }],
      ['value', { kind: 'tensor', value: { type, shape, data: read(dataId) } }],
    ]);
    this.nodes.push({ name, operation: 'Const', inputs: [], attributes });
    return name;
  }

  /** The addon's form of an attribute in TensorFlow's own. */
  private valueOf({ name, type, value }: Attribute): AttributeValue {
    const { binding } = this.backend;
    // Lists that the addon takes as one value: see install/compile.ts.
    if (name === 'fused_ops') return { kind: 'strings', value: String(value).split(',') };
    if (name === 'TArgs') return { kind: 'types', value: [Number(value)] };
    switch (type) {
      case binding.TF_ATTR_TYPE:
        return { kind: 'type', value: Number(value) };
      case binding.TF_ATTR_FLOAT:
        return { kind: 'float', value: Number(value) };
      case binding.TF_ATTR_BOOL:
        return { kind: 'bool', value: Boolean(value) };
      case binding.TF_ATTR_STRING:
        return { kind: 'string', value: String(value) };
      case binding.TF_ATTR_INT:
        return Array.isArray(value)
          ? { kind: 'ints', value: value as readonly number[] }
          : { kind: 'int', value: Number(value) };
      default:
        throw new NotTraceable(`the attribute ${name} has a type that it does not know`);
    }
  }
}
