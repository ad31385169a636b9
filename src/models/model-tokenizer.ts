/** @file The tokenizer that lies beside a model of text. */
import { expectKnownIds } from '../tokenizers/known-ids.js';
import { loadTokenizer } from '../tokenizers/load-tokenizer.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import type { Model } from './model.js';
import { vocabularyOf } from './vocabulary-size.js';

/** @throws as `loadTokenizer` does; FileError for a tokenizer with ids that the model has no word embeddings for. */
export async function loadModelTokenizer({ path, model }: { path: string; model: Model }): Promise<Tokenizer> {
  const tokenizer = await loadTokenizer(path);
  expectKnownIds(tokenizer, vocabularyOf(model), path);
  return tokenizer;
}
