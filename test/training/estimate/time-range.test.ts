import { describe, expect, test } from 'vitest';
import { isBusy, timeRange } from '../../../src/training/estimate/time-range.js';

describe('timeRange', () => {
  test.each([0, 0.01, 7, 3600])(
    'of %d s has the estimate in its middle, and ends within a factor of 1.6',
    (seconds) => {
      const { low, high } = timeRange(seconds);
      expect(low * high).toBeCloseTo(seconds ** 2, 6);
      expect(high).toBeLessThanOrEqual(1.6 * low);
      if (seconds > 0) expect(high).toBeGreaterThan(low);
    },
  );
});

describe('isBusy', () => {
  test('is a machine with more to do than it has cores', () => {
    expect([isBusy({ load: 2.1, cores: 2 }), isBusy({ load: 2, cores: 2 })]).toEqual([true, false]);
  });
});
