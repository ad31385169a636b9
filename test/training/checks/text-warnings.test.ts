import { describe, expect, test } from 'vitest';
import type { Dataset } from '../../../src/data/dataset.js';
import { textDataset } from '../../../src/data/text-dataset.js';
import { textTable } from '../../../src/data/text-table.js';
import { bilstm } from '../../../src/models/bilstm.js';
import { textWarnings } from '../../../src/training/checks/run-warnings.js';
import { findWarnings } from '../../../src/training/checks/table.js';
import { words } from '../../data/words.js';

const labelNames = ['negative', 'positive'];
const table = (name: string, texts: readonly string[], labels = texts.map((_, row) => row % 2)) =>
  textTable(name, { texts, labels, labelNames });
const numbered = (count: number, from = 0) => Array.from({ length: count }, (_, i) => `text number ${from + i}`);

describe('textWarnings > duplicates', () => {
  test('counts evaluation texts that are training texts, whatever the case and the blanks, and shows one', () => {
    const train = table('reviews train', [...numbered(200), 'A  fine\tFilm ']);
    const dev = table('reviews dev', [...numbered(38, 500), 'a fine film', 'TEXT number 7']);
    expect(textWarnings(train, dev)).toEqual([
      {
        name: 'duplicates',
        text:
          '2 of the 40 texts of reviews dev (5.0 %) are training texts too: ' +
          "row 39 of reviews dev is row 201 of reviews train, 'a fine film'",
        fix: 'remove them from one of the two: memorised texts inflate the score',
      },
    ]);
  });

  test('is not said of one in a hundred, of other texts, or of pairs with the same first text', () => {
    const train = table('train', numbered(200));
    expect(textWarnings(train, table('dev', ['text number 7', ...numbered(99, 500)]))).toEqual([]);
    const pairs = (name: string, first: readonly string[], second: readonly string[]) =>
      textTable(name, { texts: first, pairs: second, labels: first.map((_, row) => row % 2), labelNames });
    const once = pairs('train', numbered(20), numbered(20, 100));
    expect(textWarnings(once, pairs('dev', numbered(20), numbered(20, 200)))).toEqual([]);
    expect(textWarnings(once, pairs('dev', numbered(20), numbered(20, 100))).map(({ name }) => name)).toEqual([
      'duplicates',
    ]);
  });
});

describe('textWarnings > conflicting-labels', () => {
  test('counts all rows of a text that has two labels', () => {
    const train = table(
      'train',
      ['Good film', 'good  film', 'good film', ...numbered(7)],
      [1, 0, 1, 0, 1, 0, 1, 0, 1, 0],
    );
    const [warning, ...more] = textWarnings(train);
    expect(more).toEqual([]);
    expect(warning?.name).toBe('conflicting-labels');
    expect(warning?.text).toBe(
      '3 of the 10 rows of train (30.0 %) have a text that has another label elsewhere: ' +
        "'Good film' is positive in row 1 and negative in row 2",
    );
  });

  test('is not said of a text that has one label twice, or none', () => {
    expect(textWarnings(table('train', ['a', 'a', 'b', 'b', 'c'], [1, 1, 0, -100, 0]))).toEqual([]);
  });
});

describe('textWarnings > empty-texts', () => {
  test('names the first', () => {
    const [warning] = textWarnings(table('train', ['a', ' \t', 'b', ''], [0, 1, 0, 1]));
    expect(warning?.text).toBe('2 of the 4 rows of train have an empty text, such as row 2');
    expect(warning?.name).toBe('empty-texts');
  });

  test('is not said of one in a thousand', () => {
    expect(textWarnings(table('train', ['', ...numbered(999)]))).toEqual([]);
  });
});

describe('truncation', () => {
  const model = bilstm({ vocab_size: words.vocabularySize, embedding_size: 4, hidden_size: 3, dense_size: 4 });
  const set = (long: number, short: number) =>
    textDataset(
      table('train', [...new Array<string>(long).fill('the good film'), ...new Array<string>(short).fill('film')]),
      words,
      { model, maxLength: 2 },
    );

  const cut = (train: Dataset, evaluation?: Dataset) => findWarnings({ rows: { train, evaluation } });

  test('counts texts that lose tokens, if they are more than one in twenty', () => {
    const [warning] = cut(set(6, 94));
    expect(warning?.name).toBe('truncation');
    expect(warning?.text).toBe('6 of the 100 texts of train (6.0 %) are longer than 2 tokens and are truncated');
    expect(warning?.fix).toContain('--max_length 4');
    expect(cut(set(5, 95))).toEqual([]);
  });

  test('is said once of two sets', () => {
    expect(cut(set(50, 50), set(50, 50))).toHaveLength(1);
    expect(cut(set(0, 50), set(50, 50))).toHaveLength(1);
    expect(cut(set(0, 50))).toEqual([]);
  });
});
