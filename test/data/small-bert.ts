/** @file A BERT of nine words, small enough for whole runs in a test. */
import { type BertConfig, bert } from '../../src/models/bert.js';
import type { Model } from '../../src/models/model.js';
import { words } from './words.js';

/** Of so many layers, four wide unless told otherwise. */
export function smallBert(num_hidden_layers: number, more: Partial<BertConfig> = {}): Model {
  return bert({
    vocab_size: words.vocabularySize,
    hidden_size: 4,
    num_hidden_layers,
    num_attention_heads: 2,
    intermediate_size: 8,
    max_position_embeddings: 16,
    ...more,
  });
}
