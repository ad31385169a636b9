/** @file A small trained-looking model of text with its tokenizer, to export and load. */
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { initialiseParameters } from '../../src/nn/parameters.js';
import { fixture, vocabText } from '../tokenizers/tokenizer-files.js';

/** Texts that Python's tokenizers were run on, too. */
export const TEXTS: readonly string[] = fixture.uncased.map(([text]) => text).filter((text) => text.trim() !== '');

export const VOCABULARY = vocabText;

export const LABELS = ['no', 'maybe', 'yes'];

const size = { vocab_size: fixture.vocab.length, num_labels: 3 };

export function smallBert() {
  const model = bert({
    ...size,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 24,
    max_position_embeddings: 40,
    initializer_range: 0.5,
  });
  return { model, weights: initialiseParameters(model.parameters, 1), labelNames: LABELS };
}

export function smallPairs() {
  const model = bilstm({ ...size, embedding_size: 8, hidden_size: 6, dense_size: 10, is_pair: true });
  return { model, weights: initialiseParameters(model.parameters, 1), labelNames: LABELS };
}
