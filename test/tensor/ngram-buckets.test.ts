import { expect, test } from 'vitest';
import { ngramBuckets } from '../../src/autograd/ops/indexing.js';
import { input } from '../../src/autograd/value.js';
import { NGRAM_HASH, ngramBucket } from '../../src/tensor/ngram-buckets.js';
import { fromNumbers, toNumbers } from '../../src/tensor/tensor.js';
import { evaluate } from '../autograd/evaluate.js';

/** The polynomial by BigInts, which never round. */
function exact(ids: readonly number[], buckets: number): number {
  const prime = BigInt(NGRAM_HASH.prime);
  const hash = ids.reduce((h, id) => (h * BigInt(NGRAM_HASH.multiplier) + BigInt(id) + 1n) % prime, 0n);
  return Number(hash % BigInt(buckets)) + 1;
}

const LARGE = [99_999_999, 99_999_998, 3, 99_999_997, 0, 30_521];

test.each([
  [2, 50_000],
  [3, 99_999_989],
  [6, 1],
])('n-grams of %i ids in %i buckets: numbers, and a graph in int64, round nothing', async (n, buckets) => {
  const starts = Array.from({ length: LARGE.length - n + 1 }, (_, s) => s);
  const wanted = starts.map((s) => exact(LARGE.slice(s, s + n), buckets));
  expect(starts.map((s) => ngramBucket(LARGE, s, n, buckets))).toEqual(wanted);

  const shape = [1, LARGE.length];
  const traced = ngramBuckets(input('ids', 'int64', ['B', 'S']), input('mask', 'int64', ['B', 'S']), { n, buckets });
  const { found } = await evaluate(
    { found: traced },
    {
      ids: fromNumbers('int64', shape, LARGE),
      mask: fromNumbers(
        'int64',
        shape,
        LARGE.map(() => 1),
      ),
    },
  );
  expect(found && toNumbers(found)).toEqual([...wanted, ...new Array(n - 1).fill(0)]);
});
