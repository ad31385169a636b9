/** @file The tokenizer among a model's files: pieces, or n-gram features in their place. */
import type { NamedFiles } from '../files/named-files.js';
import { piecesOf } from './load-pieces.js';
import { MAX_NGRAMS_BYTES, NGRAMS } from './ngrams-format.js';
import type { Tokenizer } from './tokenizer.js';

/** `loadTokenizer` of files wherever they lie. @throws as it does. */
export async function tokenizerOf(files: NamedFiles): Promise<Tokenizer> {
  const bytes = await files.read(NGRAMS, MAX_NGRAMS_BYTES);
  if (bytes === undefined) return piecesOf(files);
  // Most models have none: their pages load no code for them.
  const { ngramsOf } = await import('./ngram-rows.js');
  return ngramsOf(bytes, files);
}
