import { describe, expect, test } from 'vitest';
import { selectedRows } from '../../src/data/selected-rows.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { truncatedRows } from '../../src/data/text-rows.js';
import { textTable } from '../../src/data/text-table.js';
import { bert } from '../../src/models/bert.js';
import { words, wordTable } from './words.js';

const model = bert({ vocab_size: words.vocabularySize, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 1 });

describe('selectedRows', () => {
  const data = textDataset(wordTable('rows', 20), words, { model });
  const some = selectedRows(data, Uint32Array.of(3, 7, 12), 'some');

  test('gives the rows, texts and lengths of those numbers', () => {
    expect(some.batch([2, 0], 3)).toEqual(data.batch([12, 3], 3));
    expect(some.text?.table.texts).toEqual([3, 7, 12].map((row) => data.text?.table.texts[row]));
    expect(Array.from(some.text?.lengths ?? [])).toEqual([3, 7, 12].map((row) => data.text?.lengths[row]));
  });

  test('has no further row', () => {
    expect(() => some.batch([3])).toThrow('rows from 0 to 19');
  });

  // The count of the whole set once stood beside the number of the rows that were left.
  test('counts the cut texts among its own rows', () => {
    const long = Array.from({ length: 10 }, (_, i) => (i < 4 ? 'good bad film plot end' : 'the end'));
    const cut = textDataset(textTable('long', { texts: long }), words, { model, maxLength: 3 });
    const counts = [cut, selectedRows(cut, Uint32Array.of(0, 5, 6))].map(({ text }) => text && truncatedRows(text));
    expect(counts).toEqual([4, 1]);
  });
});
