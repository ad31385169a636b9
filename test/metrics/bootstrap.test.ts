import { describe, expect, test } from 'vitest';
import { bootstrapInterval } from '../../src/metrics/bootstrap.js';

describe('bootstrapInterval', () => {
  // Of a mean of n numbers with variance s² the interval nears mean ± 1.96 s / √n: here 0.5 ± 1.96 · 0.5 / √400.
  test('nears the normal interval of a mean, the same each time', () => {
    const values = Float64Array.from({ length: 400 }, (_, i) => i % 2);
    const mean = (sample: Uint32Array) => sample.reduce((sum, row) => sum + (values[row] ?? 0), 0) / sample.length;
    const [low, high] = bootstrapInterval(400, mean) ?? [];
    expect(Math.abs((low ?? 0) - 0.451)).toBeLessThan(0.006);
    expect(Math.abs((high ?? 0) - 0.549)).toBeLessThan(0.006);
    expect(bootstrapInterval(400, mean)).toEqual([low, high]);
  });

  test('there is none where the statistic is no number', () => {
    expect(bootstrapInterval(5, () => Number.NaN)).toBeUndefined();
  });
});
