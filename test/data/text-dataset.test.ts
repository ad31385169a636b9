import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { truncatedRows } from '../../src/data/text-rows.js';
import { textTable } from '../../src/data/text-table.js';
import { bert } from '../../src/models/bert.js';
import { bilstm } from '../../src/models/bilstm.js';
import { mlp } from '../../src/models/mlp.js';
import { toNumbers } from '../../src/tensor/tensor.js';
import { tokenizerFrom } from '../../src/tokenizers/tokenizer.js';
import { words } from './words.js';

/** As BERT's, over letters: `[CLS]` is 1, `[SEP]` 2, a 10, b 11 … */
const letters = tokenizerFrom({
  encoded: (text) => ({ pieces: [...text], ids: Array.from(text, (letter) => 10 + letter.charCodeAt(0) - 97) }),
  templates: {
    single: [
      { ids: [1], type: 0 },
      { text: 'A', type: 0 },
      { ids: [2], type: 0 },
    ],
    pair: [
      { ids: [1], type: 0 },
      { text: 'A', type: 0 },
      { ids: [2], type: 0 },
      { text: 'B', type: 1 },
      { ids: [2], type: 1 },
    ],
  },
  vocabularySize: 40,
  firstFrom: () => undefined,
  padId: 7,
  modelMaxLength: undefined,
  files: new Map(),
});
const encoder = bert({
  vocab_size: 40,
  hidden_size: 4,
  num_hidden_layers: 1,
  num_attention_heads: 1,
  intermediate_size: 4,
});

describe('textDataset', () => {
  const table = textTable('pairs', {
    texts: ['ab', 'c', 'abcde'],
    pairs: ['d', 'ee', 'f'],
    labels: [1, -100, 0],
    labelNames: ['no', 'yes'],
    scores: [0.5, Number.NaN, 2],
  });

  test('a pair is one row for an encoder: ids, mask and types, padded to the longest row asked for', () => {
    const data = textDataset(table, letters, { model: encoder });
    const batch = data.batch([1, 0]);
    expect([...(data.text?.lengths ?? [])]).toEqual([6, 6, 9]);
    expect(toNumbers(batch.inputs.input_ids!)).toEqual([1, 12, 2, 14, 14, 2, 1, 10, 11, 2, 13, 2]);
    expect(toNumbers(batch.inputs.token_type_ids!)).toEqual([0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1]);
    const padded = data.batch([1], 2, undefined, 8);
    expect(toNumbers(padded.inputs.input_ids!).slice(0, 8)).toEqual([1, 12, 2, 14, 14, 2, 7, 7]);
    expect(toNumbers(padded.inputs.attention_mask!).slice(0, 8)).toEqual([1, 1, 1, 1, 1, 1, 0, 0]);
    expect([...padded.weights]).toEqual([1, 0]);
    expect(toNumbers(batch.labels!)).toEqual([-100, 1]);
    expect(toNumbers(data.batch([2, 0]).scores!)).toEqual([2, 0.5]);
    expect(batch.ids).toEqual(['2', '1']);
  });

  test('a model that reads texts apart gets two rows of one length', () => {
    const data = textDataset(table, letters, { model: bilstm({ vocab_size: 40, is_pair: true }) });
    const { inputs } = data.batch([1]);
    expect(toNumbers(inputs.input_ids!)).toEqual([1, 12, 2, 7]);
    expect(toNumbers(inputs.input_ids_b!)).toEqual([1, 14, 14, 2]);
    expect(toNumbers(inputs.attention_mask!)).toEqual([1, 1, 1, 0]);
  });

  test('longer rows are cut and counted; one of just that length is not', () => {
    const single = textTable('single', { texts: ['abcdef', 'abcd', 'ab'] });
    const data = textDataset(single, letters, { model: encoder, maxLength: 6 });
    expect([...(data.text?.lengths ?? [])]).toEqual([6, 6, 4]);
    expect(data.text && truncatedRows(data.text)).toBe(1);
    expect(toNumbers(data.batch([0]).inputs.input_ids!)).toEqual([1, 10, 11, 12, 13, 2]);
  });

  // Each text of such a pair was once counted, so that more rows were cut than there are.
  test('of texts that are read apart, a row counts once however many of its texts are cut', () => {
    const pairs = textTable('pairs', { texts: ['abcdef', 'ab', 'a'], pairs: ['abcdef', 'abcdef', 'b'] });
    const data = textDataset(pairs, letters, { model: bilstm({ vocab_size: 40, is_pair: true }), maxLength: 6 });
    expect([...(data.text?.isTruncated ?? [])]).toEqual([1, 1, 0]);
  });

  test('a text without words is a row without tokens', () => {
    const data = textDataset(textTable('empty', { texts: ['', 'good film'] }), words, {
      model: bilstm({ vocab_size: 20 }),
    });
    expect(toNumbers(data.batch([0]).inputs.attention_mask!)).toEqual([0]);
  });

  test('what does not fit together is an error', () => {
    const single = textTable('single', { texts: ['a'] });
    const pairs = bilstm({ is_pair: true });
    expect(() => textDataset(single, letters, { model: pairs })).toThrow(
      'single: wanted two texts per row, since the bilstm reads pairs',
    );
    expect(() => textDataset(single, letters, { model: mlp({ inputs: 4, hidden: [], classes: 2 }) })).toThrow(
      'single: wanted a model that reads texts, got a mlp',
    );
    const data = textDataset(table, letters, { model: encoder });
    expect(() => data.batch([2], 1, undefined, 8)).toThrow('pairs: wanted room for 9 tokens, got a length of 8');
  });
});
