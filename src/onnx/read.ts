import type { onnx } from 'onnx-proto';
import onnxProto from 'onnx-proto';
import { FileError } from '../errors/failures.js';
import { ARRAY_TYPES, type ArrayConstructor, type Dtype } from '../tensor/dtype.js';
import { formatShape, sizeOf } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import { COMPACT_TYPE, dtypeOf, ELEMENT_TYPE } from './element-type.js';
import type { OnnxAttribute, OnnxGraph, OnnxNode, StoredTensor } from './graph.js';
import type { ValueInfo } from './program.js';

export type OnnxModel = {
  readonly graph: OnnxGraph;
  /** Version of the standard operator set. */
  readonly opset: number;
  readonly metadata: Readonly<Record<string, string>>;
};

/**
 * Reads the bytes of an ONNX model. Initialisers may be int8 or float16, too. Tensors are copies: they stay valid when `bytes` is overwritten.
 * @param where the file, for error messages.
 * @throws FileError if the bytes are torn or no ONNX model, or hold what our graphs cannot: operators outside
 *   the standard set, element types the host has no array for, weights in another file.
 */
export function readModel(bytes: Uint8Array, where: string): OnnxModel {
  const model = decode(bytes, where);
  if (!model.graph) {
    throw new FileError({
      where,
      wanted: 'an ONNX model',
      got: `${bytes.length} bytes without a graph`,
      fix: 'pass the .onnx file itself',
    });
  }
  const imported = model.opsetImport.find(({ domain }) => isStandard(domain));
  if (!imported) throw new FileError({ where, wanted: 'the standard operator set', got: 'a model that imports none' });
  return {
    graph: new GraphReader(where).graph(model.graph),
    opset: toNumber(imported.version),
    metadata: Object.fromEntries(model.metadataProps.map(({ key, value }) => [key ?? '', value ?? ''])),
  };
}

function decode(bytes: Uint8Array, where: string): onnx.ModelProto {
  try {
    return onnxProto.onnx.ModelProto.decode(bytes);
  } catch (cause) {
    // protobufjs throws plain RangeErrors and Errors about wire types and offsets.
    throw new FileError({
      where,
      wanted: 'an ONNX model',
      got: `${bytes.length} bytes that do not decode (${cause instanceof Error ? cause.message : cause})`,
      fix: 'the file is truncated or of another format: download or export it again',
      cause,
    });
  }
}

/** Graphs inside nodes inside graphs: far more than any real model has, far fewer than the stack takes. */
const MAX_DEPTH = 64;

class GraphReader {
  readonly #where: string;
  #depth = 0;

  constructor(where: string) {
    this.#where = where;
  }

  graph(proto: onnx.IGraphProto): OnnxGraph {
    if (++this.#depth > MAX_DEPTH) this.#reject(`graphs at most ${MAX_DEPTH} deep in each other`, 'deeper ones');
    const graph: OnnxGraph = {
      name: proto.name ?? '',
      nodes: (proto.node ?? []).map((node) => this.#node(node)),
      inputs: (proto.input ?? []).map((value) => this.#valueInfo(value)),
      outputs: (proto.output ?? []).map((value) => this.#valueInfo(value)),
      initializers: (proto.initializer ?? []).map((value) => {
        const name = value.name ?? '';
        return { name, tensor: this.#stored(value, `initializer '${name}'`) };
      }),
    };
    this.#depth--;
    return graph;
  }

  #node(proto: onnx.INodeProto): OnnxNode {
    const opType = proto.opType ?? '';
    if (!isStandard(proto.domain)) {
      this.#reject('operators of the standard ONNX set', `${proto.domain}.${opType}`);
    }
    const node = { opType, inputs: proto.input ?? [], outputs: proto.output ?? [] };
    if (!proto.attribute || proto.attribute.length === 0) return node;
    const attributes = proto.attribute.map((value) => [value.name ?? '', this.#attribute(value, opType)] as const);
    return { ...node, attributes: Object.fromEntries(attributes) };
  }

  #attribute(proto: onnx.IAttributeProto, opType: string): OnnxAttribute {
    const { AttributeType } = onnxProto.onnx.AttributeProto;
    const what = `attribute '${proto.name}' of ${opType}`;
    switch (proto.type) {
      case AttributeType.INT:
        return { kind: 'int', value: toNumber(proto.i) };
      case AttributeType.FLOAT:
        return { kind: 'float', value: proto.f ?? 0 };
      case AttributeType.STRING:
        return { kind: 'string', value: new TextDecoder().decode(proto.s ?? new Uint8Array()) };
      case AttributeType.INTS:
        return { kind: 'ints', value: (proto.ints ?? []).map(toNumber) };
      case AttributeType.FLOATS:
        return { kind: 'floats', value: proto.floats ?? [] };
      case AttributeType.TENSOR:
        if (proto.t) return { kind: 'tensor', value: this.#tensor(proto.t, what) };
        break;
      case AttributeType.GRAPH:
        if (proto.g) return { kind: 'graph', value: this.graph(proto.g) };
        break;
    }
    this.#reject(`${what} as an int, a float, a string, a tensor, a graph, ints or floats`, `type ${proto.type}`);
  }

  #valueInfo(proto: onnx.IValueInfoProto): ValueInfo {
    const name = proto.name ?? '';
    const type = proto.type?.tensorType;
    if (!type?.shape) this.#reject(`a tensor with a shape for '${name}'`, 'none');
    const shape = (type.shape.dim ?? []).map((dim, axis) => {
      if (dim.dimParam) return dim.dimParam;
      // A length that is neither number nor name may be anything: it needs a name of its own.
      return dim.dimValue === null || dim.dimValue === undefined ? `${name}:${axis}` : toNumber(dim.dimValue);
    });
    return { name, dtype: this.#dtype(type.elemType, `'${name}'`), shape };
  }

  #tensor(proto: onnx.ITensorProto, what: string): Tensor {
    const dtype = this.#dtype(proto.dataType, what);
    return { dtype, ...this.#elements(proto, what, tensorData(proto, dtype)) };
  }

  #stored(proto: onnx.ITensorProto, what: string): StoredTensor {
    const { dataType, rawData: raw, int32Data: numbers } = proto;
    if (dataType === COMPACT_TYPE.int8) {
      const data = raw?.length ? Int8Array.from(raw) : Int8Array.from(numbers ?? []);
      return { dtype: 'int8', ...this.#elements(proto, what, data) };
    }
    if (dataType !== COMPACT_TYPE.float16) return this.#tensor(proto, what);
    const data = raw?.length ? fromBytes(raw, Uint16Array) : Uint16Array.from(numbers ?? []);
    return { dtype: 'float16', ...this.#elements(proto, what, data) };
  }

  #elements<A extends { readonly length: number }>(proto: onnx.ITensorProto, what: string, data: A | undefined) {
    if (proto.dataLocation === onnxProto.onnx.TensorProto.DataLocation.EXTERNAL) {
      this.#reject(`${what} inside the model`, 'a reference to another file');
    }
    const shape = (proto.dims ?? []).map(toNumber);
    if (data?.length !== sizeOf(shape) || shape.some((length) => length < 0)) {
      this.#reject(`${what}: elements for shape ${formatShape(shape)}`, `${data?.length ?? 'a truncated array'}`);
    }
    return { shape, data };
  }

  #dtype(elementType: number | null | undefined, what: string): Dtype {
    const dtype = dtypeOf(elementType ?? 0);
    if (dtype) return dtype;
    const names = onnxProto.onnx.TensorProto.DataType;
    const name = names[elementType ?? 0]?.toLowerCase();
    this.#reject(`${what} as one of ${Object.keys(ELEMENT_TYPE).join(', ')}`, name ?? `type ${elementType}`);
  }

  #reject(wanted: string, got: string): never {
    throw new FileError({ where: this.#where, wanted, got });
  }
}

/** The elements, from raw bytes or from the typed list of numbers that small tensors of other writers use. */
function tensorData(proto: onnx.ITensorProto, dtype: Dtype): Tensor['data'] | undefined {
  const raw = proto.rawData;
  if (raw && raw.length > 0) return fromBytes<Tensor['data']>(raw, ARRAY_TYPES[dtype]);
  switch (dtype) {
    case 'float32':
      return Float32Array.from(proto.floatData ?? []);
    case 'float64':
      return Float64Array.from(proto.doubleData ?? []);
    case 'int64':
      return BigInt64Array.from((proto.int64Data ?? []).map(String), BigInt);
    case 'uint32':
      return Uint32Array.from((proto.uint64Data ?? []).map(toNumber));
    case 'int32':
      return Int32Array.from(proto.int32Data ?? []);
    case 'uint8':
    case 'bool':
      return Uint8Array.from(proto.int32Data ?? []);
  }
}

function fromBytes<A>(raw: Uint8Array, ArrayType: ArrayConstructor<A>): A | undefined {
  if (raw.length % ArrayType.BYTES_PER_ELEMENT !== 0) return undefined;
  // A copy, and not a view: inside a file the bytes are not aligned to their element type.
  const bytes = Uint8Array.from(raw);
  return new ArrayType(bytes.buffer, 0, bytes.length / ArrayType.BYTES_PER_ELEMENT);
}

function isStandard(domain: string | null | undefined): boolean {
  return !domain || domain === 'ai.onnx';
}

/** protobufjs reads 64-bit integers as Long objects where the package `long` is installed, else as numbers. */
function toNumber(value: number | { toNumber(): number } | null | undefined): number {
  return typeof value === 'number' ? value : (value?.toNumber() ?? 0);
}
