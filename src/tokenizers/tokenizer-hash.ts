import { createHash } from 'node:crypto';
import type { Tokenizer } from './tokenizer.js';
import { hashedText } from './tokenizer-digest.js';

/**
 * SHA-256 of what a tokenizer's ids come from: `ngrams.json`, which holds the hash of the tokenizer whose pieces it
 * counts, or `tokenizer.json`, which `loadTokenizer` makes where a folder has only `vocab.txt`. The same texts give the same ids under the same hash, also where git on Windows has changed line ends.
 */
export function tokenizerHash(tokenizer: Pick<Tokenizer, 'files'>): string {
  return createHash('sha256').update(hashedText(tokenizer)).digest('hex');
}
