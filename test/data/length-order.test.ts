import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { batchesByLength, groupedOrder } from '../../src/data/length-order.js';
import { RandomStream } from '../../src/tensor/random.js';

const lengthsOf = (count: number, seed = 1): Uint32Array => {
  const random = new RandomStream(seed, 'test lengths');
  return Uint32Array.from({ length: count }, () => 3 + random.below(60));
};
const sorted = (rows: Iterable<number>): number[] => [...rows].sort((a, b) => a - b);
const everyRow = (size: number): number[] => [...Array(size).keys()];

/** Padded tokens of batches cut from an order, each padded to its longest row. */
function paddedTokens(order: Uint32Array, lengths: Uint32Array, batchSize: number): number {
  let tokens = 0;
  for (let start = 0; start < order.length; start += batchSize) {
    const rows = order.subarray(start, start + batchSize);
    tokens += rows.length * Math.max(...Array.from(rows, (row) => lengths[row] as number));
  }
  return tokens;
}

describe('groupedOrder', () => {
  test('has every row once, whatever the sizes', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 400 }),
        fc.integer({ min: 1, max: 40 }),
        fc.nat(9),
        (size, batch, epoch) => {
          expect(sorted(groupedOrder(lengthsOf(size), batch, 7, epoch))).toEqual(everyRow(size));
        },
      ),
    );
  });

  test('is another in each epoch and for each seed, and the same when asked again', () => {
    const lengths = lengthsOf(300);
    const orders = [groupedOrder(lengths, 8, 1, 0), groupedOrder(lengths, 8, 1, 1), groupedOrder(lengths, 8, 2, 0)].map(
      String,
    );
    expect(new Set(orders).size).toBe(3);
    expect(String(groupedOrder(lengths, 8, 1, 0))).toBe(orders[0]);
  });

  test('leaves a fraction of the padding of a plain shuffle', () => {
    const lengths = lengthsOf(4000);
    const real = lengths.reduce((sum, length) => sum + length, 0);
    const waste = (order: Uint32Array) => paddedTokens(order, lengths, 32) / real - 1;
    const plain = new RandomStream(1, 'shuffle', 0).permutation(4000);
    // Uniform lengths from 3 to 62: the longest of 32 is near 60 where the mean is 32.5.
    expect(waste(plain)).toBeGreaterThan(0.8);
    expect(waste(groupedOrder(lengths, 32, 1, 0))).toBeLessThan(0.05);
  });

  test('short and long batches follow each other as chance has it', () => {
    const lengths = lengthsOf(50 * 8);
    const order = groupedOrder(lengths, 8, 3, 0);
    const means = Array.from({ length: 50 }, (_, batch) =>
      order.subarray(batch * 8, batch * 8 + 8).reduce((sum, row) => sum + (lengths[row] as number), 0),
    );
    // In order of length none would be shorter than the one before it; by chance about half are.
    const falls = means.filter((mean, i) => i > 0 && mean < (means[i - 1] as number)).length;
    expect(falls).toBeGreaterThan(12);
    expect(falls).toBeLessThan(38);
  });
});

describe('batchesByLength', () => {
  test('rows of near lengths are together, with their padding no larger than asked for', () => {
    // By hand: 2 + 2 + 3 padded to 3 are 9 tokens, a fourth row of 8 would make 32; 20 is alone, being longer than the limit.
    const batches = (lengths: readonly number[]) =>
      [...batchesByLength(Uint32Array.from(lengths), { maxTokens: 16 })].map((rows) => [...rows]);
    expect(batches([8, 2, 20, 3, 2, 8])).toEqual([[1, 4, 3], [0, 5], [2]]);
    expect(batches([])).toEqual([]);
  });

  test('has every row once, and keeps to its bounds unless one row is beyond them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 300 }),
        (given, maxRows, maxTokens) => {
          const lengths = Uint32Array.from(given);
          const batches = [...batchesByLength(lengths, { maxRows, maxTokens })];
          expect(sorted(batches.flatMap((rows) => [...rows]))).toEqual(everyRow(given.length));
          for (const rows of batches) {
            const longest = Math.max(...Array.from(rows, (row) => lengths[row] as number));
            expect(rows.length === 1 || (rows.length <= maxRows && rows.length * longest <= maxTokens)).toBe(true);
          }
        },
      ),
    );
  });
});
