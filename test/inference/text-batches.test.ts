import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesByLength } from '../../src/inference/text-batches.js';

describe('batchesByLength', () => {
  test('near lengths run together, no batch is larger with its padding than asked for', () => {
    // By hand: 2 + 2 + 3 padded to 3 are 9 tokens, a fourth row of 8 would make 32; 20 is alone, being longer than the limit.
    expect(batchesByLength([8, 2, 20, 3, 2, 8], 16)).toEqual([[1, 4, 3], [0, 5], [2]]);
    expect(batchesByLength([], 16)).toEqual([]);
  });

  test('each row is in one batch', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 600 })), fc.integer({ min: 1, max: 4000 }), (lengths, most) => {
        const batches = batchesByLength(lengths, most);
        expect(batches.flat().sort((a, b) => a - b)).toEqual([...lengths.keys()]);
        for (const batch of batches) {
          const widest = Math.max(...batch.map((row) => lengths[row] ?? 0));
          expect(batch.length === 1 || batch.length * widest <= most).toBe(true);
        }
      }),
      { numRuns: 50, seed: 1 },
    );
  });
});
