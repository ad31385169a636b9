import { describe, expect, test } from 'vitest';
import { gramSums } from '../../../src/autograd/ops/grams.js';
import { input } from '../../../src/autograd/value.js';
import { fromNumbers, toNumbers } from '../../../src/tensor/tensor.js';
import { evaluate } from '../evaluate.js';

const GRAMS = [[4], [9, 4], [4, 4, 9], [9]];
const IDF = [1.25, 2, 1.5, 1];
const TABLE = [
  [1, -2],
  [0.5, 3],
  [-1, 4],
  [2, 0.25],
];

/** By the formula, in float64: every n-gram looked for at every place. */
function sumsOf(ids: readonly number[]): number[] {
  const values = GRAMS.map((gram, g) => {
    const count = ids.filter((_, at) => gram.every((id, k) => ids[at + k] === id)).length;
    return count === 0 ? 0 : (1 + Math.log(count)) * (IDF[g] as number);
  });
  const norm = Math.hypot(...values) || 1;
  return [0, 1].map((w) => values.reduce((sum, value, g) => sum + (value / norm) * (TABLE[g]?.[w] as number), 0));
}

describe('gramSums', () => {
  const table = input('table', 'float32', [4, 2]);
  const ids = input('ids', 'int64', ['B', 'S']);
  const sums = gramSums(table, ids, { grams: GRAMS, idf: IDF });

  test('sums rows by the n-grams of each text, repeated ones by their logarithm, whatever is beside or behind them', async () => {
    const rows = [
      [1, 4, 4, 9, 4, 2, 0],
      [1, 7, 8, 2, 0, 0, 0],
      [9, 9, 9, 9, 4, 4, 9],
    ];
    const feeds = {
      table: fromNumbers('float32', [4, 2], TABLE.flat()),
      ids: fromNumbers('int64', [3, 7], rows.flat()),
    };
    const found = toNumbers((await evaluate({ sums }, feeds)).sums as never);
    for (const [i, value] of rows.flatMap(sumsOf).entries()) expect(found[i]).toBeCloseTo(value, 6);
    // Nothing of the second row is known.
    expect(found.slice(2, 4)).toEqual([0, 0]);
  });

  test('a table of another number of n-grams is refused', () => {
    expect(() => gramSums(table, ids, { grams: [[1]], idf: [1] })).toThrow(
      /a table \[F, W\] of F n-grams with an idf each/,
    );
  });
});
