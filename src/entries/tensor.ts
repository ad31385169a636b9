export { ARRAY_TYPES, type ArrayOf, bytesPerElement, type Dtype, type HostArray, isFloat } from '../tensor/dtype.js';
export { lowbias32, RandomStream, streamKey } from '../tensor/random.js';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from '../tensor/safetensors.js';
export { readSafetensors } from '../tensor/safetensors-file.js';
export {
  broadcastShapes,
  type Dim,
  expectShape,
  formatShape,
  type Shape,
  type StaticShape,
  sizeOf,
} from '../tensor/shape.js';
export type { SparseRows } from '../tensor/sparse-rows.js';
export { fromNumbers, type Tensor, tensor, toNumbers, zeros } from '../tensor/tensor.js';
