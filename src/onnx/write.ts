import type { onnx } from 'onnx-proto';
import onnxProto from 'onnx-proto';
import { COMPACT_TYPE, ELEMENT_TYPE } from './element-type.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode, StoredTensor } from './graph.js';
import { IR_VERSION, OPSET } from './opset.js';
import type { ValueInfo } from './program.js';

export type WriteOptions = {
  /** Free text that travels with the model; read back by `readModel` and by any ONNX tool. */
  readonly metadata?: Readonly<Record<string, string>>;
};

/**
 * The bytes of an ONNX model (opset 21). The same graph gives the same bytes: attributes and metadata are
 * written in the order of their names. Weights are copied once, as raw little-endian data.
 */
export function writeModel(graph: OnnxGraph, options: WriteOptions = {}): Uint8Array {
  const message: onnx.IModelProto = {
    irVersion: IR_VERSION,
    producerName: 'retort',
    opsetImport: [{ domain: '', version: OPSET }],
    graph: graphProto(graph),
    metadataProps: byName(options.metadata ?? {}).map(([key, value]) => ({ key, value })),
  };
  const { buffer, byteOffset, byteLength } = onnxProto.onnx.ModelProto.encode(message).finish();
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function graphProto(graph: OnnxGraph): onnx.IGraphProto {
  return {
    name: graph.name,
    node: graph.nodes.map(nodeProto),
    input: graph.inputs.map(valueInfoProto),
    output: graph.outputs.map(valueInfoProto),
    valueInfo: graph.values?.map(valueInfoProto) ?? [],
    initializer: graph.initializers.map(({ name, tensor }) => ({ name, ...tensorProto(tensor) })),
  };
}

function nodeProto(node: OnnxNode): onnx.INodeProto {
  return {
    // Profiles and error messages of ONNX Runtime name nodes; an output's name is unique in its graph.
    name: node.outputs.find((output) => output !== '') ?? '',
    opType: node.opType,
    input: [...node.inputs],
    output: [...node.outputs],
    attribute: byName(node.attributes ?? {}).map(([name, attribute]) => ({ name, ...attributeProto(attribute) })),
  };
}

function attributeProto(attribute: OnnxAttribute): onnx.IAttributeProto {
  const { AttributeType } = onnxProto.onnx.AttributeProto;
  switch (attribute.kind) {
    case 'int':
      return { type: AttributeType.INT, i: attribute.value };
    case 'float':
      return { type: AttributeType.FLOAT, f: attribute.value };
    case 'string':
      return { type: AttributeType.STRING, s: new TextEncoder().encode(attribute.value) };
    case 'ints':
      return { type: AttributeType.INTS, ints: [...attribute.value] };
    case 'floats':
      return { type: AttributeType.FLOATS, floats: [...attribute.value] };
    case 'tensor':
      return { type: AttributeType.TENSOR, t: tensorProto(attribute.value) };
    case 'graph':
      return { type: AttributeType.GRAPH, g: graphProto(attribute.value) };
  }
}

const STORED_TYPE = { ...ELEMENT_TYPE, ...COMPACT_TYPE };

function tensorProto({ dtype, shape, data }: StoredTensor): onnx.ITensorProto {
  return {
    dataType: STORED_TYPE[dtype],
    dims: [...shape],
    rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

function valueInfoProto({ name, dtype, shape }: ValueInfo): onnx.IValueInfoProto {
  const dim = shape.map((length) => (typeof length === 'number' ? { dimValue: length } : { dimParam: length }));
  return { name, type: { tensorType: { elemType: ELEMENT_TYPE[dtype], shape: { dim } } } };
}

function byName<T>(record: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1));
}
