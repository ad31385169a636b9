import { describe, expect, test } from 'vitest';
import { calibrate } from '../../src/export/calibrate.js';
import type { OnnxGraph } from '../../src/onnx/graph.js';
import { fromNumbers } from '../../src/tensor/tensor.js';

const matrix = fromNumbers('float32', [2, 2], [1, 0, 0, 1]);
/** y = relu(x A) B, of tokens. */
const graph: OnnxGraph = {
  name: 'g',
  inputs: [{ name: 'x', dtype: 'float32', shape: [1, 's', 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [1, 's', 2] }],
  initializers: ['A', 'B'].map((name) => ({ name, tensor: matrix })),
  nodes: [
    { opType: 'MatMul', inputs: ['x', 'A'], outputs: ['%0'] },
    { opType: 'Relu', inputs: ['%0'], outputs: ['%1'] },
    { opType: 'MatMul', inputs: ['%1', 'B'], outputs: ['y'] },
  ],
};
const row = (values: readonly number[]) => ({ x: fromNumbers('float32', [1, values.length / 2, 2], values) });

describe('calibrate', () => {
  test('finds what the inputs of each product lie between, in all rows, with 0', async () => {
    const ranges = await calibrate(graph, [row([1, -3]), row([2, -1, 0.5, 5])]);
    expect([...ranges]).toEqual([
      ['A', { low: -3, high: 5 }],
      ['B', { low: 0, high: 5 }],
    ]);
  });

  test('leaves out one token of a thousand at each end', async () => {
    const usual = Array.from({ length: 1001 }, () => row([-1, 1]));
    const ranges = await calibrate(graph, [...usual, row([-100, 100])]);
    expect(ranges.get('A')).toEqual({ low: -1, high: 1 });
  });

  test('leaves out as many as it is told, and refuses what is no share', async () => {
    const rows = Array.from({ length: 11 }, (_, i) => row([-i, i]));
    const within = (tokensWithin: number) => calibrate(graph, rows, { tokensWithin });
    expect((await within(1)).get('A')).toEqual({ low: -10, high: 10 });
    expect((await within(0.8)).get('A')).toEqual({ low: -8, high: 8 });
    await expect(within(1.1)).rejects.toThrow('tokensWithin: wanted a share from 0 to 1, got 1.1');
  });
});
