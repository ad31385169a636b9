import type { Dtype } from '../tensor/dtype.js';
import type { CompactTensor } from './graph.js';

/** `TensorProto.DataType` of onnx.proto, for the types that we hold on the host. */
export const ELEMENT_TYPE = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float64: 11,
  uint32: 12,
} as const satisfies Record<Dtype, number>;

/** The same of the types that weights are stored in and nothing else. */
export const COMPACT_TYPE = { int8: 3, float16: 10 } as const satisfies Record<CompactTensor['dtype'], number>;

const DTYPE_OF = new Map<number, Dtype>(Object.entries(ELEMENT_TYPE).map(([dtype, code]) => [code, dtype as Dtype]));

/** The type with this number in onnx.proto, or undefined if we have none (float16, string, …). */
export function dtypeOf(elementType: number): Dtype | undefined {
  return DTYPE_OF.get(elementType);
}
