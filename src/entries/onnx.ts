export type { CompactTensor, Initializer, OnnxAttribute, OnnxGraph, OnnxNode, StoredTensor } from '../onnx/graph.js';
export type { ActivationRange } from '../onnx/integer-products.js';
export { IR_VERSION, OPSET } from '../onnx/opset.js';
export type { OnnxProgram, ValueInfo } from '../onnx/program.js';
export { type OnnxModel, readModel } from '../onnx/read.js';
export { readWeights } from '../onnx/stored-weights.js';
export { type WriteOptions, writeModel } from '../onnx/write.js';
