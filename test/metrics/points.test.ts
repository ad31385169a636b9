import { describe, expect, test } from 'vitest';
import { inPoints, scoreText } from '../../src/metrics/points.js';

describe('inPoints', () => {
  test('has no more digits than the share of 10,000 rows', () => {
    for (let right = 0; right <= 10_000; right++)
      expect(inPoints(right / 10_000)).toBe(Number((right / 100).toFixed(2)));
  });
});

describe('scoreText', () => {
  test('names what is no accuracy, and has a unit where it is a share', () => {
    expect([scoreText('accuracy', 86.1), scoreText('f1', 86.1), scoreText('matthews', -3.25)]).toEqual([
      '86.10 %',
      'F1 86.10 %',
      'Matthews -3.25',
    ]);
  });
});
