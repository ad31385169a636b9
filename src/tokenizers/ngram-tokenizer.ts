import type { NgramFeatures } from './ngram-features.js';
import { type NgramTokenizer, ngramRows } from './ngram-rows.js';
import { tokenizerHash } from './tokenizer-hash.js';

/**
 * A tokenizer whose rows are n-gram features in ascending order: `ids` their numbers, `values` their TF-IDF. Padding is
 * feature 0 of value 0. `maxLength` counts words, not features.
 */
export function ngramTokenizer(features: NgramFeatures): NgramTokenizer {
  const { tokenizer } = features.parts;
  return ngramRows(features, tokenizer && tokenizerHash(tokenizer));
}
