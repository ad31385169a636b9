/** @file What `pieceEncoder` needs of a tokenizer, from its files; a file for edge and browser has no more of it. */
import { OptionError } from '../errors/failures.js';
import { isWordSplit, type PieceFacts } from '../standalone/word-pieces.js';
import { templatesOf } from '../tokenizers/template.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { checkedTokenizerJson, type TokenizerJson } from '../tokenizers/tokenizer-json.js';

/**
 * @returns facts, and the pieces by id, a line each
 * @throws OptionError for a tokenizer of other parts than BERT's WordPiece or whole words.
 */
export function pieceFacts({ files, padId }: Pick<Tokenizer, 'files' | 'padId'>): [PieceFacts, vocabulary: string] {
  const json = checkedTokenizerJson(JSON.parse(files.get('tokenizer.json') ?? '{}'), 'tokenizer.json');
  const { normalizer, pre_tokenizer: split, model, added_tokens: added, post_processor: templates } = json;
  if (normalizer !== null && normalizer.type !== 'BertNormalizer') throw unknown(`the normaliser ${normalizer.type}`);
  const words = split === null ? null : split.type;
  if (!isWordSplit(words)) throw unknown(`the pre-tokenizer ${words}`);
  if (model.type !== 'WordPiece' && model.type !== 'WordLevel') throw unknown(`a ${model.type}`);
  const strange = added.find((token) => token.lstrip || token.rstrip || (token.normalized ?? !token.special));
  if (strange !== undefined) throw unknown(`the added token '${strange.content}', which is not found as it stands`);
  const facts: PieceFacts = {
    normaliser: normalizer && {
      clean_text: normalizer.clean_text,
      handle_chinese_chars: normalizer.handle_chinese_chars,
      strip_accents: normalizer.strip_accents,
      lowercase: normalizer.lowercase,
    },
    split: words,
    ...(model.type === 'WordPiece' && {
      wordPiece: { prefix: model.continuing_subword_prefix, mostCharacters: model.max_input_chars_per_word },
    }),
    unknown: model.unk_token,
    added: added.map(({ content, id }) => [content, id] as const),
    templates: templatesOf(templates, 'tokenizer.json'),
    padId,
  };
  return [facts, vocabularyOf(model.vocab)];
}

/** A piece with a line break in it meets no text, which is split there. */
function vocabularyOf(vocab: Extract<TokenizerJson['model'], { type: 'WordPiece' }>['vocab']): string {
  const pieces: string[] = [];
  for (const [piece, id] of Object.entries(vocab)) pieces[id] = piece.includes('\n') ? '' : piece;
  return Array.from(pieces, (piece) => piece ?? '').join('\n');
}

function unknown(got: string): OptionError {
  return new OptionError({
    where: 'to js',
    wanted: "a tokenizer of BERT's WordPiece or of whole words",
    got,
    fix: 'use --to onnx or --to hf',
  });
}
