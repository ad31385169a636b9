import { describe, expect, test } from 'vitest';
import { foldConstants } from '../../src/onnx/fold-constants.js';
import type { OnnxGraph, OnnxNode } from '../../src/onnx/graph.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';

const ints = (...value: number[]) => ({ kind: 'ints', value }) as const;
const axis0 = { axis: { kind: 'int', value: 0 } } as const;
const index = (...values: number[]) => fromNumbers('int64', [values.length], values);
const W = fromNumbers('float32', [2, 3], [0, 1, 2, 3, 4, 5]);

function graphOf(nodes: readonly OnnxNode[], initializers: OnnxGraph['initializers']): OnnxGraph {
  const floats = (name: string) => ({ name, dtype: 'float32', shape: ['n', 2] }) as const;
  return { name: 'g', nodes, initializers, inputs: [floats('x')], outputs: [floats('y')] };
}

function weightsOf({ initializers }: OnnxGraph) {
  return initializers.map(({ name, tensor }) => [name, tensor.shape, toNumbers(tensor)]);
}

describe('foldConstants', () => {
  // What each operator gives is its definition in ONNX's Operators.md.
  test.each<[string, OnnxNode['attributes'], OnnxGraph['initializers'], readonly number[], readonly number[]]>([
    ['Transpose', { perm: ints(1, 0) }, [], [3, 2], [0, 3, 1, 4, 2, 5]],
    ['Unsqueeze', {}, [{ name: '%axes', tensor: index(0) }], [1, 2, 3], [0, 1, 2, 3, 4, 5]],
    ['Gather', axis0, [{ name: '%rows', tensor: index(1, 0, 1) }], [3, 3], [3, 4, 5, 0, 1, 2, 3, 4, 5]],
    [
      'Concat',
      axis0,
      [{ name: 'V', tensor: fromNumbers('float32', [1, 3], [9, 8, 7]) }],
      [3, 3],
      [0, 1, 2, 3, 4, 5, 9, 8, 7],
    ],
  ])('%s of a weight is a weight, named after both', (opType, attributes = {}, others, shape, values) => {
    const nodes = [
      { opType, inputs: ['W', ...others.map(({ name }) => name)], outputs: ['%0'], attributes },
      { opType: 'MatMul', inputs: ['x', '%0'], outputs: ['y'] },
    ];
    const folded = foldConstants(graphOf(nodes, [{ name: 'W', tensor: W }, ...others]));
    expect(folded.nodes).toEqual([{ opType: 'MatMul', inputs: ['x', `W/${opType}`], outputs: ['y'] }]);
    expect(weightsOf(folded)).toEqual([[`W/${opType}`, shape, values]]);
  });

  test('Slice takes rows; a chain is named after its last operator', () => {
    const parts = ['%from', '%to', '%axis'].map((name, i) => ({ name, tensor: index([1, 2, 0][i] as number) }));
    const nodes = [
      { opType: 'Slice', inputs: ['W', '%from', '%to', '%axis'], outputs: ['%0'] },
      { opType: 'Transpose', inputs: ['%0'], outputs: ['%1'], attributes: { perm: ints(1, 0) } },
      { opType: 'MatMul', inputs: ['x', '%1'], outputs: ['y'] },
    ];
    const folded = foldConstants(graphOf(nodes, [{ name: 'W', tensor: W }, ...parts]));
    expect(weightsOf(folded)).toEqual([['W/Transpose', [3, 1], [3, 4, 5]]]);
  });

  test('what two nodes make alike is stored once; what stays in use is kept', () => {
    const turn = (output: string) => {
      return { opType: 'Transpose', inputs: ['W'], outputs: [output], attributes: { perm: ints(1, 0) } };
    };
    const nodes = [
      turn('%0'),
      turn('%1'),
      { opType: 'MatMul', inputs: ['x', '%0'], outputs: ['%2'] },
      { opType: 'MatMul', inputs: ['%2', 'W'], outputs: ['%3'] },
      { opType: 'MatMul', inputs: ['%3', '%1'], outputs: ['y'] },
    ];
    const folded = foldConstants(graphOf(nodes, [{ name: 'W', tensor: W }]));
    expect(folded.initializers.map(({ name }) => name)).toEqual(['W', 'W/Transpose']);
    expect(folded.nodes.map(({ inputs }) => inputs[1])).toEqual(['W/Transpose', 'W', 'W/Transpose']);
  });

  test('a large table that is read as it stands, too, is not stored twice', () => {
    const table = { name: 'E', tensor: fromNumbers('float32', [2 ** 15, 3], new Float32Array(3 * 2 ** 15)) };
    const nodes = [
      { opType: 'Gather', inputs: ['E', 'ids'], outputs: ['%0'], attributes: axis0 },
      { opType: 'Transpose', inputs: ['E'], outputs: ['%1'], attributes: { perm: ints(1, 0) } },
      { opType: 'MatMul', inputs: ['%0', '%1'], outputs: ['y'] },
    ];
    const folded = foldConstants(graphOf(nodes, [table]));
    expect(folded.nodes).toEqual(nodes);
    expect(folded.initializers).toEqual([table]);
  });
});
