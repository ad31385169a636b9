import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { textDataset } from '../../src/data/text-dataset.js';
import { textTable } from '../../src/data/text-table.js';
import { ngram } from '../../src/models/ngram.js';
import { fitNgrams } from '../../src/tokenizers/fit-ngrams.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import { tokenizerHash } from '../../src/tokenizers/tokenizer-hash.js';
import { temporaryFolder } from '../files/processes.js';
import { wordPieces } from './tokenizer-files.js';

const root = temporaryFolder();
const TEXTS = ['a good film', 'a bad film, a bad plot', ''];
const tokenizer = ngramTokenizer(fitNgrams(TEXTS));

/** A folder with such a file in it. */
function folderWith(name: string, content: string): string {
  const folder = join(root, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'ngrams.json'), content);
  return folder;
}
const content = (change: object = {}) =>
  JSON.stringify({ ...JSON.parse(tokenizer.files.get('ngrams.json') ?? ''), ...change });

describe('ngramTokenizer', () => {
  test('its file gives the same rows and the same hash again', async () => {
    const loaded = await loadTokenizer(folderWith('whole', content()));
    for (const text of [...TEXTS, 'the film', 'unknown'])
      expect(loaded.encodeRow(text)).toEqual(tokenizer.encodeRow(text));
    expect([...loaded.files]).toEqual([...tokenizer.files]);
    expect(tokenizerHash(loaded)).toBe(tokenizerHash(tokenizer));
    expect(tokenizerHash(ngramTokenizer(fitNgrams(TEXTS, undefined, { words: [1, 1] })))).not.toBe(
      tokenizerHash(tokenizer),
    );
  });

  test('hashed n-grams and pairs come back, too', async () => {
    const pairs = ngramTokenizer(fitNgrams(TEXTS, [...TEXTS].reverse(), { buckets: 50 }));
    const loaded = await loadTokenizer(folderWith('pairs', pairs.files.get('ngrams.json') ?? ''));
    expect(loaded.encodeRow('a film', 'bad')).toEqual(pairs.encodeRow('a film', 'bad'));
  });

  test('pairs without shares, as they were saved before, open as they are; single texts need no newer version', async () => {
    const pairs = ngramTokenizer(fitNgrams(TEXTS, [...TEXTS].reverse()));
    const file = JSON.parse(pairs.files.get('ngrams.json') ?? '');
    const blocks = file.blocks.filter(({ text }: { readonly text: string }) => text !== 'both');
    const older = await loadTokenizer(folderWith('older', JSON.stringify({ ...file, version: 1, blocks })));
    expect([file.version, JSON.parse(content()).version]).toEqual([2, 1]);
    const { ids, values } = pairs.encodeRow('a film', 'a bad film');
    const own = older.encodeRow('a film', 'a bad film');
    expect(own.ids).toEqual(Array.from(ids).slice(0, own.ids.length));
    expect(Array.from(own.values ?? [])).toEqual(Array.from(values ?? []).slice(0, own.ids.length));
    expect(pairs.vocabularySize - older.vocabularySize).toBe(9);
    expect([...older.files]).toEqual([['ngrams.json', JSON.stringify({ ...file, version: 1, blocks })]]);
    const damaged = file.blocks.map((block: { readonly text: string; readonly df: number[] }) =>
      block.text === 'both' ? { ...block, df: block.df.slice(1) } : block,
    );
    const read = loadTokenizer(folderWith('damaged', JSON.stringify({ ...file, blocks: damaged })));
    await expect(read).rejects.toThrow(
      /ngrams.json: blocks.4: wanted the 3 shares of what two texts have in common, got 2/,
    );
  });

  test('n-grams of pieces bring their tokenizer, and no other is taken in its place', async () => {
    const pieces = ngramTokenizer(fitNgrams(TEXTS, undefined, { tokenizer: wordPieces() }));
    const file = pieces.files.get('ngrams.json') ?? '';
    expect([...pieces.files.keys()]).toEqual(['ngrams.json', 'tokenizer.json']);
    expect(JSON.parse(file).version).toBe(3);
    const folder = folderWith('pieces', file);
    const path = join(folder, 'tokenizer.json');
    await expect(loadTokenizer(folder)).rejects.toThrow('wanted tokenizer.json or vocab.txt, got neither');
    writeFileSync(path, pieces.files.get('tokenizer.json') ?? '');
    const loaded = await loadTokenizer(folder);
    for (const text of [...TEXTS, 'the film', 'unknown'])
      expect(loaded.encodeRow(text)).toEqual(pieces.encodeRow(text));
    expect([...loaded.files]).toEqual([...pieces.files]);
    expect(tokenizerHash(loaded)).toBe(tokenizerHash(pieces));
    // Once the tokenizer's alone, so that an export could be given other n-grams of the same pieces.
    expect(tokenizerHash(pieces)).not.toBe(tokenizerHash(wordPieces()));
    writeFileSync(path, (pieces.files.get('tokenizer.json') ?? '').replace('"##a"', '"##aa"'));
    await expect(loadTokenizer(folder)).rejects.toThrow(
      `${folder}: wanted the tokenizer whose pieces ngrams.json counts, got another (its SHA-256 differs); keep the files of a model together`,
    );
    const { tokenizer: _, ...without } = JSON.parse(file);
    await expect(loadTokenizer(folderWith('pieces', JSON.stringify(without)))).rejects.toThrow(
      'ngrams.json: wanted the SHA-256 of a tokenizer beside n-grams of pieces, and nowhere else, got none',
    );
  });

  test('names the feature of an id', () => {
    // Witness: by hand, `,` comes first in the order of code units.
    expect(tokenizer.firstFrom(0)).toEqual({ token: ',', id: 0 });
    expect(tokenizer.firstFrom(tokenizer.vocabularySize)).toBeUndefined();
  });

  test('batches have the values of the features, 0 for padding', () => {
    const { feature_values: values, input_ids: ids } = tokenizer.encode(TEXTS);
    const [first, , last] = TEXTS.map((text) => tokenizer.encodeRow(text));
    const S = ids.shape[1] as number;
    expect(Array.from(values?.data.subarray(0, first?.ids.length) ?? [])).toEqual(Array.from(first?.values ?? []));
    expect(last?.ids).toHaveLength(0);
    expect(new Set(values?.data.subarray(2 * S))).toEqual(new Set([0]));
  });

  test.each([
    ['torn', content().slice(0, -20), /ngrams\.json: wanted JSON/],
    ['foreign', '{"a": 1}', /ngrams\.json: format: wanted "retort-ngrams", got nothing/],
    ['newer', content({ version: 9 }), /wanted version 3 or older, got version 9.*use a newer retort/],
    ['empty', content({ blocks: [] }), /ngrams\.json: blocks: wanted a list of 1 to 100, got a list of 0/],
    [
      'twice',
      content({ blocks: [{ text: 'first', kind: 'words', range: [1, 1], grams: ['a', 'a'], df: [1, 1] }] }),
      /blocks\.0\.grams: wanted a list of n-grams in the order of their code units, none twice/,
    ],
    [
      'uneven',
      content({ blocks: [{ text: 'first', kind: 'words', range: [1, 1], grams: ['a', 'b'], df: [1] }] }),
      /blocks\.0: wanted as many df as grams, got 1 and 2/,
    ],
  ])('a file that is %s is one message', async (name, text, message) => {
    await expect(loadTokenizer(folderWith(name, text))).rejects.toThrow(message);
  });
});

describe('textDataset', () => {
  const table = textTable('reviews', { texts: TEXTS, labels: Int32Array.of(1, 0, 0), labelNames: ['no', 'yes'] });
  const model = ngram({ vocab_size: tokenizer.vocabularySize });

  test('features and values of whole texts, as the tokenizer gives them', () => {
    const data = textDataset(table, tokenizer, { model });
    const { inputs } = data.batch([1, 2]);
    const row = tokenizer.encodeRow(TEXTS[1] ?? '');
    const S = row.ids.length;
    expect(inputs.input_ids?.shape).toEqual([2, S]);
    expect(Array.from(inputs.input_ids?.data.subarray(0, S) ?? [], Number)).toEqual(row.ids);
    expect(inputs.feature_values?.data.subarray(0, S)).toEqual(row.values);
    expect(Array.from(inputs.feature_values?.data.subarray(S) ?? [1], Number)).toEqual(new Array(S).fill(0));
    expect(Array.from(data.text?.isTruncated ?? [])).toEqual([0, 0, 0]);
  });

  test('a text of more words than are read is truncated, however many features it has', () => {
    const data = textDataset(table, tokenizer, { model, maxLength: 3 });
    expect(Array.from(data.text?.isTruncated ?? [])).toEqual([0, 1, 0]);
    const { inputs } = data.batch([1]);
    expect(Array.from(inputs.input_ids?.data ?? [], Number)).toEqual(tokenizer.encodeRow('a bad film').ids);
  });
});
