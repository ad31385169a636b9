import { describe, expect, test } from 'vitest';
import { scoreGroups } from '../../src/teachers/score-groups.js';

describe('scoreGroups', () => {
  test('are fifths from the lowest, whatever the order', () => {
    // by hand: of 10 scores two in each
    const scores = Float32Array.of(9, 0, 3, 7, 1, 2, 8, 4, 6, 5);
    expect([...scoreGroups(scores)]).toEqual([4, 0, 1, 3, 0, 1, 4, 2, 3, 2]);
  });

  test('keep equal scores together', () => {
    const groups = scoreGroups(Float32Array.of(1, 1, 1, 1, 5, 1, 1));
    expect(new Set([0, 1, 2, 3, 5, 6].map((row) => groups[row])).size).toBe(1);
    expect(groups[4]).not.toBe(groups[0]);
  });

  test('are one for a single row', () => {
    expect(scoreGroups(Float32Array.of(2.5))).toHaveLength(1);
  });
});
