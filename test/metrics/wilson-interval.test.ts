import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { wilsonInterval } from '../../src/metrics/wilson-interval.js';
import scipy from './statistics.scipy.json' with { type: 'json' };

describe('wilsonInterval', () => {
  // witness: scipy.stats.binomtest(k, n).proportion_ci(0.95, method='wilson')
  test.each(scipy.wilson)('agrees with SciPy on $right of $rows rows', ({ right, rows, low, high }) => {
    const interval = wilsonInterval(right, rows);
    expect(Math.abs(interval[0] - low)).toBeLessThanOrEqual(1e-14);
    expect(Math.abs(interval[1] - high)).toBeLessThanOrEqual(1e-14);
  });

  test('reaches 0 and 1 exactly where no row, or every row, was right', () => {
    for (let rows = 1; rows < 200; rows++) {
      expect(wilsonInterval(0, rows)[0]).toBe(0);
      expect(wilsonInterval(rows, rows)[1]).toBe(1);
    }
  });

  test.each([
    [1, 0],
    [-1, 10],
    [11, 10],
    [Number.NaN, 10],
  ])('refuses %d of %d', (right, rows) => {
    expect(() => wilsonInterval(right, rows)).toThrow(OptionError);
    expect(() => wilsonInterval(right, rows)).toThrow('wilsonInterval: wanted 0 to n of n ≥ 1 trials, got');
  });
});
