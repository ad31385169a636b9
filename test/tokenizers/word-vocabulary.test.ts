import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OptionError } from '../../src/errors/failures.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { frequentWords, type WordRules, wordSplitter, wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { temporaryFolder } from '../files/processes.js';

type Case = WordRules & {
  readonly json: Readonly<Record<string, unknown>> & { readonly model: Readonly<Record<string, unknown>> };
  readonly ids: readonly (readonly number[])[];
};

// Witness: Python's `tokenizers`, through make_word_fixture.py.
const { words, texts, cases } = JSON.parse(
  readFileSync(new URL('words.hugging-face.json', import.meta.url), 'utf8'),
) as { readonly words: readonly string[]; readonly texts: readonly string[]; readonly cases: readonly Case[] };
const named = cases.map((each) => [each.split, each.lowercase ? 'lower case' : 'cased', each] as const);
const root = temporaryFolder();

describe('wordTokenizer', () => {
  test.each(named)('%s, %s: the ids are those of Python, also when loaded from its files', async (_, __, wanted) => {
    const { lowercase, split, ids } = wanted;
    const tokenizer = wordTokenizer(words, { lowercase, split });
    const folder = join(root, `${split}-${lowercase}`);
    mkdirSync(folder);
    for (const [name, text] of tokenizer.files) writeFileSync(join(folder, name), text);
    const loaded = await loadTokenizer(folder);
    for (const one of [tokenizer, loaded]) {
      const differing = texts.filter((text, i) => one.encodeRow(text).ids.join() !== ids[i]?.join());
      expect(differing).toEqual([]);
      expect([one.padId, one.vocabularySize]).toEqual([0, words.length + 3]);
    }
  });

  test.each(named)('%s, %s: its tokenizer.json says what Python writes for the same tokenizer', (_, __, wanted) => {
    const { files } = wordTokenizer(words, wanted);
    const { model, ...json } = JSON.parse(files.get('tokenizer.json') ?? '');
    const { vocab, ...rest } = model;
    expect({ ...json, model: rest }).toEqual(wanted.json);
    expect(vocab[words[5] as string]).toBe(8);
    expect(Object.keys(vocab)).toHaveLength(words.length + 3);
  });

  test('refuses words twice, its own tokens and rules that do not exist', () => {
    expect(() => wordTokenizer(['a', 'a'])).toThrow("wordTokenizer: wanted different words, got 'a' again");
    expect(() => wordTokenizer(['[MASK]'])).toThrow(OptionError);
    expect(() => wordSplitter({ split: 'letters' as 'spaces' })).toThrow('wanted punctuation, spaces, got letters');
  });
});

describe('frequentWords', () => {
  const some = ['b a, b', 'A c [MASK] [MASK]', `${'x'.repeat(101)} ${'x'.repeat(101)}`];

  test('are counted after lower-casing, ordered by count and then by code unit, without special and endless ones', () => {
    expect(frequentWords(some, { minCount: 1 })).toEqual(['a', 'b', ',', 'c']);
    expect(frequentWords([...some].reverse(), { minCount: 1 })).toEqual(['a', 'b', ',', 'c']);
    expect(frequentWords(some)).toEqual(['a', 'b']);
    expect(frequentWords(some, { maxWords: 1 })).toEqual(['a']);
    expect(frequentWords(["isn't n't n't"], { split: 'spaces' })).toEqual(["n't"]);
  });

  test('refuse counts that are no whole numbers from 1', () => {
    expect(() => frequentWords(some, { minCount: 0 })).toThrow('minCount: wanted an integer ≥ 1, got 0');
    expect(() => frequentWords(some, { maxWords: 1.5 })).toThrow(OptionError);
  });
});
