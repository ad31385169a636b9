import { describe, expect, test } from 'vitest';
import { fromInt8Rows, int8Rows } from '../../src/tensor/int8-rows.js';
import { RandomStream } from '../../src/tensor/random.js';

describe('int8Rows', () => {
  // By hand: the largest of each row is the limit, the others in proportion, halves away from the limit's side as Math.round.
  test('gives each row a scale of its own, so that a small row keeps its digits beside a large one', () => {
    const { values, scales } = int8Rows(Float32Array.of(127, -64, 0.2, 0.0127, -0.0127, 0.0001), 2);
    expect([...values]).toEqual([127, -64, 0, 127, -127, 1]);
    expect([...scales]).toEqual([1, Math.fround(0.0127 / 127)]);
  });

  test('of 7 bits stays within ±63', () => {
    const { values, scales } = int8Rows(Float32Array.of(63, -63, 31.4), 1, 7);
    expect([...values]).toEqual([63, -63, 31]);
    expect([...scales]).toEqual([1]);
  });

  test('errs by at most half a scale, and stores x and -x alike', () => {
    const random = new RandomStream(7, 'int8-rows');
    const data = Float32Array.from({ length: 64 * 33 }, () => random.normal() * 10 ** (random.uniform() * 8 - 4));
    for (const bits of [7, 8] as const) {
      const stored = int8Rows(data, 33, bits);
      const back = fromInt8Rows(stored);
      const mirrored = int8Rows(
        data.map((x) => -x),
        33,
        bits,
      );
      for (const [i, x] of data.entries()) {
        const scale = stored.scales[Math.floor(i / 64)] as number;
        // float32 of the scale and of the product: a few units of the last place of 127 scales.
        expect(Math.abs((back[i] as number) - x)).toBeLessThanOrEqual(scale * (0.5 + 127 * 2 ** -22));
        expect(Math.abs((mirrored.values[i] as number) + (stored.values[i] as number))).toBeLessThanOrEqual(1);
      }
    }
  });

  test('keeps rows of zeros, and of numbers too small for a scale, as zeros', () => {
    const { values, scales } = int8Rows(Float32Array.of(0, 0, 1e-45, -1e-45), 2);
    expect([...values, ...scales]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('refuses what is not finite, and names the row', () => {
    expect(() => int8Rows(Float32Array.of(1, 2, 3, NaN), 2)).toThrow(/row 2 of the weights.*finite.*NaN/s);
    expect(() => int8Rows(Float32Array.of(1, Infinity), 1)).toThrow(/Infinity/);
    expect(() => int8Rows(new Float32Array(5), 2)).toThrow(/multiple of 2/);
  });
});
