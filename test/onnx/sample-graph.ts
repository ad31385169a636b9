import type { OnnxGraph } from '../../src/onnx/graph.js';
import { tensor } from '../../src/tensor/tensor.js';

const branch = (opType: string): OnnxGraph => ({
  name: opType,
  nodes: [{ opType, inputs: ['x'], outputs: ['branch'] }],
  inputs: [],
  outputs: [{ name: 'branch', dtype: 'float32', shape: ['N', 2] }],
  initializers: [],
});

/**
 * y = softmax(min(condition ? |x| : −x, 1) W + b) transposed, with W = [[1, 2], [3, 4]] and b = [0.5, −0.5]:
 * each kind of attribute, a subgraph, an input left out, and named dimensions.
 */
export const sampleGraph: OnnxGraph = {
  name: 'sample',
  nodes: [
    {
      opType: 'If',
      inputs: ['condition'],
      outputs: ['chosen'],
      attributes: {
        then_branch: { kind: 'graph', value: branch('Abs') },
        else_branch: { kind: 'graph', value: branch('Neg') },
      },
    },
    { opType: 'Clip', inputs: ['chosen', '', 'one'], outputs: ['clipped'] },
    {
      opType: 'Constant',
      inputs: [],
      outputs: ['b'],
      attributes: { value: { kind: 'tensor', value: tensor('float32', [2], Float32Array.of(0.5, -0.5)) } },
    },
    {
      opType: 'Gemm',
      inputs: ['clipped', 'W', 'b'],
      outputs: ['z'],
      attributes: { alpha: { kind: 'float', value: 1 }, transB: { kind: 'int', value: 0 } },
    },
    { opType: 'Softmax', inputs: ['z'], outputs: ['p'], attributes: { axis: { kind: 'int', value: -1 } } },
    { opType: 'Transpose', inputs: ['p'], outputs: ['t'], attributes: { perm: { kind: 'ints', value: [1, 0] } } },
    {
      opType: 'Constant',
      inputs: [],
      outputs: ['ones'],
      attributes: { value_floats: { kind: 'floats', value: [1, 1] } },
    },
    {
      opType: 'Einsum',
      inputs: ['t', 'ones'],
      outputs: ['y'],
      attributes: { equation: { kind: 'string', value: 'cn,c->cn' } },
    },
  ],
  inputs: [
    { name: 'x', dtype: 'float32', shape: ['N', 2] },
    { name: 'condition', dtype: 'bool', shape: [] },
  ],
  outputs: [{ name: 'y', dtype: 'float32', shape: [2, 'N'] }],
  initializers: [
    { name: 'W', tensor: tensor('float32', [2, 2], Float32Array.of(1, 2, 3, 4)) },
    { name: 'one', tensor: tensor('float32', [], Float32Array.of(1)) },
  ],
};
