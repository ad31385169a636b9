import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { pieceFacts } from '../../src/export/piece-facts.js';
import { tokenIds } from '../../src/standalone/student.js';
import { pieceEncoder } from '../../src/standalone/word-pieces.js';
import { openTokenizer } from '../../src/tokenizers/load-pieces.js';
import type { Tokenizer } from '../../src/tokenizers/tokenizer.js';
import type { TokenizerJson } from '../../src/tokenizers/tokenizer-json.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';
import { fixture, tokenizerJson, wordPieces } from '../tokenizers/tokenizer-files.js';

/** A tokenizer with parts of its file changed. */
function changed(parts: Record<string, unknown>): Tokenizer {
  const json = { ...tokenizerJson(), ...parts };
  const files = new Map([['tokenizer.json', JSON.stringify(json)]]);
  return openTokenizer(json as TokenizerJson, {}, 'tokenizer.json', files);
}

const cased = { type: 'BertNormalizer', clean_text: true, handle_chinese_chars: true, strip_accents: null };
const TOKENIZERS: readonly (readonly [string, Tokenizer])[] = [
  ['lower-casing WordPiece', wordPieces()],
  ['cased WordPiece', changed({ normalizer: { ...cased, lowercase: false } })],
  [
    'WordPiece without a normaliser, split at spaces',
    changed({ normalizer: null, pre_tokenizer: { type: 'WhitespaceSplit' } }),
  ],
  ['WordPiece of whole texts', changed({ pre_tokenizer: null })],
  ['words of letters and others', changed({ pre_tokenizer: { type: 'Whitespace' } })],
  ['whole words', wordTokenizer(['a', 'film', 'café', '##s', 'good', '.'])],
  ['whole words at spaces', wordTokenizer(['a', 'film', 'Good.'], { lowercase: false, split: 'spaces' })],
];

/** What people and machines send: pieces of the vocabulary, special tokens, marks, and code units of every sort. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(...fixture.vocab, 'film', 'café', ' ', '\n'),
      fc.constantFrom('[CLS]', '[SEP', '[UNK]', '[MASK]', '[cls]', '[\0CLS]', '##s', '[PAD][PAD]'),
      fc.constantFrom(
        '\ud83d',
        '\udc69',
        '\0',
        '\u202e',
        'e\u0301\u0302',
        '👩‍👩‍👧',
        '\u00ad',
        '\ufeff',
        'Σ',
        'İ',
        '漢𠀀',
        '\u0600',
        '\u2028',
      ),
      fc.string({ unit: 'binary' }),
      fc.string({ unit: 'grapheme' }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('pieceEncoder', () => {
  test.each(TOKENIZERS)('%s: ids and pieces are those of the tokenizer', (_, tokenizer) => {
    const [facts, vocabulary] = pieceFacts(tokenizer);
    const encoded = pieceEncoder(facts, vocabulary.split('\n'));
    const ids = tokenIds(facts, vocabulary, { maxLength: 20 });
    const expectSame = (text: string, pair: string | undefined) => {
      expect(encoded(text).pieces).toEqual(tokenizer.pieces?.(text));
      expect(ids(text, pair)).toEqual(tokenizer.encodeRow(text, pair, { maxLength: 20 }).ids);
    };
    for (const [text] of fixture.uncased) expectSame(text, undefined);
    for (const [first, second] of fixture.pairs) expectSame(first, second ?? undefined);
    fc.assert(
      fc.property(hostile, fc.option(hostile, { nil: undefined }), (text, pair) => expectSame(text, pair)),
      { numRuns: 300 },
    );
  });

  test('a text of a million characters, a word of them, and one of marks', () => {
    const tokenizer = wordPieces();
    const [facts, vocabulary] = pieceFacts(tokenizer);
    const { length } = fixture.vocab;
    const ids = tokenIds(facts, vocabulary, { maxLength: 512 });
    const words = Array.from({ length: 200_000 }, (_, i) => fixture.vocab[(i * 7) % length]).join(' ');
    for (const text of [words, 'a'.repeat(1_000_000), '!'.repeat(100_000), '\ud83d'.repeat(1_000_000)]) {
      expect(ids(text)).toEqual(tokenizer.encodeRow(text, undefined, { maxLength: 512 }).ids);
    }
  });
});

describe('pieceFacts', () => {
  test.each([
    [{ normalizer: { type: 'NFC' } }, 'the normaliser NFC'],
    [{ pre_tokenizer: { type: 'Digits', individual_digits: true } }, 'the pre-tokenizer Digits'],
    [
      { model: { type: 'Unigram', vocab: [['[UNK]', 0]], unk_id: 0 }, added_tokens: [{ id: 0, content: '[PAD]' }] },
      'a Unigram',
    ],
    [{ added_tokens: [{ id: 0, content: '[PAD]', lstrip: true, special: true }] }, "the added token '[PAD]'"],
  ])('%j is refused with what to use', (parts, got) => {
    const files = new Map([['tokenizer.json', JSON.stringify({ ...tokenizerJson(), ...parts })]]);
    expect(() => pieceFacts({ files, padId: 0 })).toThrow(
      /^to js: wanted a tokenizer of BERT's WordPiece or of whole words, got .*; use --to onnx or --to hf$/,
    );
    expect(() => pieceFacts({ files, padId: 0 })).toThrow(got);
  });
});
