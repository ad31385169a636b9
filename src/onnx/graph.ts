import type { StaticShape } from '../tensor/shape.js';
import type { Tensor } from '../tensor/tensor.js';
import type { ValueInfo } from './program.js';

/** A constant of a node. The kind decides which field of ONNX's AttributeProto it is written to. */
export type OnnxAttribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'tensor'; readonly value: Tensor }
  | { readonly kind: 'graph'; readonly value: OnnxGraph };

/** One operator of the standard domain. An empty name in `inputs` or `outputs` stands for one left out. */
export type OnnxNode = {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
};

/** What a file stores in fewer bits and no input or output has: int8, and float16 as its bits (`fromFloat16`). */
export type CompactTensor =
  | { readonly dtype: 'int8'; readonly shape: StaticShape; readonly data: Int8Array }
  | { readonly dtype: 'float16'; readonly shape: StaticShape; readonly data: Uint16Array };

export type StoredTensor = Tensor | CompactTensor;

export type Initializer = { readonly name: string; readonly tensor: StoredTensor };

/** An ONNX graph as plain data. Nodes stand in an order in which they can run. */
export type OnnxGraph = {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly initializers: readonly Initializer[];
  /** Types and shapes of what nodes make for other nodes, as far as they are known. Written, not read. */
  readonly values?: readonly ValueInfo[];
};
