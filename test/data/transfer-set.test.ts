import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import { withTransferRows } from '../../src/data/transfer-set.js';
import { bert } from '../../src/models/bert.js';
import { toNumbers } from '../../src/tensor/tensor.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { words, wordTable } from './words.js';

const model = bert({ vocab_size: words.vocabularySize, hidden_size: 4, num_hidden_layers: 1, num_attention_heads: 1 });
const own = wordTable('train', 5);
const more = wordTable('pool', 7, { seed: 2, longest: 12 });
const [train, pool] = [own, more].map((table) => textDataset(table, words, { model })) as [
  ReturnType<typeof textDataset>,
  ReturnType<typeof textDataset>,
];
const KEPT = Uint32Array.of(6, 0, 3);
const joined = withTransferRows(train, pool, KEPT);

describe('withTransferRows', () => {
  // Witness: the same texts in one table, read by the same tokenizer.
  test('batches are those of one table of all the texts, without the labels of the pool', () => {
    const texts = [...own.texts, ...[6, 0, 3].map((row) => more.texts[row] as string)];
    const whole = textDataset(textTable('whole', { texts }), words, { model });
    expect(joined.size).toBe(8);
    expect([...(joined.text?.lengths ?? [])]).toEqual([...(whole.text?.lengths ?? [])]);
    for (const rows of [[0, 1], [7], [5, 6, 7], [4, 7, 0, 5, 1]]) {
      for (const [paddedTo, length] of [
        [rows.length, undefined],
        [6, 20],
      ] as const) {
        const [got, wanted] = [joined, whole].map((data) => data.batch(rows, paddedTo, undefined, length));
        expect(got?.inputs).toEqual(wanted?.inputs);
        expect(got?.weights).toEqual(wanted?.weights);
        const padded = Array.from({ length: paddedTo }, (_, at) => rows[at % rows.length] as number);
        expect(toNumbers(got?.labels ?? { data: [] })).toEqual(padded.map((row) => own.labels?.[row] ?? -100));
      }
    }
  });

  test('ids of the training rows stay, and those of the pool unless they are taken', () => {
    expect(joined.text?.table.ids).toEqual(['1', '2', '3', '4', '5', 'transfer/7', 'transfer/1', 'transfer/4']);
    expect(Array.from(joined.batch([0, 6]).ids)).toEqual(['1', 'transfer/1']);
    const named = textDataset(textTable('named', { texts: ['good'], ids: ['p1'] }), words, { model });
    expect(withTransferRows(train, named, Uint32Array.of(0)).text?.table.ids.at(-1)).toBe('p1');
  });

  test('data of another kind are refused', () => {
    const pairs = textDataset(wordTable('pairs', 3, { pairs: true }), words, { model });
    expect(() => withTransferRows(train, pairs, Uint32Array.of(0))).toThrow(
      'pairs: wanted single texts, as train has, got pairs',
    );
    const other = wordTokenizer(['good'], { split: 'spaces', lowercase: true });
    const read = textDataset(more, other, { model });
    expect(() => withTransferRows(train, read, Uint32Array.of(0))).toThrow('pool: wanted the tokenizer of train');
  });
});
