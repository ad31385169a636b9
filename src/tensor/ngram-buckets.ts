/**
 * @file Buckets of n-grams of ids, as fastText hashes those of words (Bojanowski et al. 2017, arXiv:1607.04606), by a polynomial
 * modulo a prime (Carter & Wegman 1979, "Universal classes of hash functions", section 3). No number on the way exceeds 2⁵²,
 * so it is exact in int64, in a graph, as in JavaScript's numbers.
 *   h₀ = 0,  hₖ = (A hₖ₋₁ + idₖ + 1) mod P,  bucket = hₙ mod N + 1
 */

/** P, a Mersenne prime, and A. */
export const NGRAM_HASH = { prime: 2 ** 31 - 1, multiplier: 1_664_525 } as const;

/** From 1 to `buckets`: of the n ids from `at` on. */
export function ngramBucket(ids: ArrayLike<number>, at: number, n: number, buckets: number): number {
  let hash = 0;
  for (let k = at; k < at + n; k++) {
    hash = (hash * NGRAM_HASH.multiplier + (ids[k] as number) + 1) % NGRAM_HASH.prime;
  }
  return (hash % buckets) + 1;
}
