import { describe, expect, test } from 'vitest';
import type { Initializer, OnnxGraph } from '../../src/onnx/graph.js';
import { readModel } from '../../src/onnx/read.js';
import { writeModel } from '../../src/onnx/write.js';
import { openSession } from '../../src/runtime/session.js';
import { tensor, toNumbers } from '../../src/tensor/tensor.js';
import { sampleGraph } from './sample-graph.js';

describe('writeModel', () => {
  test('what it writes reads back equal, down to subgraphs and metadata', () => {
    const bytes = writeModel(sampleGraph, { metadata: { labels: 'ja,nein', größe: '2' } });
    expect(readModel(bytes, 'sample')).toEqual({
      graph: sampleGraph,
      opset: 21,
      metadata: { größe: '2', labels: 'ja,nein' },
    });
  });

  test('ONNX Runtime computes from it what the formula gives', async () => {
    const session = await openSession({ ...sampleGraph, bytes: writeModel(sampleGraph) });
    const { y } = await session.run({
      x: tensor('float32', [1, 2], Float32Array.of(-0.5, 3)),
      condition: tensor('bool', [], Uint8Array.of(1)),
    });
    // |x| clipped at 1 is [0.5, 1]; times W plus b is [0.5 + 3 + 0.5, 1 + 4 − 0.5] = [4, 4.5]; so the softmax
    // is [1 / (1 + e^0.5), 1 / (1 + e^−0.5)].
    expect(y?.shape).toEqual([2, 1]);
    const expected = [1 / (1 + Math.exp(0.5)), 1 / (1 + Math.exp(-0.5))];
    toNumbers(y ?? { data: [] }).forEach((value, i) => {
      expect(value).toBeCloseTo(expected[i] as number, 6);
    });
    await session.release();
  });

  test('gives the same bytes whatever the order in which attributes and metadata were set', () => {
    const graph = (keys: readonly ('alpha' | 'beta')[]): OnnxGraph => ({
      ...sampleGraph,
      nodes: [
        {
          opType: 'Gemm',
          inputs: ['W', 'W'],
          outputs: ['y'],
          attributes: Object.fromEntries(keys.map((key) => [key, { kind: 'float', value: 1 }])),
        },
      ],
    });
    const one = writeModel(graph(['alpha', 'beta']), { metadata: { a: '1', b: '2' } });
    const other = writeModel(graph(['beta', 'alpha']), { metadata: { b: '2', a: '1' } });
    expect(Buffer.compare(one, other)).toBe(0);
  });

  test('writes every element type bit for bit, also from views into a larger buffer', () => {
    const initializers: readonly Initializer[] = [
      { name: 'float32', tensor: tensor('float32', [3], Float32Array.of(0, Number.NaN, -0, 1e-45).subarray(1)) },
      { name: 'float64', tensor: tensor('float64', [2], Float64Array.of(0.1, Number.NEGATIVE_INFINITY)) },
      { name: 'int32', tensor: tensor('int32', [2, 1], Int32Array.of(-1, 2 ** 31 - 1)) },
      { name: 'int64', tensor: tensor('int64', [2], BigInt64Array.of(-(2n ** 63n), 2n ** 53n + 1n)) },
      { name: 'uint8', tensor: tensor('uint8', [1, 2], Uint8Array.of(9, 0, 255).subarray(1)) },
      { name: 'uint32', tensor: tensor('uint32', [1], Uint32Array.of(2 ** 32 - 1)) },
      { name: 'bool', tensor: tensor('bool', [2], Uint8Array.of(1, 0)) },
      { name: 'int8', tensor: { dtype: 'int8', shape: [3], data: Int8Array.of(0, -127, 127).subarray(0) } },
      {
        name: 'float16',
        tensor: { dtype: 'float16', shape: [2], data: Uint16Array.of(9, 0x3c00, 0xfbff).subarray(1) },
      },
      { name: 'empty', tensor: tensor('float32', [0, 3], new Float32Array()) },
    ];
    const { graph } = readModel(writeModel({ ...sampleGraph, initializers }), 'types');
    expect(graph.initializers).toEqual(initializers);
    expect(Object.is(graph.initializers[0]?.tensor.data[1], -0)).toBe(true);
  });

  test('integers of attributes keep their sign and all 53 bits', () => {
    const value = [-1, 0, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER];
    const nodes = [
      { opType: 'Test', inputs: [], outputs: ['y'], attributes: { value: { kind: 'ints', value } } },
    ] as const;
    expect(readModel(writeModel({ ...sampleGraph, nodes }), 'ints').graph.nodes).toEqual(nodes);
  });
});
