import type { Dataset } from '../../data/dataset.js';
import type { Model } from '../../models/model.js';
import { vocabularyOf } from '../../models/vocabulary-size.js';
import { expectKnownIds } from '../../tokenizers/known-ids.js';

/** @throws FileError for a tokenizer of texts with ids that the model has no word embeddings for. */
export function expectKnownTokens({ name, text }: Dataset, model: Model): void {
  if (text !== undefined) expectKnownIds(text.tokenizer, vocabularyOf(model), `the tokenizer of ${name}`);
}
