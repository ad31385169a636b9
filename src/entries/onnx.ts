export type { Initializer, OnnxAttribute, OnnxGraph, OnnxNode } from '../onnx/graph.js';
export { IR_VERSION, OPSET } from '../onnx/opset.js';
export type { OnnxProgram, ValueInfo } from '../onnx/program.js';
export { type OnnxModel, readModel } from '../onnx/read.js';
export { type WriteOptions, writeModel } from '../onnx/write.js';
