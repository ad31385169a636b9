/** @file What a user of `retort train` may have: a small encoder as a Hugging Face folder, and reviews as CSV. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TextTable } from '../../src/data/text-table.js';
import { bert } from '../../src/models/bert.js';
import { saveHuggingFace } from '../../src/models/hugging-face.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { words, wordTable } from '../data/words.js';

/** A random BERT of three layers over nine words. */
export async function writeSmallEncoder(root: string, folder = 'encoder', seed = 1): Promise<void> {
  const model = bert({
    vocab_size: words.vocabularySize,
    hidden_size: 16,
    num_hidden_layers: 3,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 40,
    initializer_range: 0.3,
  });
  const weights = initialiseParameters(model.parameters, seed);
  await saveHuggingFace(join(root, folder), { model, weights, labelNames: [], tokenizer: words });
}

/** `review,stars` of texts in which good words, or bad ones, prevail. */
export function writeReviews(root: string, name: string, size: number, seed = 1): TextTable {
  const table = wordTable(name, size, { seed });
  const rows = table.texts.map((text, row) => `"${text}",${table.labels?.[row] === 1 ? 'five' : 'one'}`);
  writeFileSync(join(root, name), `review,stars\n${rows.join('\n')}\n`);
  return table;
}
