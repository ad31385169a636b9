import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { OptionError, ShapeError } from '../../src/errors/failures.js';
import { toNumbers } from '../../src/tensor/tensor.js';
import { loadTokenizer } from '../../src/tokenizers/load-tokenizer.js';
import { padRows, type Tokenizer } from '../../src/tokenizers/tokenizer.js';
import type { Truncation } from '../../src/tokenizers/truncation.js';
import { temporaryFolder } from '../files/processes.js';
import { dataFolder } from '../setup/data-test.js';
import { minilmFolder, minilmTest } from './minilm-test.js';
import { fixture, tokenizerJson, vocabText } from './tokenizer-files.js';

const root = temporaryFolder();

async function tokenizerOf(files: Readonly<Record<string, unknown>>): Promise<Tokenizer> {
  const folder = join(root, String(Math.random()));
  mkdirSync(folder);
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  return loadTokenizer(folder);
}

const uncased = await tokenizerOf({ 'vocab.txt': vocabText });

/** Rows that differ from Python's, few of them. */
function differences(tokenizer: Tokenizer, rows: typeof fixture.uncased): unknown[] {
  return rows
    .map(([text, wanted]) => ({ text, wanted, got: tokenizer.encodeRow(text).ids }))
    .filter(({ wanted, got }) => got.join() !== wanted.join())
    .slice(0, 5);
}

// Witness of every id here: Python's `tokenizers` 0.23, through make_tokenizer_fixture.py.
describe('loadTokenizer', () => {
  test('a vocab.txt gives the ids of Python for hundreds of odd texts', () => {
    expect(fixture.uncased.length).toBeGreaterThan(300);
    expect(differences(uncased, fixture.uncased)).toEqual([]);
  });

  test('tokenizer_config.json turns lower-casing off', async () => {
    const config = { do_lower_case: false, strip_accents: false };
    const cased = await tokenizerOf({ 'vocab.txt': vocabText, 'tokenizer_config.json': config });
    expect(differences(cased, fixture.cased)).toEqual([]);
    expect(differences(uncased, fixture.cased)).not.toEqual([]);
  });

  test('a tokenizer.json gives the same ids, and counts before a vocab.txt', async () => {
    const both = await tokenizerOf({ 'tokenizer.json': tokenizerJson(), 'vocab.txt': 'not\nread\n' });
    expect(differences(both, fixture.uncased)).toEqual([]);
  });

  test('its own truncation and padding are left to the options', async () => {
    const truncation = { max_length: 4, strategy: 'LongestFirst', stride: 0, direction: 'Right' };
    const short = await tokenizerOf({ 'tokenizer.json': { ...tokenizerJson(), truncation } });
    expect(differences(short, fixture.uncased)).toEqual([]);
  });

  test('size, padding and limit come from the files', async () => {
    const named = await tokenizerOf({
      'vocab.txt': vocabText,
      'tokenizer_config.json': { pad_token: { content: '[MASK]' }, model_max_length: 512 },
    });
    expect(named.vocabularySize).toBe(fixture.vocab.length);
    expect(named.padId).toBe(fixture.vocab.indexOf('[MASK]'));
    expect([named.modelMaxLength, uncased.modelMaxLength]).toEqual([512, undefined]);
    expect(uncased.padId).toBe(fixture.vocab.indexOf('[PAD]'));
  });

  test('a WordLevel tokenizer splits at spaces and knows its unknown token', async () => {
    const words = await tokenizerOf({
      'tokenizer.json': {
        added_tokens: [],
        normalizer: { type: 'Lowercase' },
        pre_tokenizer: { type: 'WhitespaceSplit' },
        post_processor: null,
        model: { type: 'WordLevel', vocab: { '[PAD]': 0, '[UNK]': 1, good: 2, film: 3 }, unk_token: '[UNK]' },
      },
    });
    // By the definition of the model: a word is its id, or that of the unknown token.
    expect(words.encodeRow('Good  film ,')).toEqual({ ids: [2, 3, 1], typeIds: [0, 0, 0] });
    expect(words.encodeRow('good', 'film')).toEqual({ ids: [2, 3], typeIds: [0, 1] });
  });

  test("a byte-level BPE as RoBERTa's gives the ids of Python, pairs included", async () => {
    const { json, rows, pair } = fixture.roberta;
    const roberta = await tokenizerOf({ 'tokenizer.json': json });
    expect(differences(roberta, rows)).toEqual([]);
    const [first, second, ids, typeIds] = pair;
    expect(roberta.encodeRow(first, second)).toEqual({ ids, typeIds });
    expect(roberta.padId).toBe(1);
    expect(roberta.encodeRow('x'.repeat(2 ** 18)).ids.length).toBeGreaterThan(1000);
  });

  test('a text of 1 MB, without a space or with many, is read in a time that grows as it does', () => {
    // Or this takes hours.

    expect(uncased.encodeRow('x'.repeat(2 ** 20)).ids).toHaveLength(3);
    expect(uncased.encodeRow('x . '.repeat(2 ** 18)).ids).toHaveLength(2 ** 19 + 2);
    expect(uncased.encodeRow('x . '.repeat(2 ** 18), undefined, { maxLength: 128 }).ids).toHaveLength(128);
  });

  test('lone halves of surrogate pairs, which no UTF-8 file has, vanish as control characters do', () => {
    expect(uncased.encodeRow('a\ud800 b\udc00')).toEqual(uncased.encodeRow('a b'));
  });

  minilmTest(
    'gives the ids of Python for 5,000 lines of SST-2, 5,000 of MRPC, and its pairs',
    async (folder) => {
      const minilm = await loadTokenizer(folder);
      const hash = (rows: readonly (readonly number[])[]) => {
        const sha = createHash('sha256');
        for (const row of rows) sha.update(`${row.join(' ')}\n`);
        return sha.digest('hex');
      };
      const lines = (name: string) =>
        readFileSync(join(dataFolder ?? '', name), 'utf8')
          .split('\n')
          .slice(1);
      const sst2 = lines('sst2/train.tsv').slice(0, 5000);
      expect(hash(sst2.map((line) => minilm.encodeRow(line.split('\t')[0] ?? '').ids))).toBe(fixture.hashes.sst2);
      const pairs = lines('mrpc/train.tsv').flatMap((line) => (line === '' ? [] : [line.split('\t').slice(3, 5)]));
      const texts = [...pairs.map(([a = '']) => a), ...pairs.map(([, b = '']) => b)].slice(0, 5000);
      expect(hash(texts.map((text) => minilm.encodeRow(text).ids))).toBe(fixture.hashes.mrpc);
      const options = { maxLength: 48, truncation: 'longest_first' } as const;
      expect(hash(pairs.map(([a = '', b]) => minilm.encodeRow(a, b, options).ids))).toBe(fixture.hashes.mrpcPairs);
    },
    dataFolder === undefined,
  );
});

describe('encodeRow', () => {
  test('pairs and truncation are as in Python, and what it refuses is refused', () => {
    const wrong = fixture.pairs.filter(([first, second, maxLength, truncation, ids, typeIds]) => {
      const options = {
        ...(maxLength !== null && { maxLength }),
        ...(truncation !== null && { truncation: truncation as Truncation }),
      };
      const encode = () => uncased.encodeRow(first, second ?? undefined, options);
      if (ids === null) {
        expect(encode, JSON.stringify([first, second, options])).toThrow(OptionError);
        return false;
      }
      const got = encode();
      return got.ids.join() !== ids.join() || got.typeIds.join() !== typeIds?.join();
    });
    expect(wrong.slice(0, 3)).toEqual([]);
    expect(fixture.pairs.filter(([, , , , ids]) => ids === null).length).toBeGreaterThan(5);
  });

  test('an empty second text is a second text', () => {
    // Witness: the pair ("no", "") of the fixture, [CLS] A [SEP] [SEP].
    expect(uncased.encodeRow('no', '').ids).toHaveLength(uncased.encodeRow('no').ids.length + 1);
  });

  test.each([2, 0, -1, 2.5, NaN])('maxLength %s leaves no room for a text', (maxLength) => {
    expect(() => uncased.encodeRow('a', undefined, { maxLength })).toThrow(
      /^maxLength: wanted an integer ≥ 3 \(the special tokens and one token of the text\), got /,
    );
  });

  test('a rule that cannot reach maxLength is an error that names a way out', () => {
    const error = (truncation: Truncation, pair?: string) => () =>
      uncased.encodeRow('a b c d e', pair, { maxLength: 4, truncation });
    expect(error('only_second')).toThrow(/wanted pairs of texts, got single texts; use 'longest_first'/);
    expect(error('only_second', 'a')).toThrow(/a text of more than 5 tokens to shorten, got 1; raise maxLength/);
  });
});

describe('encode', () => {
  test('rows are padded at the end, with mask 0 and type 0', () => {
    const { input_ids, attention_mask, token_type_ids } = uncased.encode(['a b', 'a'], ['a', 'b'], { padding: 7 });
    const rows = [uncased.encodeRow('a b', 'a').ids, uncased.encodeRow('a', 'b').ids];
    expect(input_ids.shape).toEqual([2, 7]);
    expect(toNumbers(input_ids)).toEqual(
      [...rows[0]!, 0, ...rows[1]!, 0, 0].map((id) => (id === 0 ? uncased.padId : id)),
    );
    expect(toNumbers(attention_mask)).toEqual([1, 1, 1, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0, 0]);
    expect(toNumbers(token_type_ids)).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 1, 0, 0]);
  });

  test('padding goes to the longest row unless a length is given, and never cuts', () => {
    expect(uncased.encode(['a', 'a b c']).input_ids.shape).toEqual([2, 5]);
    expect(() => uncased.encode(['a b c'], undefined, { padding: 4 })).toThrow(ShapeError);
    expect(() => padRows([], 0, 2.5)).toThrow(ShapeError);
  });

  test('as many second texts as first ones, one at least', () => {
    expect(() => uncased.encode(['a', 'b'], ['a'])).toThrow(/wanted 2 second texts, got 1/);
    expect(() => uncased.encode([])).toThrow(ShapeError);
  });
});

test('[minilm] tests run or are skipped as the cache has it', () => {
  expect(minilmFolder === undefined || minilmFolder.includes('all-MiniLM-L6-v2')).toBe(true);
});
