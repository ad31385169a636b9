import { describe, expect, test } from 'vitest';
import { type RareLabelsOptions, rareLabels } from '../../src/certificates/rare-labels.js';

describe('rareLabels', () => {
  // 60 %, 30 %, 9 %, 1 % and 0 % of 100 texts.
  const answers = Int32Array.from({ length: 100 }, (_, i) => (i < 60 ? 0 : i < 90 ? 1 : i < 99 ? 2 : 3));

  test('are those that fewer calibration rows than five are expected of', () => {
    // By hand, of 100 rows: 60, 30, 9, 1, 0; of 500: 300, 150, 45, 5, 0.
    expect(rareLabels({ answers, classes: 5, rows: 100 })).toEqual([3, 4]);
    expect(rareLabels({ answers, classes: 5, rows: 500 })).toEqual([4]);
    expect(rareLabels({ answers, classes: 5, rows: 100, fewest: 10 })).toEqual([2, 3, 4]);
    expect(rareLabels({ answers, classes: 5, rows: 100, fewest: 0 })).toEqual([]);
  });

  test('depend on how many calibration rows there are, and on nothing else of them', () => {
    expect(rareLabels({ answers, classes: 5, rows: 0 })).toEqual([0, 1, 2, 3, 4]);
  });

  test.each<[string, Partial<RareLabelsOptions>, RegExp]>([
    ['no texts', { answers: [] }, /answers.*texts outside training and calibration.*none/s],
    ['a class that is none', { classes: 3 }, /answers.*classes from 0 to 2.*3/s],
    ['half a row', { rows: 1.5 }, /rows.*integer ≥ 0.*1.5/s],
  ])('refuses %s', (_name, part, message) => {
    expect(() => rareLabels({ answers, classes: 5, rows: 100, ...part })).toThrow(message);
  });
});
