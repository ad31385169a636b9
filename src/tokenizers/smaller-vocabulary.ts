/** @file A tokenizer with the pieces that texts have most often, and no others. */
import { OptionError } from '../errors/failures.js';
import { objectOf } from '../options/json.js';
import { openTokenizer } from './load-pieces.js';
import { templatesOf } from './template.js';
import type { Tokenizer } from './tokenizer.js';
import {
  checkedTokenizerConfig,
  checkedTokenizerJson,
  type PostProcessorJson,
  type TokenizerJson,
} from './tokenizer-json.js';

const TOKENIZER = 'tokenizer.json';
const CONFIG = 'tokenizer_config.json';

export type SmallerVocabulary = {
  readonly tokenizer: Tokenizer;
  /** What the id of each new one was, in ascending order. */
  readonly kept: readonly number[];
};

/**
 * A WordPiece tokenizer of at most `size` pieces: special tokens, then the pieces that occur most often in the texts,
 * of equally frequent ones those of lower id; pieces that never occur are left out, too. A word whose piece is gone is cut
 * into smaller pieces where these are left, as WordPiece does with any word, and is `[UNK]` where they are not. Pieces keep
 * their order, and ids follow each other. The files are rewritten, so that Python's `tokenizers` and `transformers` read
 * the same ids.
 * @throws OptionError for a tokenizer of another kind, or a size that special tokens fill.
 */
export async function smallerVocabulary(
  tokenizer: Tokenizer,
  texts: Iterable<string>,
  size: number,
): Promise<SmallerVocabulary> {
  const json = checkedTokenizerJson(JSON.parse(tokenizer.files.get(TOKENIZER) ?? '{}'), TOKENIZER);
  const { model } = json;
  if (model.type !== 'WordPiece') {
    const fix = 'leave it out, or use the tokenizer of a BERT, such as that of minilm-l6';
    throw new OptionError({ where: 'vocabulary_size', wanted: 'a tokenizer of WordPiece', got: model.type, fix });
  }
  const special = specialIds(json, tokenizer);
  if (!Number.isInteger(size) || size <= special.size) {
    const wanted = `an integer ≥ ${special.size + 1}: ${special.size} special tokens and a piece`;
    throw new OptionError({ where: 'vocabulary_size', wanted, got: String(size) });
  }
  const kept = [...special, ...frequentIds(tokenizer, texts, special).slice(0, size - special.size)].sort(
    (a, b) => a - b,
  );
  const idOf = new Map(kept.map((old, id) => [old, id]));
  const rewritten = renumbered(json, idOf);
  const files = new Map([[TOKENIZER, JSON.stringify(rewritten)]]);
  const config = tokenizer.files.get(CONFIG);
  if (config !== undefined)
    files.set(CONFIG, `${JSON.stringify(renumberedConfig(JSON.parse(config), idOf), null, 2)}\n`);
  const checked = checkedTokenizerConfig(JSON.parse(files.get(CONFIG) ?? '{}'), CONFIG);
  return { tokenizer: openTokenizer(rewritten, checked, `${TOKENIZER} of ${size} pieces`, files), kept };
}

/** Ids that a text need not have to need them: of special tokens, around texts, for what is unknown. */
function specialIds(json: TokenizerJson, { padId, unknownId = padId }: Tokenizer): Set<number> {
  const { single, pair } = templatesOf(json.post_processor, TOKENIZER);
  const around = [...single, ...pair].flatMap((item) => ('ids' in item ? item.ids : []));
  return new Set([padId, unknownId, ...json.added_tokens.map(({ id }) => id), ...around]);
}

/** The other ids of the texts, the most frequent first. */
function frequentIds(tokenizer: Tokenizer, texts: Iterable<string>, special: ReadonlySet<number>): number[] {
  const counts = new Uint32Array(tokenizer.vocabularySize);
  for (const text of texts) {
    for (const id of tokenizer.encodeRow(text).ids) counts[id] = (counts[id] as number) + 1;
  }
  return [...counts.keys()]
    .filter((id) => counts[id] !== 0 && !special.has(id))
    .sort((a, b) => (counts[b] as number) - (counts[a] as number) || a - b);
}

type Ids = ReadonlyMap<number, number>;

/** The same tokenizer with the ids of the map alone. */
function renumbered(json: TokenizerJson, idOf: Ids): TokenizerJson {
  const { model, added_tokens: added, post_processor: around, padding } = json;
  const vocab = 'vocab' in model && !Array.isArray(model.vocab) ? model.vocab : {};
  const pieces = Object.entries(vocab).flatMap(([piece, id]) => {
    const now = idOf.get(id);
    return now === undefined ? [] : [[piece, now] as const];
  });
  const renumber = (processor: PostProcessorJson): PostProcessorJson => {
    switch (processor.type) {
      case 'BertProcessing':
      case 'RobertaProcessing': {
        const now = ([token, id]: [string, number]): [string, number] => [token, renamed(id, idOf)];
        return { ...processor, cls: now(processor.cls), sep: now(processor.sep) };
      }
      case 'TemplateProcessing': {
        const special = Object.entries(processor.special_tokens).map(([token, entry]) => [
          token,
          { ...entry, ids: entry.ids.map((id) => renamed(id, idOf)) },
        ]);
        return { ...processor, special_tokens: Object.fromEntries(special) };
      }
      case 'ByteLevel':
        return processor;
    }
  };
  const { pad_id: padId } = objectOf(padding);
  return {
    ...json,
    ...(typeof padId === 'number' && { padding: { ...objectOf(padding), pad_id: renamed(padId, idOf) } }),
    added_tokens: added.map((token) => ({ ...token, id: renamed(token.id, idOf) })),
    post_processor:
      around === null
        ? null
        : around.type === 'Sequence'
          ? { ...around, processors: around.processors.map(renumber) }
          : renumber(around),
    model: { ...model, vocab: Object.fromEntries(pieces.sort(([, a], [, b]) => a - b)) } as TokenizerJson['model'],
  };
}

/** `transformers` writes the ids of special tokens there once more. */
function renumberedConfig(config: unknown, idOf: Ids): Readonly<Record<string, unknown>> {
  const { added_tokens_decoder: decoder, ...rest } = objectOf(config);
  if (decoder === undefined) return rest;
  const now = Object.entries(objectOf(decoder)).map(([id, token]) => [renamed(Number(id), idOf), token]);
  return { ...rest, added_tokens_decoder: Object.fromEntries(now) };
}

/** Special tokens are all kept. */
function renamed(id: number, idOf: Ids): number {
  return idOf.get(id) ?? id;
}
