import { describe, expect, test } from 'vitest';
import { fromFloat16, toFloat16 } from '../../src/tensor/float16.js';

describe('toFloat16', () => {
  // IEEE 754-2008, binary16: largest, least normal, greatest and least subnormal, 1/3 and the number after 1.
  test.each([
    [65504, 0x7bff],
    [2 ** -14, 0x0400],
    [1023 * 2 ** -24, 0x03ff],
    [2 ** -24, 0x0001],
    [1 / 3, 0x3555],
    [1 + 2 ** -10, 0x3c01],
    [-2, 0xc000],
    [-0, 0x8000],
    [Infinity, 0x7c00],
  ])('%d is %i', (value, bits) => {
    expect(toFloat16(value)).toBe(bits);
  });

  test('rounds to the nearest, of two as near to the even one, and overflows from halfway on', () => {
    expect(toFloat16(1 + 2 ** -11)).toBe(0x3c00);
    expect(toFloat16(1 + 3 * 2 ** -11)).toBe(0x3c02);
    expect(toFloat16(1 + 2 ** -11 + 2 ** -20)).toBe(0x3c01);
    expect(toFloat16(2 ** -25)).toBe(0);
    expect(toFloat16(3 * 2 ** -25)).toBe(2);
    expect(toFloat16(65519)).toBe(0x7bff);
    expect(toFloat16(65520)).toBe(0x7c00);
    expect(toFloat16(Number.NaN) & 0x7e00).toBe(0x7e00);
  });

  test('gives back the bits of every number', () => {
    const wrong = Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => {
      const value = fromFloat16(bits);
      return !Number.isNaN(value) && toFloat16(value) !== bits;
    });
    // −0 has a sign of its own.
    expect(wrong).toEqual([]);
  });
});
