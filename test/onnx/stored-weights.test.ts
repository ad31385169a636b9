import { describe, expect, test } from 'vitest';
import type { OnnxGraph } from '../../src/onnx/graph.js';
import { readModel } from '../../src/onnx/read.js';
import { readWeights, storeWeights, weightRoles } from '../../src/onnx/stored-weights.js';
import { writeModel } from '../../src/onnx/write.js';
import { openModelSession } from '../../src/runtime/session.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';

// Rows and columns whose largest number is a multiple of 127: closed forms, every value is stored exactly.
const E = fromNumbers('float32', [3, 4], [127, -64, 3, 0, 254, 2, 0, -2, 0, 0, 0, 0]);
const W = fromNumbers('float32', [4, 2], [127, 1270, -1, 0, 0, 10, 5, -20]);
const b = fromNumbers('float32', [2], [0.1, 0.2]);

/** logits = E[ids] W + b */
const graph: OnnxGraph = {
  name: 'g',
  inputs: [{ name: 'ids', dtype: 'int64', shape: ['n'] }],
  outputs: [{ name: 'logits', dtype: 'float32', shape: ['n', 2] }],
  initializers: [
    { name: 'E', tensor: E },
    { name: 'W/Transpose', tensor: W },
    { name: 'b', tensor: b },
  ],
  nodes: [
    { opType: 'Gather', inputs: ['E', 'ids'], outputs: ['%0'], attributes: { axis: { kind: 'int', value: 0 } } },
    { opType: 'MatMul', inputs: ['%0', 'W/Transpose'], outputs: ['%1'] },
    { opType: 'Add', inputs: ['%1', 'b'], outputs: ['logits'] },
  ],
};

async function logitsOf(stored: OnnxGraph): Promise<number[]> {
  const session = await openModelSession(writeModel(stored), { threads: 1 });
  try {
    const { logits } = await session.run({ ids: fromNumbers('int64', [3], [0, 1, 2]) });
    return toNumbers(logits as { data: Float32Array });
  } finally {
    await session.release();
  }
}

describe('storeWeights', () => {
  test('knows tables and matrices by what reads them', () => {
    expect([...weightRoles(graph)]).toEqual([
      ['E', 'table'],
      ['W/Transpose', 'matrix'],
    ]);
  });

  test('int8: a scale a row of a table, a scale a column of a matrix, and the same results where nothing is rounded', async () => {
    const stored = storeWeights(graph, 'int8');
    const weights = Object.fromEntries(stored.initializers.map(({ name, tensor }) => [name, tensor]));
    expect(Object.keys(weights)).toEqual(['E/int8', 'E/scales', 'W/Transpose/int8', 'W/Transpose/scales', 'b']);
    expect(weights['E/int8']?.data).toEqual(Int8Array.of(127, -64, 3, 0, 127, 1, 0, -1, 0, 0, 0, 0));
    expect(weights['E/scales']).toEqual(fromNumbers('float32', [3, 1], [1, 2, 0]));
    expect(weights['W/Transpose/int8']?.data).toEqual(Int8Array.of(127, 127, -1, 0, 0, 1, 5, -2));
    expect(weights['W/Transpose/scales']).toEqual(fromNumbers('float32', [2], [1, 10]));
    expect(await logitsOf(stored)).toEqual(await logitsOf(graph));
  });

  test('float16: the same results where nothing is rounded', async () => {
    const stored = storeWeights(graph, 'float16');
    expect(stored.initializers.map(({ name, tensor }) => [name, tensor.dtype])).toEqual([
      ['E/float16', 'float16'],
      ['W/Transpose/float16', 'float16'],
      ['b', 'float32'],
    ]);
    expect(await logitsOf(stored)).toEqual(await logitsOf(graph));
  });

  test('what is kept stays, and so does what would take more room', () => {
    const kept = storeWeights(graph, 'int8', (name) => name.startsWith('W'));
    expect(kept.initializers.map(({ name }) => name)).toEqual(['E/int8', 'E/scales', 'W/Transpose', 'b']);
    const column = { name: 'E', tensor: fromNumbers('float32', [3, 1], [1, 2, 3]) };
    const narrow = storeWeights({ ...graph, initializers: [column, ...graph.initializers.slice(1)] }, 'int8');
    expect(narrow.initializers[0]).toEqual(column);
  });
});

describe('readWeights', () => {
  test.each(['int8', 'float16'] as const)(
    'gives weights of %s in the layout and under the names of the model',
    (precision) => {
      const { graph: read } = readModel(writeModel(storeWeights(graph, precision)), 'model.onnx');
      expect(readWeights(read)).toEqual({
        E,
        W: fromNumbers('float32', [2, 4], [127, -1, 0, 5, 1270, 0, 10, -20]),
        b,
      });
    },
  );
});
