import { readFileSync } from 'node:fs';
import { openTokenizer } from '../../src/tokenizers/load-pieces.js';
import type { Tokenizer } from '../../src/tokenizers/tokenizer.js';
import type { TokenizerJson } from '../../src/tokenizers/tokenizer-json.js';
import { tokenizerJsonOf } from '../../src/tokenizers/vocab-txt.js';

export type Fixture = {
  readonly vocab: readonly string[];
  readonly uncased: readonly (readonly [text: string, ids: readonly number[]])[];
  readonly cased: Fixture['uncased'];
  readonly pairs: readonly (readonly [
    first: string,
    second: string | null,
    maxLength: number | null,
    truncation: string | null,
    ids: readonly number[] | null,
    typeIds: readonly number[] | null,
  ])[];
  readonly roberta: {
    readonly json: string;
    readonly rows: Fixture['uncased'];
    readonly pair: readonly [string, string, readonly number[], readonly number[]];
  };
  readonly hashes: Readonly<Record<'sst2' | 'mrpc' | 'mrpcPairs', string>>;
};

/** Witness: Python's `tokenizers`; see make_tokenizer_fixture.py. */
export const fixture = JSON.parse(
  readFileSync(new URL('tokenizers.hugging-face.json', import.meta.url), 'utf8'),
) as Fixture;

export const vocabText = `${fixture.vocab.join('\n')}\n`;

/** The same vocabulary as a `tokenizer.json`, lower-casing. */
export function tokenizerJson(): Record<string, unknown> {
  return tokenizerJsonOf(
    vocabText,
    {
      lowercase: true,
      stripAccents: null,
      chineseChars: true,
      unk: '[UNK]',
      cls: '[CLS]',
      sep: '[SEP]',
      pad: '[PAD]',
      mask: '[MASK]',
    },
    'vocab.txt',
  );
}

export function wordPieces(): Tokenizer {
  const json = tokenizerJson();
  const files = new Map([['tokenizer.json', JSON.stringify(json)]]);
  return openTokenizer(json as TokenizerJson, {}, 'tokenizer.json', files); // as `tokenizerJsonOf` makes it
}
