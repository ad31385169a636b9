/** @file A tokenizer from the files that Hugging Face models bring. Nothing in them is executed. */
import { join } from 'node:path';
import { Tokenizer as Pieces } from '@huggingface/tokenizers';
import { FileError } from '../errors/failures.js';
import { isThere } from '../files/path-entry.js';
import { bertNormaliser } from './bert-normaliser.js';
import { parseJson, readText } from './read-text.js';
import { templatesOf } from './template.js';
import { type Tokenizer, type TokenizerParts, tokenizerFrom } from './tokenizer.js';
import type { TokenizerConfigJson, TokenizerJson } from './tokenizer-json.schema.js';
import { tokenizerJsonOf } from './vocab-txt.js';

const TOKENIZER = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';
const VOCABULARY = 'vocab.txt';
/** The largest of multilingual models have 33 MB. */
const MAX_TOKENIZER_BYTES = 64 * 2 ** 20;
const MAX_CONFIG_BYTES = 4 * 2 ** 20;

/** `loadTokenizer` of `tokenizer.json` or `vocab.txt`, whatever else is in the folder. @throws as it does. */
export async function loadPieces(folder: string): Promise<Tokenizer> {
  const files = new Map<string, string>();
  const read = async (name: string, maxBytes: number): Promise<string | undefined> => {
    const path = join(folder, name);
    if (!(await isThere(path))) return undefined;
    const text = await readText(path, maxBytes);
    files.set(name, text);
    return text;
  };
  const configPath = join(folder, CONFIG);
  const configText = await read(CONFIG, MAX_CONFIG_BYTES);
  const schemas = await import('./tokenizer-json.schema.js');
  const config = checked(schemas.tokenizerConfigSchema, parseJson(configText ?? '{}', configPath), configPath);

  let path = join(folder, TOKENIZER);
  const tokenizerText = await read(TOKENIZER, MAX_TOKENIZER_BYTES);
  const vocabulary = await read(VOCABULARY, MAX_TOKENIZER_BYTES);
  let json: unknown;
  if (tokenizerText !== undefined) json = parseJson(tokenizerText, path);
  else if (vocabulary !== undefined) {
    path = join(folder, VOCABULARY);
    json = tokenizerJsonOf(vocabulary, switchesOf(config), path);
    files.set(TOKENIZER, JSON.stringify(json));
  } else {
    throw new FileError({
      where: folder,
      wanted: `${TOKENIZER} or ${VOCABULARY}`,
      got: 'neither',
      fix: 'copy the tokenizer files of the model beside it',
    });
  }
  return openTokenizer(checked(schemas.tokenizerJsonSchema, json, path), config, path, files);
}

/**
 * A tokenizer from a `tokenizer.json` that has been checked.
 * @param where What it was read from, for messages.
 * @throws FileError if its parts do not fit each other.
 */
export function openTokenizer(
  json: TokenizerJson,
  config: TokenizerConfigJson,
  where: string,
  files: ReadonlyMap<string, string>,
): Tokenizer {
  const templates = templatesOf(json.post_processor, where);
  const ids = idsOf(json);
  const padToken = nameOf(config.pad_token) ?? ['[PAD]', '<pad>'].find((token) => ids.has(token));
  const padId = padToken === undefined ? undefined : ids.get(padToken);
  if (padId === undefined) {
    throw new FileError({
      where,
      wanted: 'a token for padding',
      got: padToken === undefined ? 'none' : `'${padToken}', which has no id`,
      fix: `name pad_token in ${CONFIG}`,
    });
  }
  const unknown = unknownToken(json);
  if (unknown !== undefined && !ids.has(unknown)) {
    throw new FileError({
      where: `${where}: model.unk_token`,
      wanted: 'a token of the vocabulary',
      got: `'${unknown}'`,
    });
  }
  let vocabularySize = 0;
  for (const id of ids.values()) vocabularySize = Math.max(vocabularySize, id + 1);
  const largest = Math.max(
    ...[...templates.single, ...templates.pair].flatMap((item) => ('ids' in item ? item.ids : [])),
    0,
  );
  if (largest >= vocabularySize) {
    throw new FileError({
      where: `${where}: post_processor`,
      wanted: `ids below ${vocabularySize}`,
      got: `${largest}`,
    });
  }
  const { model_max_length: limit } = config;
  return tokenizerFrom({
    vocabularySize,
    firstFrom: (least) => {
      const beyond = [...ids].filter(([, id]) => id >= least).toSorted(([, a], [, b]) => a - b);
      return beyond[0] && { token: beyond[0][0], id: beyond[0][1] };
    },
    padId,
    unknownId: unknown === undefined ? undefined : ids.get(unknown),
    modelMaxLength: typeof limit === 'number' && limit < 2 ** 31 ? Math.floor(limit) : undefined,
    files,
    templates,
    encoded: encoderOf(json, unknown, where),
  });
}

/** Texts to ids by the package, or its failure over the file as one of ours. */
function encoderOf(json: TokenizerJson, unknown: string | undefined, where: string): TokenizerParts['encoded'] {
  let library: Pieces;
  try {
    library = new Pieces({ decoder: null, ...json }, unknown === undefined ? {} : { unk_token: unknown });
    if (json.normalizer?.type === 'BertNormalizer') library.normalizer = bertNormaliser(json.normalizer);
  } catch (error) {
    throw new FileError({
      where,
      wanted: 'a tokenizer',
      got: error instanceof Error ? error.message : String(error),
      fix: 'copy or download the file again',
      cause: error,
    });
  }
  return (text) => {
    const { ids, tokens } = library.encode(text, { add_special_tokens: false });
    const lost = ids.findIndex((id) => !Number.isInteger(id));
    if (lost === -1) return { ids: ids as readonly number[], pieces: tokens };
    throw new FileError({
      where,
      wanted: 'an id for every piece, or an unknown token',
      got: `none for '${tokens[lost]}'`,
      fix: 'add the piece or an unk_token to the vocabulary',
    });
  };
}

function idsOf({ model, added_tokens: added }: TokenizerJson): ReadonlyMap<string, number> {
  const ids = new Map<string, number>();
  if (model.type === 'Unigram') for (const [id, [piece]] of model.vocab.entries()) ids.set(piece, id);
  else for (const [piece, id] of Object.entries(model.vocab)) ids.set(piece, id);
  for (const { content, id } of added) ids.set(content, id);
  return ids;
}

function unknownToken({ model }: TokenizerJson): string | undefined {
  if (model.type === 'Unigram') return model.vocab[model.unk_id]?.[0];
  return model.unk_token ?? undefined;
}

function switchesOf(config: TokenizerConfigJson): Parameters<typeof tokenizerJsonOf>[1] {
  return {
    lowercase: config.do_lower_case ?? true,
    stripAccents: config.strip_accents ?? null,
    chineseChars: config.tokenize_chinese_chars ?? true,
    unk: nameOf(config.unk_token) ?? '[UNK]',
    cls: nameOf(config.cls_token) ?? '[CLS]',
    sep: nameOf(config.sep_token) ?? '[SEP]',
    pad: nameOf(config.pad_token) ?? '[PAD]',
    mask: nameOf(config.mask_token) ?? '[MASK]',
  };
}

function nameOf(token: TokenizerConfigJson['pad_token']): string | undefined {
  return (typeof token === 'object' ? token?.content : token) ?? undefined;
}

/** What a schema's `safeParse` gives, as far as it is needed here. */
type Checker<T> = {
  safeParse(value: unknown):
    | { readonly success: true; readonly data: T }
    | {
        readonly success: false;
        readonly error: { readonly issues: readonly { readonly path: PropertyKey[]; readonly message: string }[] };
      };
};

function checked<T>(schema: Checker<T>, value: unknown, path: string): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const key = issue?.path.map(String).join('.') ?? '';
  throw new FileError({
    where: key === '' ? path : `${path}: ${key}`,
    wanted: 'a supported value',
    got: issue?.message ?? 'something else',
    fix: 'see docs/hugging-face.md for what is supported',
  });
}
