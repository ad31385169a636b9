import { describe, expect, test } from 'vitest';
import { money } from '../../src/errors/number-text.js';

describe('money', () => {
  test.each([
    [12.345, '12.35'],
    [0.01, '0.01'],
    [0.00123, '0.0012'],
    [0, '0.00'],
  ])('%f is %s', (value, shown) => {
    expect(money(value)).toBe(shown);
  });
});
