/** @file How much of their n-grams two texts have in common: of A and B, the sets of n-grams of each, three shares. */
import { type GramKind, GramScanner } from './gram-scanner.js';

/** |A ∩ B| / |A ∪ B| (Jaccard 1901), |A ∩ B| / |A| and |A ∩ B| / |B|, in their order. */
export const OVERLAPS = ['shared', 'shared of the first text’s', 'shared of the second text’s'] as const;

export class GramOverlap {
  readonly #scanner: GramScanner;

  constructor(kind: GramKind, range: readonly [number, number]) {
    this.#scanner = new GramScanner(kind, range);
  }

  /**
   * The shares of two texts, which are taken as they are; 0 where there is nothing to share. N-grams are compared by their
   * hashes of 32 bits: of two texts of a thousand n-grams one pair in four thousand has two that collide.
   */
  shares(first: string, second: string): readonly [ofBoth: number, ofFirst: number, ofSecond: number] {
    const a = this.#hashesOf(first);
    const b = this.#hashesOf(second);
    let shared = 0;
    for (const hash of a) if (b.has(hash)) shared++;
    const share = (of: number) => (shared === 0 ? 0 : shared / of);
    return [share(a.size + b.size - shared), share(a.size), share(b.size)];
  }

  #hashesOf(text: string): Set<number> {
    const { hashes, count } = this.#scanner.scan(text);
    return new Set(hashes.subarray(0, count));
  }
}
