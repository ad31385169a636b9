import { describe, expect, test } from 'vitest';
import { input } from '../../src/autograd/value.js';
import { medianDistance } from '../../src/losses/median-distance.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate } from '../nn/evaluate.js';

async function median(rows: number[][]): Promise<number> {
  const shape = [rows.length, rows[0]?.length ?? 0];
  const { m } = await evaluate(
    { m: medianDistance(input('rows', 'float32', shape)) },
    { rows: fromNumbers('float32', shape, rows.flat()) },
  );
  return toNumbers(m)[0] as number;
}

describe('medianDistance', () => {
  // Points on a line, whose distances are read off.
  test.each([
    ['three points, distances 1, 3, 4', [[0], [1], [4]], 3],
    ['four points, distances 1, 2, 4, 5, 6, 7: the mean of the middle two', [[0], [1], [5], [7]], 4.5],
    [
      'two points',
      [
        [0, 0],
        [3, 4],
      ],
      5,
    ],
    ['equal points have 1, which divides nothing by zero', [[2], [2], [2]], 1],
  ])('%s', async (_, rows, wanted) => {
    expect(await median(rows)).toBeCloseTo(wanted, 5);
  });

  test('one row, and more than a sort should take, are refused', () => {
    expect(() => medianDistance(input('rows', 'float32', [1, 3]))).toThrow('wanted at least 2 rows, [C, H]');
    expect(() => medianDistance(input('rows', 'float32', [1001, 3]))).toThrow(
      'the median distance between classes: wanted at most 1000 classes, got 1001; give the scale of distances yourself',
    );
  });
});
