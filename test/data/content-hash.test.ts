import { describe, expect, test, vi } from 'vitest';
import { contentHash } from '../../src/data/content-hash.js';
import type { Dataset } from '../../src/data/dataset.js';
import { imageDataset } from '../../src/data/images.js';
import { mnistDataset } from '../../src/data/mnist-dataset.js';
import { taggedDataset } from '../../src/data/tagged-texts.js';
import { textDataset } from '../../src/data/text-dataset.js';
import { type TextColumns, textTable } from '../../src/data/text-table.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { smallBert } from './small-bert.js';
import { WORDS, words } from './words.js';

const model = smallBert(1);
const SIZE = 300;
const MIDDLE = 150;
const columns = {
  ids: Array.from({ length: SIZE }, (_, row) => `row ${row}`),
  texts: Array.from({ length: SIZE }, (_, row) => `good film ${row}`),
  pairs: Array.from({ length: SIZE }, (_, row) => `bad plot ${row}`),
  labels: Array.from({ length: SIZE }, (_, row) => row % 2),
  labelNames: ['no', 'yes'],
  scores: Array.from({ length: SIZE }, (_, row) => row / 8),
} satisfies TextColumns;
const read = (more: Partial<TextColumns> = {}, maxLength = 16, tokenizer = words): Dataset =>
  textDataset(textTable('rows', { ...columns, ...more }), tokenizer, { model, maxLength });

describe('contentHash of texts', () => {
  const swapped = [...columns.texts];
  [swapped[MIDDLE], swapped[MIDDLE + 1]] = [columns.texts[MIDDLE + 1] ?? '', columns.texts[MIDDLE] ?? ''];
  test.each<[string, Dataset]>([
    ['a text', read({ texts: columns.texts.with(MIDDLE, 'good film') })],
    ['the second text of a pair', read({ pairs: columns.pairs.with(MIDDLE, 'bad plot') })],
    ['a label', read({ labels: columns.labels.with(MIDDLE, 1) })],
    ['a score', read({ scores: columns.scores.with(MIDDLE, 0) })],
    ['an id', read({ ids: columns.ids.with(MIDDLE, 'another') })],
    ['the order of two rows', read({ texts: swapped })],
    ['the order of the labels’ names', read({ labelNames: ['yes', 'no'] })],
    [
      'a row less',
      read(
        Object.fromEntries(Object.entries(columns).map(([of, all]) => [of, of === 'labelNames' ? all : all.slice(1)])),
      ),
    ],
    ['no labels', textDataset(textTable('rows', { texts: columns.texts }), words, { model, maxLength: 16 })],
    ['the maximum length', read({}, 15)],
    ['the tokenizer', read({}, 16, wordTokenizer([...WORDS].reverse(), { split: 'spaces', lowercase: true }))],
    ['half of a surrogate pair', read({ texts: columns.texts.with(MIDDLE, '\ud83d') })],
  ])('tells %s apart, in the middle of the rows too', (_, other) => {
    expect(contentHash(other)).not.toBe(contentHash(read()));
  });

  test('tells one half of a surrogate pair from another, which are the same in UTF-8', () => {
    const [one, other] = ['\ud83d', '\ud83e'].map((half) => read({ texts: columns.texts.with(MIDDLE, half) }));
    expect(contentHash(one as Dataset)).not.toBe(contentHash(other as Dataset));
  });

  test('is that of the contents: another name and another object are the same', () => {
    const renamed = textDataset(textTable('other', columns), words, { model, maxLength: 16 });
    expect(contentHash(renamed)).toBe(contentHash(read()));
  });

  test('is computed once for each data set', () => {
    const data = read();
    const batch = vi.spyOn(data, 'batch');
    const first = contentHash(data);
    const calls = batch.mock.calls.length;
    expect(contentHash(data)).toBe(first);
    expect(batch.mock.calls).toHaveLength(calls);
  });

  test('tells tags apart, which stand in no column', () => {
    const tagged = (middle: string) =>
      taggedDataset(
        Array.from({ length: SIZE }, (_, row) => ({
          words: ['good', 'film'],
          tags: ['A', row === MIDDLE ? middle : 'N'],
        })),
        words,
        { name: 'tags', tagNames: ['A', 'N'], model },
      );
    expect(contentHash(tagged('A'))).not.toBe(contentHash(tagged('N')));
    expect(contentHash(tagged('N'))).toBe(contentHash(tagged('N')));
  });
});

describe('contentHash of images', () => {
  const images = Uint8Array.from({ length: SIZE * 784 }, (_, at) => at % 251);
  const labels = Uint8Array.from({ length: SIZE }, (_, row) => row % 10);
  const of = (pixels = images, digits = labels) => mnistDataset({ name: 'train', images: pixels, labels: digits });

  test('tells a byte and a label apart, in the middle of the rows too', () => {
    const hash = contentHash(of());
    expect(contentHash(of())).toBe(hash);
    expect(contentHash(of(images.with(MIDDLE * 784, 255)))).not.toBe(hash);
    expect(contentHash(of(images, labels.with(MIDDLE, 7)))).not.toBe(hash);
    expect(contentHash(imageDataset('train', images, 784))).not.toBe(hash);
  });
});
