import { describe, expect, test } from 'vitest';
import { isBusy, machineLoad, machineTimes, timeRange } from '../../../src/training/estimate/time-range.js';

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

describe('machineLoad', () => {
  test('has the share of all cores that others were given, by what this process had', () => {
    // By hand, of 10 s of two cores: 14 s of work, 6 of them ours; 8 of 20 s are of others.
    const { others, cores } = machineLoad({ busy: 100, idle: 50, own: 3 }, { busy: 114, idle: 56, own: 9 });
    expect(others).toBeCloseTo(0.4, 9);
    expect(cores).toBeGreaterThan(0);
    // Clocks of other grain may say that we had more than all.
    const since = { busy: 0, idle: 0, own: 0 };
    expect(machineLoad(since, { busy: 1, idle: 1, own: 2 }).others).toBe(0);
    expect(machineLoad(since, since).others).toBe(0);
  });

  test('the times of the machine go forward', () => {
    const since = machineTimes();
    const { others } = machineLoad(since);
    expect(others).toBeGreaterThanOrEqual(0);
    expect(others).toBeLessThanOrEqual(1);
  });
});

describe('isBusy', () => {
  test('is a machine with more to do than it has cores, or one that others had a part of just now', () => {
    const quiet = { load: 2, cores: 2, others: 0.1 };
    expect(isBusy(quiet)).toBe(false);
    expect(isBusy({ ...quiet, load: 2.1 })).toBe(true);
    expect(isBusy({ ...quiet, others: 0.11 })).toBe(true);
  });
});
