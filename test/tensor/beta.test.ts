import { describe, expect, test } from 'vitest';
import { drawBeta } from '../../src/tensor/beta.js';
import { RandomStream } from '../../src/tensor/random.js';

const draws = (a: number, b: number, count: number) => {
  const random = new RandomStream(1, `beta ${a} ${b}`);
  return Array.from({ length: count }, () => drawBeta(random, a, b)).sort((x, y) => x - y);
};

describe('drawBeta', () => {
  // Distribution functions in closed form.
  test.each<[number, number, (x: number) => number]>([
    [0.5, 0.5, (x) => (2 / Math.PI) * Math.asin(Math.sqrt(x))],
    [1, 1, (x) => x],
    [2, 2, (x) => 3 * x ** 2 - 2 * x ** 3],
    [3, 1, (x) => x ** 3],
    [1, 0.4, (x) => 1 - (1 - x) ** 0.4],
  ])('Beta(%d, %d): Kolmogorov’s distance to the distribution is that of chance', (a, b, cumulative) => {
    const sorted = draws(a, b, 4000);
    const distance = Math.max(
      ...sorted.map((x, i) => Math.max(Math.abs(cumulative(x) - i / 4000), Math.abs(cumulative(x) - (i + 1) / 4000))),
    );
    // Passed by chance in one of a thousand samples.
    expect(distance).toBeLessThan(1.95 / Math.sqrt(4000));
  });

  test('stays a number where gamma draws underflow: a tiny shape gives 0 or 1, half and half', () => {
    const sorted = draws(1e-4, 1e-4, 1000);
    expect(sorted.every((x) => x >= 0 && x <= 1)).toBe(true);
    expect(sorted.filter((x) => x > 0.5).length / 1000).toBeCloseTo(0.5, 1);
    expect(sorted.filter((x) => x > 1e-6 && x < 1 - 1e-6).length).toBeLessThan(10);
  });
});
