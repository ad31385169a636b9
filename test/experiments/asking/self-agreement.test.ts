import { describe, expect, test } from 'vitest';
import { selfAgreement } from '../../../src/experiments/asking/self-agreement.js';

describe('selfAgreement', () => {
  const [a, b] = [
    [0.8, 0.2],
    [0.3, 0.7],
  ];

  test('flips and distances, with an interval, by the class of the first answer', () => {
    const first = [a, a, a, a, a, b, b, b, b, undefined];
    const again = [a, b, a, a, a, b, b, undefined, b, a];
    const reversed = [b, b, a, a, a, b, b, b, b, a];
    const found = selfAgreement(['x', 'y'], first, again, [reversed]);
    expect(found.again).toMatchObject({ rows: 8, flips: 1 });
    // Witness: the formula of Wilson 1927 in Python, for 1 of 8.
    expect(found.again.interval?.[0]).toBeCloseTo(0.0224, 4);
    expect(found.again.interval?.[1]).toBeCloseTo(0.4709, 4);
    // By hand: one row of eight moves half of its mass.
    expect(found.again.distance).toBeCloseTo(0.5 / 8, 12);
    expect(found.orders).toMatchObject([{ rows: 9, flips: 2 }]);
    expect(found.byLabel.map(({ label, again: of, orders }) => [label, of.rows, of.flips, orders.flips])).toEqual([
      ['x', 5, 1, 2],
      ['y', 3, 0, 0],
    ]);
  });

  test('no rows in common say nothing', () => {
    const found = selfAgreement(['x', 'y'], [undefined], [a], []);
    expect(found).toMatchObject({ again: { rows: 0, flips: 0, distance: 0 }, orders: [], byLabel: [] });
    expect(found.again.interval).toBeUndefined();
  });
});
