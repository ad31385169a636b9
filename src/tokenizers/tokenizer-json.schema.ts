/**
 * @file What a tokenizer folder's JSON may hold. Only parts whose work grows with the length of the text are let in: a
 * file's own regular expressions could run for ever on the right text, so they are refused.
 */

import { z } from 'zod';
import { isJsonObject } from '../options/json.js';

/** No vocabulary comes near it; ids index arrays. */
const MAX_ID = 2 ** 24;
const id = z.int().min(0).max(MAX_ID);
const token = z.string().max(10_000);

/** Checked in one loop: a vocabulary has as many entries as the rest of the file has bytes. */
const vocabulary = z.custom<Record<string, number>>(
  (value) => isJsonObject(value) && Object.values(value).every(isId),
  'wanted pieces with ids, integers ≥ 0',
);

const scoredPieces = z.custom<[string, number][]>(
  (value) =>
    Array.isArray(value) &&
    value.every((piece) => Array.isArray(piece) && typeof piece[0] === 'string' && Number.isFinite(piece[1])),
  'wanted pairs of a piece and its score',
);

const merges = z.custom<string[] | [string, string][]>(
  (value) =>
    Array.isArray(value) &&
    value.every((merge) =>
      typeof merge === 'string'
        ? merge.includes(' ')
        : Array.isArray(merge) && merge.length === 2 && merge.every(isText),
    ),
  'wanted merges of two pieces each',
);

const model = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('WordPiece'),
    vocab: vocabulary,
    unk_token: token,
    continuing_subword_prefix: token,
    // Finding the pieces of a word takes the square of this.
    max_input_chars_per_word: z.int().min(1).max(1000),
  }),
  z.looseObject({ type: z.literal('WordLevel'), vocab: vocabulary, unk_token: token }),
  z.looseObject({ type: z.literal('BPE'), vocab: vocabulary, merges, unk_token: token.nullish() }),
  z.looseObject({ type: z.literal('Unigram'), vocab: scoredPieces, unk_id: id }),
]);

const pattern = z.strictObject(
  { String: token.min(1) },
  'a pattern must be a fixed text; regular expressions are refused',
);
const flag = z.boolean();

const plainNormalizer = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('BertNormalizer'),
    clean_text: flag,
    handle_chinese_chars: flag,
    strip_accents: flag.nullable(),
    lowercase: flag,
  }),
  z.looseObject({ type: z.enum(['Lowercase', 'NFC', 'NFD', 'NFKC', 'NFKD', 'StripAccents']) }),
  z.looseObject({ type: z.literal('Strip'), strip_left: flag, strip_right: flag }),
  z.looseObject({ type: z.literal('Prepend'), prepend: token }),
  z.looseObject({ type: z.literal('Replace'), pattern, content: token }),
]);
const normalizer = z.union([
  plainNormalizer,
  z.looseObject({ type: z.literal('Sequence'), normalizers: z.array(plainNormalizer).max(20) }),
]);

const plainPreTokenizer = z.discriminatedUnion('type', [
  z.looseObject({ type: z.enum(['BertPreTokenizer', 'Whitespace', 'WhitespaceSplit']) }),
  z.looseObject({
    type: z.literal('Punctuation'),
    behavior: z.enum(['Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext', 'Contiguous']).optional(),
  }),
  z.looseObject({ type: z.literal('Digits'), individual_digits: flag }),
  z.looseObject({
    type: z.literal('ByteLevel'),
    add_prefix_space: flag,
    trim_offsets: flag.optional(),
    use_regex: flag.optional(),
  }),
  z.looseObject({
    type: z.literal('Metaspace'),
    replacement: token,
    add_prefix_space: flag.optional(),
    prepend_scheme: z.enum(['always', 'never', 'first']).optional(),
  }),
]);
const preTokenizer = z.union([
  plainPreTokenizer,
  z.looseObject({ type: z.literal('Sequence'), pretokenizers: z.array(plainPreTokenizer).max(20) }),
]);

const tokenAndId = z.tuple([token, id]);
const templateItem = z.union([
  z.strictObject({ SpecialToken: z.strictObject({ id: token, type_id: id.max(1000) }) }),
  z.strictObject({ Sequence: z.strictObject({ id: z.enum(['A', 'B']), type_id: id.max(1000) }) }),
]);

const plainPostProcessor = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('BertProcessing'), sep: tokenAndId, cls: tokenAndId }),
  z.looseObject({ type: z.literal('RobertaProcessing'), sep: tokenAndId, cls: tokenAndId }),
  z.looseObject({
    type: z.literal('TemplateProcessing'),
    single: z.array(templateItem).max(100),
    pair: z.array(templateItem).max(100),
    special_tokens: z.record(z.string(), z.looseObject({ ids: z.array(id).max(100) })),
  }),
  z.looseObject({ type: z.literal('ByteLevel') }),
]);
const postProcessor = z.union([
  plainPostProcessor,
  z.looseObject({ type: z.literal('Sequence'), processors: z.array(plainPostProcessor).max(5) }),
]);

export const tokenizerJsonSchema = z.looseObject({
  added_tokens: z
    .array(
      z.looseObject({
        id,
        content: token.min(1),
        single_word: flag.optional(),
        lstrip: flag.optional(),
        rstrip: flag.optional(),
        normalized: flag.optional(),
        special: flag.optional(),
      }),
    )
    .max(100_000),
  normalizer: normalizer.nullable(),
  pre_tokenizer: preTokenizer.nullable(),
  post_processor: postProcessor.nullable(),
  model,
});

export type TokenizerJson = z.infer<typeof tokenizerJsonSchema>;
export type PostProcessorJson = z.infer<typeof plainPostProcessor>;

/** A token as `tokenizer_config.json` and `special_tokens_map.json` write it. */
const configToken = z.union([token, z.looseObject({ content: token })]).nullish();

/** `tokenizer_config.json`, as far as it is read here. */
export const tokenizerConfigSchema = z.looseObject({
  do_lower_case: flag.nullish(),
  strip_accents: flag.nullish(),
  tokenize_chinese_chars: flag.nullish(),
  unk_token: configToken,
  cls_token: configToken,
  sep_token: configToken,
  pad_token: configToken,
  mask_token: configToken,
  // `transformers` writes 1e30 for "no limit".
  model_max_length: z.number().min(1).nullish(),
});

export type TokenizerConfigJson = z.infer<typeof tokenizerConfigSchema>;

function isId(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= MAX_ID;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}
