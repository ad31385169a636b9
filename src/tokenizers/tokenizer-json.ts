/**
 * @file What a tokenizer folder's JSON may hold. Only parts whose work grows with the length of the text are let in: a
 * file's own regular expressions could run for ever on the right text, so they are refused.
 */
import { isJsonObject } from '../options/json.js';
import {
  byType,
  type Check,
  type Checked,
  checkedJson,
  either,
  flag,
  list,
  mapOf,
  nullable,
  object,
  oneOf,
  optional,
  pairOf,
  strictObject,
  such,
  text,
  whole,
} from '../options/json-checks.js';

/** No vocabulary comes near it; ids index arrays. */
const MAX_ID = 2 ** 24;
const id = whole(0, MAX_ID);
const type = whole(0, 1000);
const token = text();
const someText = text(1);

/** Checked in one loop: a vocabulary has as many entries as the rest of the file has bytes. */
const vocabulary = such<Record<string, number>>(
  'pieces with ids, integers ≥ 0',
  (value) => isJsonObject(value) && Object.values(value).every(isId),
);

const scoredPieces = such<[string, number][]>(
  'pairs of a piece and its score',
  (value) =>
    Array.isArray(value) &&
    value.every((piece) => Array.isArray(piece) && typeof piece[0] === 'string' && Number.isFinite(piece[1])),
);

const merges = such<string[] | [string, string][]>(
  'merges of two pieces each',
  (value) =>
    Array.isArray(value) &&
    value.every((merge) =>
      typeof merge === 'string'
        ? merge.includes(' ')
        : Array.isArray(merge) && merge.length === 2 && merge.every((part) => typeof part === 'string'),
    ),
);

const model = byType({
  WordPiece: object({
    vocab: vocabulary,
    unk_token: token,
    continuing_subword_prefix: token,
    // Finding the pieces of a word takes the square of this.
    max_input_chars_per_word: whole(1, 1000),
  }),
  WordLevel: object({ vocab: vocabulary, unk_token: token }),
  BPE: object({ vocab: vocabulary, merges, unk_token: optional(nullable(token)) }),
  Unigram: object({ vocab: scoredPieces, unk_id: id }),
});

const isFixed = strictObject({ String: someText });
const pattern: typeof isFixed = (value) => {
  const problem = isFixed(value);
  return problem && { ...problem, wanted: 'a pattern that is a fixed text; regular expressions are refused' };
};
const nothingMore = object({});

const plainNormalizers = {
  BertNormalizer: object({
    clean_text: flag,
    handle_chinese_chars: flag,
    strip_accents: nullable(flag),
    lowercase: flag,
  }),
  Lowercase: nothingMore,
  NFC: nothingMore,
  NFD: nothingMore,
  NFKC: nothingMore,
  NFKD: nothingMore,
  StripAccents: nothingMore,
  Strip: object({ strip_left: flag, strip_right: flag }),
  Prepend: object({ prepend: token }),
  Replace: object({ pattern, content: token }),
};
const normalizer = byType({
  ...plainNormalizers,
  Sequence: object({ normalizers: list(byType(plainNormalizers), 0, 20) }),
});

const plainPreTokenizers = {
  BertPreTokenizer: nothingMore,
  Whitespace: nothingMore,
  WhitespaceSplit: nothingMore,
  Punctuation: object({
    behavior: optional(oneOf('Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous')),
  }),
  Digits: object({ individual_digits: flag }),
  ByteLevel: object({ add_prefix_space: flag, trim_offsets: optional(flag), use_regex: optional(flag) }),
  Metaspace: object({
    replacement: token,
    add_prefix_space: optional(flag),
    prepend_scheme: optional(oneOf('always', 'never', 'first')),
  }),
};
const preTokenizer = byType({
  ...plainPreTokenizers,
  Sequence: object({ pretokenizers: list(byType(plainPreTokenizers), 0, 20) }),
});

const tokenAndId = pairOf(token, id);
const templateItem = either(
  strictObject({ SpecialToken: strictObject({ id: token, type_id: type }) }),
  strictObject({ Sequence: strictObject({ id: oneOf('A', 'B'), type_id: type }) }),
);

const plainPostProcessors = {
  BertProcessing: object({ sep: tokenAndId, cls: tokenAndId }),
  RobertaProcessing: object({ sep: tokenAndId, cls: tokenAndId }),
  TemplateProcessing: object({
    single: list(templateItem, 0, 100),
    pair: list(templateItem, 0, 100),
    special_tokens: mapOf(object({ ids: list(id, 0, 100) })),
  }),
  ByteLevel: nothingMore,
};
const plainPostProcessor = byType(plainPostProcessors);
const postProcessor = byType({
  ...plainPostProcessors,
  Sequence: object({ processors: list(plainPostProcessor, 0, 5) }),
});

const tokenizerCheck = object({
  added_tokens: list(
    object({
      id,
      content: someText,
      single_word: optional(flag),
      lstrip: optional(flag),
      rstrip: optional(flag),
      normalized: optional(flag),
      special: optional(flag),
    }),
    0,
    100_000,
  ),
  normalizer: nullable(normalizer),
  pre_tokenizer: nullable(preTokenizer),
  post_processor: nullable(postProcessor),
  model,
});

export type TokenizerJson = Checked<typeof tokenizerCheck>;
export type PostProcessorJson = Checked<typeof plainPostProcessor>;

function maybe<T>(check: Check<T>): Check<T | null | undefined> {
  return optional(nullable(check));
}

/** A token as `tokenizer_config.json` and `special_tokens_map.json` write it. */
const configToken = maybe(either(object({ content: token }), token));

const configCheck = object({
  do_lower_case: maybe(flag),
  strip_accents: maybe(flag),
  tokenize_chinese_chars: maybe(flag),
  unk_token: configToken,
  cls_token: configToken,
  sep_token: configToken,
  pad_token: configToken,
  mask_token: configToken,
  // `transformers` writes 1e30 for "no limit".
  model_max_length: maybe(such<number>('a number ≥ 1', (value) => typeof value === 'number' && value >= 1)),
});

/** `tokenizer_config.json`, as far as it is read here. */
export type TokenizerConfigJson = Checked<typeof configCheck>;

const FIX = 'see docs/hugging-face.md for what is supported';

/** @throws FileError for a `tokenizer.json` with parts that are not supported. */
export function checkedTokenizerJson(value: unknown, where: string): TokenizerJson {
  return checkedJson(tokenizerCheck, value, where, FIX);
}

/** @throws FileError for a `tokenizer_config.json` that is something else. */
export function checkedTokenizerConfig(value: unknown, where: string): TokenizerConfigJson {
  return checkedJson(configCheck, value, where, FIX);
}

/** Whatever way a config has written a token. */
export function tokenName(written: TokenizerConfigJson['pad_token']): string | undefined {
  return (typeof written === 'object' ? written?.content : written) ?? undefined;
}

function isId(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_ID;
}
