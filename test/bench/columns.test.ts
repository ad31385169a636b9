import { describe, expect, test } from 'vitest';
import { orderOf, Times } from '../../bench/columns.js';

describe('Times', () => {
  test('a row has medians, and ratios of the same round', () => {
    const times = new Times();
    for (const [ours, theirs] of [
      [100, 200],
      [200, 100],
      [50, 100],
    ] as const) {
      times.add('retort', '16 | 0', ours);
      times.add('bf16', '16 | 0', theirs);
    }
    expect(times.row('16 | 0', ['retort', 'bf16'])).toBe(
      '| 16 | 0 | 100 (50–200, n 3) | 100 (100–200, n 3); 2.00 (0.50–2.00, n 3) |',
    );
  });
});

test('orderOf lets each column be first once', () => {
  expect([0, 1, 2, 3].map((round) => orderOf(['a', 'b', 'c'], round).join(''))).toEqual(['abc', 'bca', 'cab', 'abc']);
});
