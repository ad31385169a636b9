/** Element types that cross the border between the host and a graph. */
export type Dtype = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'uint32' | 'bool';

/** The host array that holds the elements of a tensor of each type; booleans are bytes 0 and 1. */
export type ArrayOf = {
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly uint8: Uint8Array;
  readonly uint32: Uint32Array;
  readonly bool: Uint8Array;
};

export type HostArray = ArrayOf[Dtype];

export type ArrayConstructor<A> = {
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBuffer, byteOffset: number, length: number): A;
};

export const ARRAY_TYPES: { readonly [D in Dtype]: ArrayConstructor<ArrayOf[D]> } = {
  float32: Float32Array,
  float64: Float64Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  uint32: Uint32Array,
  bool: Uint8Array,
};

export function bytesPerElement(dtype: Dtype): number {
  return ARRAY_TYPES[dtype].BYTES_PER_ELEMENT;
}

export function isFloat(dtype: Dtype): dtype is 'float32' | 'float64' {
  return dtype === 'float32' || dtype === 'float64';
}
