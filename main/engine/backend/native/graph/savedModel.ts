import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A list of numbers, one value that fills them all, or nothing where it is fed. */
export interface TensorValue {
  /** TensorFlow's number of the type. */
  readonly type: number;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** An attribute of an operation, as TensorFlow's protocol has it. */
export type AttributeValue =
  | { readonly kind: 'type' | 'int' | 'float'; readonly value: number }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'shape' | 'ints' | 'types'; readonly value: readonly number[] }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'tensor'; readonly value: TensorValue };

/** One operation of a graph: its inputs are names of others, with `:i` where it is not their first output. */
export interface GraphNode {
  readonly name: string;
  readonly operation: string;
  readonly inputs: readonly string[];
  readonly attributes: ReadonlyMap<string, AttributeValue>;
}

/** A message of google-protobuf's generated code, as far as it is used here. */
interface Message {
  serializeBinary(): Uint8Array;
  getAttrMap(): Map<string, Message>;
  readonly [setter: `set${string}` | `add${string}`]: (value: unknown) => unknown;
}
type MessageClass = new () => Message;

/** The messages of TensorFlow that tfjs-node-gpu carries for its own use; it has no types for them. */
interface Messages {
  readonly AttrValue: MessageClass & { readonly ListValue: MessageClass };
  readonly GraphDef: MessageClass;
  readonly MetaGraphDef: MessageClass & { readonly MetaInfoDef: MessageClass };
  readonly NodeDef: MessageClass;
  readonly SavedModel: MessageClass;
  readonly Tensor: MessageClass;
  readonly TensorShape: MessageClass & { readonly Dim: MessageClass };
  readonly VersionDef: MessageClass;
}

/** Operations that TensorFlow has taken back after this version of its graphs may still be named. */
const GRAPH_VERSION = 1000;
/** Which of its graphs a saved model is asked for. */
export const TAG = 'serve';

let loaded: Messages | null = null;
const messages = (): Messages =>
  (loaded ??= createRequire(__filename)('@tensorflow/tfjs-node-gpu/dist/proto/api_pb.js') as Messages);

/**
 * Calls with a folder that holds these operations as a saved model, the only form in which the addon takes a graph. The
 * folder is gone afterwards.
 */
export function withSavedModel<Result>(
  nodes: readonly GraphNode[],
  load: (folder: string) => Result,
): Result {
  const folder = mkdtempSync(join(tmpdir(), 'asc-net-graph-'));
  try {
    writeFileSync(join(folder, 'saved_model.pb'), savedModel(nodes));
    return load(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function savedModel(nodes: readonly GraphNode[]): Uint8Array {
  const { GraphDef, MetaGraphDef, SavedModel, VersionDef } = messages();
  const version = new VersionDef();
  version.setProducer?.(GRAPH_VERSION);
  const graph = new GraphDef();
  graph.setVersions?.(version);
  graph.setNodeList?.(nodes.map(nodeMessage));
  const info = new MetaGraphDef.MetaInfoDef();
  info.addTags?.(TAG);
  const meta = new MetaGraphDef();
  meta.setMetaInfoDef?.(info);
  meta.setGraphDef?.(graph);
  const model = new SavedModel();
  model.setSavedModelSchemaVersion?.(1);
  model.addMetaGraphs?.(meta);
  return model.serializeBinary();
}

function nodeMessage({ name, operation, inputs, attributes }: GraphNode): Message {
  const message = new (messages().NodeDef)();
  message.setName?.(name);
  message.setOp?.(operation);
  message.setInputList?.([...inputs]);
  for (const [key, value] of attributes) message.getAttrMap().set(key, attributeMessage(value));
  return message;
}

function attributeMessage(attribute: AttributeValue): Message {
  const { AttrValue } = messages();
  const message = new AttrValue();
  const list = new AttrValue.ListValue();
  switch (attribute.kind) {
    case 'type':
      message.setType?.(attribute.value);
      return message;
    case 'int':
      message.setI?.(attribute.value);
      return message;
    case 'float':
      message.setF?.(attribute.value);
      return message;
    case 'bool':
      message.setB?.(attribute.value);
      return message;
    case 'string':
      message.setS?.(Buffer.from(attribute.value));
      return message;
    case 'shape':
      message.setShape?.(shapeMessage(attribute.value));
      return message;
    case 'tensor':
      message.setTensor?.(tensorMessage(attribute.value));
      return message;
    case 'ints':
      list.setIList?.([...attribute.value]);
      break;
    case 'types':
      list.setTypeList?.([...attribute.value]);
      break;
    case 'strings':
      list.setSList?.(attribute.value.map((value) => Buffer.from(value)));
  }
  message.setList?.(list);
  return message;
}

function shapeMessage(shape: readonly number[]): Message {
  const { TensorShape } = messages();
  const message = new TensorShape();
  message.setDimList?.(
    shape.map((size) => {
      const side = new TensorShape.Dim();
      side.setSize?.(size);
      return side;
    }),
  );
  return message;
}

function tensorMessage({ type, shape, data }: TensorValue): Message {
  const message = new (messages().Tensor)();
  message.setDtype?.(type);
  message.setTensorShape?.(shapeMessage(shape));
  const [first = 0] = data;
  // The last value that is given stands for all that follow.
  if (data instanceof Float32Array && data.length > 1 && data.every((value) => Object.is(value, first)))
    message.setFloatValList?.([first]);
  else message.setTensorContent?.(Buffer.from(data.buffer, data.byteOffset, data.byteLength));
  return message;
}
