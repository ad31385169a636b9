import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { across, axisOver, wide } from '../../src/report/axis.js';

describe('axisOver', () => {
  test.each([
    [
      [0, 1],
      [0, 0.2, 0.4, 0.6, 0.8, 1],
    ],
    [
      [62.3, 81.3],
      [60, 65, 70, 75, 80, 85],
    ],
    [
      [-3.4, 8.9],
      [-5, 0, 5, 10],
    ],
    [
      [0.0012, 0.0049],
      [0.001, 0.002, 0.003, 0.004, 0.005],
    ],
  ])('of %j has round ticks around it', (values, ticks) => {
    expect(axisOver(values, 5).ticks).toEqual(ticks);
  });

  test('keeps to its limits and leaves out what is not finite', () => {
    expect(axisOver([Number.NaN, 88, 99.5, Number.POSITIVE_INFINITY], 6, { low: 0, high: 100 })).toMatchObject({
      low: 88,
      high: 100,
    });
  });

  test('holds every value, one value or none included', () => {
    const value = fc.double({ min: -1e6, max: 1e6, noNaN: true });
    fc.assert(
      fc.property(fc.array(value), fc.integer({ min: 2, max: 8 }), (values, wanted) => {
        const { low, high, ticks } = axisOver(values, wanted);
        expect(high).toBeGreaterThan(low);
        for (const one of values) {
          expect(one).toBeGreaterThanOrEqual(low - 1e-9);
          expect(one).toBeLessThanOrEqual(high + 1e-9);
        }
        expect(ticks.length).toBeGreaterThan(1);
        expect(ticks.length).toBeLessThan(14);
      }),
    );
  });
});

describe('across', () => {
  test('leaves 3 % of room at either end, and wide is the way between two places', () => {
    const axis = axisOver([0, 10], 5);
    expect([across(axis, 0), across(axis, 5), across(axis, 10)]).toEqual(['3%', '50%', '97%']);
    expect(wide(axis, 0, 5)).toBe('47%');
  });
});
