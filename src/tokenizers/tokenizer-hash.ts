import { createHash } from 'node:crypto';
import { NGRAMS } from './ngrams-format.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * SHA-256 of what a tokenizer's ids come from: `ngrams.json`, which holds the hash of the tokenizer whose pieces it
 * counts, or `tokenizer.json`, which `loadTokenizer` makes where a folder has only `vocab.txt`. The same texts give the same ids under the same hash, also where git on Windows has changed line ends.
 */
export function tokenizerHash({ files }: Pick<Tokenizer, 'files'>): string {
  return createHash('sha256')
    .update((files.get(NGRAMS) ?? files.get('tokenizer.json') ?? '').replaceAll('\r\n', '\n'))
    .digest('hex');
}
