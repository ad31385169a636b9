import { describe, expect, test } from 'vitest';
import {
  bytes,
  count,
  decimal,
  duration,
  intervalText,
  listed,
  probabilityText,
  signedPoints,
} from '../../src/report/words.js';

describe('numbers in words', () => {
  test.each([
    [1.44, '+1.4'],
    [-0.26, '\u22120.3'],
    [0, '0.0'],
    // As many decimals as it takes to see that it is not nothing.
    [0.04, '+0.04'],
    [-0.0031, '\u22120.003'],
    [0.00001, '< 0.0001'],
    [-0.00001, '> \u22120.0001'],
    [-2e-14, '0.0'],
  ])('signedPoints(%f) is %s', (value, text) => {
    expect(signedPoints(value)).toBe(text);
  });

  test('an interval shows on which side of 0 its ends lie', () => {
    expect(intervalText(0.02, 2.2)).toBe('[0.02, 2.2]');
    expect(intervalText(-0.02, 2.2)).toBe('[\u22120.02, 2.2]');
  });

  test('nothing that is rounded to 0 keeps its minus', () => {
    expect(decimal(-0.001, 1)).toBe('0.0');
  });

  test.each([
    [0.4211, '0.42 s'],
    [3.14, '3.1 s'],
    [75, '1 min 15 s'],
    [59.96, '1 min 0 s'],
    [7384, '2 h 3 min'],
  ])('duration(%f) is %s', (seconds, text) => {
    expect(duration(seconds)).toBe(text);
  });

  test('counts, sizes, probabilities, lists', () => {
    expect([count(999), count(12730), count(1234567)]).toEqual(['999', '12,730', '1,234,567']);
    expect([bytes(312 * 2 ** 20), bytes(1.5 * 2 ** 30)]).toEqual(['312 MiB', '1.5 GiB']);
    expect([0, 0.0004, 0.056, 0.504, 1].map(probabilityText)).toEqual(['0 %', '< 0.1 %', '5.6 %', '50 %', '100 %']);
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['none', 'a', 'a and b', 'a, b and c']);
  });
});
