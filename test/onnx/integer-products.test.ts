import { describe, expect, test } from 'vitest';
import type { OnnxGraph } from '../../src/onnx/graph.js';
import { type IntegerProductsOptions, integerProducts, productsOf } from '../../src/onnx/integer-products.js';
import { writeModel } from '../../src/onnx/write.js';
import { openModelSession } from '../../src/runtime/session.js';
import { fromNumbers, type Tensor, toNumbers } from '../../src/tensor/tensor.js';

// Numbers that 7 and 8 bits hold exactly: 63 is the largest of each column, 127 of each row.
const W = fromNumbers('float32', [3, 2], [63, 126, -1, 0, 5, -20]);
const X = [
  [127, -3, 40],
  [-254, 2, 0],
  [0, 0, 0],
];
const graph: OnnxGraph = {
  name: 'g',
  inputs: [{ name: 'x', dtype: 'float32', shape: ['n', 3] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: ['n', 2] }],
  initializers: [{ name: 'W', tensor: W }],
  nodes: [{ opType: 'MatMul', inputs: ['x', 'W'], outputs: ['y'] }],
};

async function product(rows: readonly (readonly number[])[], options: IntegerProductsOptions): Promise<number[]> {
  const session = await openModelSession(writeModel(integerProducts(graph, options)), { threads: 1 });
  try {
    const { y } = await session.run({ x: fromNumbers('float32', [rows.length, 3], rows.flat()) });
    return toNumbers(y as Tensor);
  } finally {
    await session.release();
  }
}

/** x W in JavaScript's numbers. */
function exact(rows: readonly (readonly number[])[]): number[] {
  return rows.flatMap((row) =>
    [0, 1].map((o) => row.reduce((sum, x, i) => sum + x * (W.data[2 * i + o] as number), 0)),
  );
}

/** Scales are float32: products are right to its precision. */
function expectNear(got: readonly number[], wanted: readonly number[]): void {
  expect(got).toHaveLength(wanted.length);
  for (const [i, value] of got.entries()) expect(Math.abs(value - (wanted[i] as number))).toBeLessThan(0.01);
}

describe('integerProducts', () => {
  test('names what is multiplied with what', () => {
    expect(productsOf(graph)).toEqual([{ x: 'x', weight: 'W' }]);
  });

  test('a scale a token: exact where 7 and 8 bits are, and a row of zeros is zeros', async () => {
    expectNear(await product(X, {}), exact(X));
    const { initializers } = integerProducts(graph);
    expect(initializers.find(({ name }) => name === 'W/int8')?.tensor.data).toEqual(
      Int8Array.of(63, 63, -1, 0, 5, -10),
    );
  });

  test('a scale a token: a row is the same bits beside rows a thousand times as large', async () => {
    const row = [0.123, -4.56, 7.89];
    const alone = await product([row], {});
    expect((await product([row, [9999, 8888, -7777]], {})).slice(0, 2)).toEqual(alone);
  });

  test('a fixed range: exact within it, cut beyond its ends', async () => {
    const ranges = new Map([['W', { low: -128, high: 127 }]]);
    expectNear(await product([[127, -3, 40]], { ranges }), exact([[127, -3, 40]]));
    expectNear(await product([[500, -500, 0]], { ranges }), exact([[127, -128, 0]]));
  });

  test('sums of products stay right where 8-bit weights would saturate without VNNI', async () => {
    const rows = [[127, 127, 127]];
    expectNear(await product(rows, { ranges: new Map([['W', { low: 0, high: 255 }]]) }), exact(rows));
  });

  test('what is kept stays a product of floats', () => {
    expect(integerProducts(graph, { isKept: () => true })).toEqual(graph);
  });
});
