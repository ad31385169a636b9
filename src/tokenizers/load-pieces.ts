/** @file A tokenizer from the files that Hugging Face models bring. Nothing in them is executed. */
import { Tokenizer as Pieces } from '@huggingface/tokenizers';
import { FileError } from '../errors/failures.js';
import { messageOf } from '../errors/message-of.js';
import type { NamedFiles } from '../files/named-files.js';
import { decodedText, parseJson } from '../files/stored-text.js';
import { bertNormaliser } from './bert-normaliser.js';
import { templatesOf } from './template.js';
import { type Tokenizer, type TokenizerParts, tokenizerFrom } from './tokenizer.js';
import {
  checkedTokenizerConfig,
  checkedTokenizerJson,
  type TokenizerConfigJson,
  type TokenizerJson,
  tokenName,
} from './tokenizer-json.js';
import type { BertSwitches } from './vocab-txt.js';

const TOKENIZER = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';
const VOCABULARY = 'vocab.txt';
/** The largest of multilingual models have 33 MB. */
const MAX_TOKENIZER_BYTES = 64 * 2 ** 20;
const MAX_CONFIG_BYTES = 4 * 2 ** 20;

/** The tokenizer of `tokenizer.json` or `vocab.txt`, whatever else is there. @throws as `loadTokenizer` does. */
export async function piecesOf(source: NamedFiles): Promise<Tokenizer> {
  const files = new Map<string, string>();
  const read = async (name: string, maxBytes: number): Promise<string | undefined> => {
    const bytes = await source.read(name, maxBytes);
    if (bytes === undefined) return undefined;
    const text = decodedText(bytes, source.place(name));
    files.set(name, text);
    return text;
  };
  const configPath = source.place(CONFIG);
  const config = checkedTokenizerConfig(
    parseJson((await read(CONFIG, MAX_CONFIG_BYTES)) ?? '{}', configPath),
    configPath,
  );

  let path = source.place(TOKENIZER);
  const tokenizerText = await read(TOKENIZER, MAX_TOKENIZER_BYTES);
  const vocabulary = await read(VOCABULARY, MAX_TOKENIZER_BYTES);
  let json: unknown;
  if (tokenizerText !== undefined) json = parseJson(tokenizerText, path);
  else if (vocabulary !== undefined) {
    path = source.place(VOCABULARY);
    // Exports have a `tokenizer.json`: their pages load no code for this.
    const { tokenizerJsonOf } = await import('./vocab-txt.js');
    json = tokenizerJsonOf(vocabulary, switchesOf(config), path);
    files.set(TOKENIZER, JSON.stringify(json));
  } else {
    throw new FileError({
      where: source.where,
      wanted: `${TOKENIZER} or ${VOCABULARY}`,
      got: 'neither',
      fix: 'copy the tokenizer files of the model beside it',
    });
  }
  return openTokenizer(checkedTokenizerJson(json, path), config, path, files);
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
  const padToken = tokenName(config.pad_token) ?? ['[PAD]', '<pad>'].find((token) => ids.has(token));
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
      got: messageOf(error),
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

function switchesOf(config: TokenizerConfigJson): BertSwitches {
  return {
    lowercase: config.do_lower_case ?? true,
    stripAccents: config.strip_accents ?? null,
    chineseChars: config.tokenize_chinese_chars ?? true,
    unk: tokenName(config.unk_token) ?? '[UNK]',
    cls: tokenName(config.cls_token) ?? '[CLS]',
    sep: tokenName(config.sep_token) ?? '[SEP]',
    pad: tokenName(config.pad_token) ?? '[PAD]',
    mask: tokenName(config.mask_token) ?? '[MASK]',
  };
}
