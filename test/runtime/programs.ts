import type { OnnxGraph, OnnxNode } from '../../src/onnx/graph.js';
import type { OnnxProgram, ValueInfo } from '../../src/onnx/program.js';
import { writeModel } from '../../src/onnx/write.js';

/** A program of these nodes. */
export function program(
  nodes: readonly OnnxNode[],
  inputs: readonly ValueInfo[],
  outputs: readonly ValueInfo[],
  initializers: OnnxGraph['initializers'] = [],
): OnnxProgram {
  return { bytes: writeModel({ name: 'test', nodes, inputs, outputs, initializers }), inputs, outputs };
}

/** z = x op y, all of one type and shape. */
export function binary(opType: string, { dtype, shape }: Pick<ValueInfo, 'dtype' | 'shape'>): OnnxProgram {
  const value = (name: string): ValueInfo => ({ name, dtype, shape });
  return program([{ opType, inputs: ['x', 'y'], outputs: ['z'] }], [value('x'), value('y')], [value('z')]);
}
