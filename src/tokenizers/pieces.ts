/** @file What a tokenizer's ids stand for: needed by those who hide words and put others into their place. */
import { OptionError } from '../errors/failures.js';
import type { Tokenizer } from './tokenizer.js';
import { checkedTokenizerConfig, checkedTokenizerJson, type TokenizerJson, tokenName } from './tokenizer-json.js';

export type Pieces = {
  /** By id; ids without a piece are empty. */
  readonly names: readonly string[];
  /** Ids that are no part of a text: `[CLS]`, `[PAD]`, `[MASK]`, `[unused7]`. */
  readonly special: ReadonlySet<number>;
  /** What stands for a hidden word. */
  readonly mask: { readonly token: string; readonly id: number };
  /** What a piece that goes on with a word begins with, `##`; undefined where pieces are marked in another way. */
  readonly continuation: string | undefined;
};

const MASKS: readonly string[] = ['[MASK]', '<mask>'];
const UNUSED = /^\[unused\d+\]$/;

/** How each id is spelt; ids without a piece are empty. */
export function readSpellings({ files }: Pick<Tokenizer, 'files'>): readonly string[] {
  return spellingsOf(checkedTokenizerJson(JSON.parse(files.get('tokenizer.json') ?? ''), 'tokenizer.json'));
}

function spellingsOf({ model, added_tokens: added }: TokenizerJson): readonly string[] {
  const names: string[] = [];
  if (model.type === 'Unigram') for (const [id, [piece]] of model.vocab.entries()) names[id] = piece;
  else for (const [piece, id] of Object.entries(model.vocab)) names[id] = piece;
  for (const { content, id } of added) names[id] = content;
  return Array.from(names, (name) => name ?? '');
}

/**
 * The pieces of a tokenizer.
 * @throws OptionError for a tokenizer without a mask token.
 */
export async function readPieces({ files }: Pick<Tokenizer, 'files'>): Promise<Pieces> {
  const json = checkedTokenizerJson(JSON.parse(files.get('tokenizer.json') ?? ''), 'tokenizer.json');
  const config = JSON.parse(files.get('tokenizer_config.json') ?? '{}');
  const named = tokenName(checkedTokenizerConfig(config, 'tokenizer_config.json').mask_token);
  const { model, added_tokens: added } = json;
  const names = spellingsOf(json);
  const special = new Set(added.filter((token) => token.special === true).map(({ id }) => id));
  for (const [id, name] of names.entries()) if (UNUSED.test(name)) special.add(id);

  const wanted = named ?? names.find((name) => MASKS.includes(name));
  const id = wanted === undefined ? -1 : names.indexOf(wanted);
  if (wanted === undefined || id < 0) {
    throw new OptionError({
      where: 'tokenizer',
      wanted: `a mask token (${MASKS.join(', ')})`,
      got: wanted === undefined ? 'none' : `'${wanted}', which has no id`,
      fix: 'use a tokenizer of a masked language model, or name mask_token in tokenizer_config.json',
    });
  }
  return {
    names,
    special: special.add(id),
    mask: { token: wanted, id },
    continuation: model.type === 'WordPiece' ? model.continuing_subword_prefix : undefined,
  };
}
