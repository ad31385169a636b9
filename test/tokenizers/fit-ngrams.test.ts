import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { OptionError, ShapeError } from '../../src/errors/failures.js';
import { fitNgrams, type NgramOptions } from '../../src/tokenizers/fit-ngrams.js';
import type { NgramRange } from '../../src/tokenizers/ngram-features.js';
import { ngramTokenizer } from '../../src/tokenizers/ngram-tokenizer.js';
import { wordPieces } from './tokenizer-files.js';

type Case = {
  readonly units: 'words' | 'pieces';
  readonly words: NgramRange | null;
  readonly chars: NgramRange | null;
  readonly minTexts: number;
  readonly features: readonly string[];
  readonly rows: readonly (readonly (readonly [number, number])[])[];
};

// Witness: scikit-learn's TfidfVectorizer, through make_ngram_fixture.py.
const { fitted, read, cases } = JSON.parse(
  readFileSync(new URL('ngrams.scikit-learn.json', import.meta.url), 'utf8'),
) as { readonly fitted: readonly string[]; readonly read: readonly string[]; readonly cases: readonly Case[] };

const grams = (options: NgramOptions, texts = fitted) =>
  fitNgrams(texts, undefined, options).parts.blocks.flatMap((block) => block.grams ?? []);

describe('fitNgrams', () => {
  test.each(cases.map((each) => [each.units, each.words, each.chars, each.minTexts, each] as const))(
    '%s %j, characters %j, in %i texts: features and values are those of scikit-learn',
    (units, words, chars, minTexts, wanted) => {
      const tokenizer = units === 'pieces' ? wordPieces() : undefined;
      const features = fitNgrams(fitted, undefined, { words, chars, minTexts, tokenizer });
      expect(features.parts.blocks.flatMap((block) => block.grams ?? [])).toEqual(wanted.features);
      const { starts, ids, values, width } = features.rows(read);
      expect(width).toBe(wanted.features.length);
      for (const [row, expected] of wanted.rows.entries()) {
        const [from, to] = [starts[row], starts[row + 1]];
        expect(Array.from(ids.subarray(from, to))).toEqual(expected.map(([id]) => id));
        // Ours are rounded to float32.
        for (const [i, value] of values.subarray(from, to).entries())
          expect(value).toBeCloseTo(expected[i]?.[1] ?? 0, 6);
      }
    },
  );

  test('the order of the texts does not matter', () => {
    expect(fitNgrams([...fitted].reverse()).parts).toEqual(fitNgrams(fitted).parts);
  });

  test('what is kept of too many is what the most texts have', () => {
    const texts = ['a b', 'a b', 'a c', 'd'];
    expect(grams({ words: [1, 1], chars: null, most: 2 }, texts)).toEqual(['a', 'b']);
    // c and d are in one text each: the first in order stays.
    expect(grams({ words: [1, 1], chars: null, most: 3 }, texts)).toEqual(['a', 'b', 'c']);
  });

  test('a most is shared by the blocks in proportion to their sizes', () => {
    const [words, chars] = fitNgrams(fitted, undefined, { most: 100 }).parts.blocks;
    const all = fitNgrams(fitted).parts.blocks;
    const share = 100 / ((all[0]?.df.length ?? 0) + (all[1]?.df.length ?? 0));
    expect(words?.df).toHaveLength(Math.floor((all[0]?.df.length ?? 0) * share));
    expect(chars?.df).toHaveLength(Math.floor((all[1]?.df.length ?? 0) * share));
  });

  test('of two texts each has features of its own', () => {
    const features = fitNgrams(['a', 'b'], ['b', 'c'], { words: [1, 1], chars: null });
    expect(Array.from({ length: features.size }, (_, id) => features.nameOf(id))).toEqual([
      'a',
      'b',
      'second text: b',
      'second text: c',
      'shared words of 1',
      'shared of the first text’s words of 1',
      'shared of the second text’s words of 1',
    ]);
    expect(Array.from(features.row('b', 'b').ids)).toEqual([1, 2, 4, 5, 6]);
    // Nothing is shared: no shares.
    expect(Array.from(features.row('a', 'b').ids)).toEqual([0, 2]);
    expect(() => features.row('b')).toThrow('n-grams: wanted two texts a row, as they were fitted on, got one');
    expect(() => fitNgrams(['a']).row('a', 'b')).toThrow(OptionError);
    expect(() => fitNgrams(['a'], [])).toThrow(ShapeError);
  });

  // Witness: by hand. Words of 1: {a, b, c} and {b, c, d, e}; of 2: {a b, b c} and {b c, c d, d e}; characters of 1: with spaces.
  test('what two texts share is told by three shares for words of each n, and for characters', () => {
    const features = fitNgrams(['a b c'], ['b c d e'], { chars: [1, 1] });
    const { ids, values } = features.row('A b c b', 'b c d e');
    const told = Object.fromEntries(Array.from(ids, (id, i) => [features.nameOf(id), values[i] as number]));
    const shares = Object.entries(told).filter(([name]) => name.includes('shared'));
    expect(shares.map(([name, share]) => [name, Number(share.toFixed(6))])).toEqual([
      ['shared words of 1', 0.4],
      ['shared of the first text’s words of 1', 0.666667],
      ['shared of the second text’s words of 1', 0.5],
      ['shared words of 2', 0.2],
      // a b, b c, c b
      ['shared of the first text’s words of 2', 0.333333],
      ['shared of the second text’s words of 2', 0.333333],
      ['shared chars of 1', 0.5],
      ['shared of the first text’s chars of 1', 0.75],
      ['shared of the second text’s chars of 1', 0.6],
    ]);
    expect([...ids]).toEqual([...ids].sort((a, b) => a - b));
    const hashed = fitNgrams(['a b c'], ['b c d e'], { chars: [1, 1], buckets: 8 });
    expect(hashed.row('A b c b', 'b c d e').values.slice(-9)).toEqual(values.slice(-9));
  });

  test('buckets: as many features as asked for, and each row has norm 1 in each block', () => {
    const features = fitNgrams(fitted, undefined, { buckets: 64 });
    expect(features.size).toBe(64);
    const { ids, values } = features.row('where is my card');
    const squares = (isWanted: (id: number) => boolean) =>
      values.reduce((sum, value, i) => sum + (isWanted(ids[i] as number) ? value * value : 0), 0);
    expect(squares((id) => id < 32)).toBeCloseTo(1, 6);
    expect(squares((id) => id >= 32)).toBeCloseTo(1, 6);
    // Words that no text had are in buckets, too.
    expect(features.row('never seen zebra quagga').ids.length).toBeGreaterThan(4);
  });

  test('a text without any of the n-grams has no features', () => {
    expect(fitNgrams(fitted, undefined, { chars: null }).row('zebra').ids).toHaveLength(0);
  });

  test('as many words are read as is said, punctuation marks included', () => {
    const features = fitNgrams(['a b , c d'], undefined, { words: [1, 2], chars: [1, 1] });
    const names = (text: string, maxLength: number) => {
      const { ids, isTruncated } = features.row(text, undefined, { maxLength });
      return [Array.from(ids, (id) => features.nameOf(id)).join('|'), isTruncated];
    };
    expect(names('a b, c', 3)).toEqual([',|a|a b|b|b ,|chars  |chars ,|chars a|chars b', true]);
    expect(names('a b', 2)).toEqual(['a|a b|b|chars  |chars a|chars b', false]);
  });

  test('pieces are of the text in its own case; words are counted where a text is truncated', () => {
    const read: string[] = [];
    const pieces = (text: string) => {
      read.push(text);
      return text.split(/(?<=[A-Z])| /);
    };
    const tokenizer = { pieces, files: new Map() };
    const features = fitNgrams(['Un do', 'UNdo'], undefined, { words: [1, 1], chars: [1, 1], tokenizer });
    const names = Array.from({ length: features.size }, (_, id) => features.nameOf(id));
    expect(names).toEqual(['N', 'U', 'do', 'n', 'chars  ', 'chars d', 'chars n', 'chars o', 'chars u']);
    const { ids, isTruncated } = features.row('UNdo Un do', undefined, { maxLength: 1 });
    expect(read.at(-2)).toBe('UNdo ');
    expect([Array.from(ids, (id) => names[id]).slice(0, 3), isTruncated]).toEqual([['N', 'U', 'do'], true]);
  });

  test('pieces of pairs, and in buckets', () => {
    const tokenizer = wordPieces();
    const pairs = fitNgrams(['a card'], ['my card'], { words: [1, 1], chars: null, tokenizer });
    const names = Array.from({ length: pairs.size }, (_, id) => pairs.nameOf(id));
    // Witness: the vocabulary has ca, ##r, ##d, y and no word of these.
    expect(names).toEqual([
      ...['##d', '##r', 'a', 'ca'],
      ...['##d', '##r', '##y', 'ca', 'm'].map((piece) => `second text: ${piece}`),
      'shared pieces of 1',
      'shared of the first text’s pieces of 1',
      'shared of the second text’s pieces of 1',
    ]);
    // Of a, ca, ##r, ##d and m, ##y, ca, ##r, ##d three are in both.
    expect(Array.from(pairs.row('a card', 'my card').values.slice(-3), (share) => Number(share.toFixed(6)))).toEqual([
      0.5, 0.75, 0.6,
    ]);
    expect(fitNgrams(fitted, undefined, { buckets: 64, tokenizer }).size).toBe(64);
    expect(() => fitNgrams(fitted, undefined, { tokenizer: ngramTokenizer(pairs) })).toThrow(
      'n-grams: wanted a tokenizer that cuts texts into pieces, got one of features',
    );
  });

  test.each([
    [{ words: null, chars: null }, 'n-grams: wanted n-grams of words, of characters, or of both, got neither'],
    [{ words: [2, 1] }, 'words: wanted the least and the most n, from 1, got [2,1]'],
    [{ minTexts: 0 }, 'minTexts: wanted an integer ≥ 1, got 0'],
    [{ minTexts: 20 }, 'n-grams: wanted texts with n-grams that 20 of them have, got none in 12 texts'],
  ] as const)('%j: %s', (options, message) => {
    expect(() => fitNgrams(fitted, undefined, options)).toThrow(message);
  });
});
