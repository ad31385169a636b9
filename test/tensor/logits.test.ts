import { describe, expect, test } from 'vitest';
import { argmax, logMeanExp, logSoftmax, logSumExp, softmax } from '../../src/tensor/logits.js';

// Witness of all numbers: the closed form beside them.
describe('logits', () => {
  test('argmax > the first of equal ones, in the row that is asked for', () => {
    expect(argmax([1, 3, 3])).toBe(1);
    expect(argmax([9, 0, 0, 1, 2, 2], 1, 3)).toBe(1);
  });

  test('logSumExp > does not overflow, and reads one row alone', () => {
    expect(logSumExp([1000, 1000])).toBeCloseTo(1000 + Math.LN2, 12);
    expect(logSumExp([5000, 5000, 0, Math.log(3)], 1, 2)).toBeCloseTo(Math.log(4), 15);
  });

  test('logMeanExp > of log-probabilities is the logarithm of their mean', () => {
    expect(logMeanExp([Math.log(0.2), Math.log(0.4)])).toBeCloseTo(Math.log(0.3), 15);
    expect(logMeanExp([-2000, -2000])).toBe(-2000);
  });

  test('logSoftmax > each row has probabilities of its own', () => {
    const [a, b, c, d] = logSoftmax([0, Math.log(3), 800, 800], 2);
    expect([a, b]).toEqual([expect.closeTo(Math.log(0.25), 12), expect.closeTo(Math.log(0.75), 12)]);
    expect([c, d]).toEqual([expect.closeTo(-Math.LN2, 12), expect.closeTo(-Math.LN2, 12)]);
  });

  test('softmax > z / T: at T = 2 the odds are the square root', () => {
    const logits = [0, Math.log(9)];
    expect(softmax(logits)).toEqual([expect.closeTo(0.1, 15), expect.closeTo(0.9, 15)]);
    expect(softmax(logits, 2)).toEqual([expect.closeTo(0.25, 15), expect.closeTo(0.75, 15)]);
    expect(softmax([-3000, 3000])).toEqual([0, 1]);
  });
});
