import { describe, expect, test } from 'vitest';
import { RandomStream } from '../../../src/tensor/random.js';
import { bestAssignment } from '../../../src/training/checks/assignment.js';

function permutations(of: readonly number[]): number[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first) => permutations(of.filter((one) => one !== first)).map((rest) => [first, ...rest]));
}

const sumOf = (gains: readonly (readonly number[])[], order: readonly number[]): number =>
  order.reduce((sum, column, row) => sum + (gains[row]?.[column] ?? Number.NaN), 0);

describe('bestAssignment', () => {
  // witness: every permutation, tried
  test.each([1, 2, 3, 4, 5, 6, 7])('of %i rows has the largest sum that any permutation has', (n) => {
    const random = new RandomStream(1, `assignment ${n}`);
    const all = permutations(Array.from({ length: n }, (_, i) => i));
    for (let trial = 0; trial < 20; trial++) {
      // Few values, so that there are ties; some below 0.
      const gains = Array.from({ length: n }, () => Array.from({ length: n }, () => random.below(9) - 3));
      const best = bestAssignment(gains);
      expect([...best].sort()).toEqual(Array.from({ length: n }, (_, i) => i));
      expect(sumOf(gains, best)).toBe(Math.max(...all.map((order) => sumOf(gains, order))));
    }
  });

  test('finds a hidden permutation of 150 classes', () => {
    const hidden = new RandomStream(2, 'hidden').permutation(150);
    const noise = new RandomStream(3, 'noise');
    const gains = Array.from(hidden, (right) =>
      Array.from({ length: 150 }, (_, column) => (column === right ? 20 : 0) + noise.below(15)),
    );
    expect(bestAssignment(gains)).toEqual(Array.from(hidden));
  });

  test('stays in place where nothing is better', () => {
    const gains = [
      [9, 1],
      [2, 8],
    ];
    expect(bestAssignment(gains)).toEqual([0, 1]);
  });
});
