/**
 * @file Words replaced by what a masked language model puts into their places. Jiao et al. 2020, "TinyBERT", Findings of
 * EMNLP, arXiv:1909.10351, algorithm 1; code huawei-noah/Pretrained-Language-Model, `TinyBERT/data_augmentation.py`.
 *
 *   for each word that is letters alone and no stop word
 *     of one piece:      the K likeliest pieces at its place in the pair "text with the word hidden [SEP] text"
 *     of several pieces: the K nearest words by the cosine of their vectors
 *   N_a copies, in each of which a word becomes one of its candidates with probability p_t
 *
 * Symbols:    K candidates | N_a copies | p_t replaceRate
 * Departures: pieces that go on with a word (`##`) are taken out of the K, as in the code, and so are special tokens; the
 *             word itself stays a candidate, as in both. Vectors are GloVe's from a file, else rows of the model's own
 *             word table. Of a pair both texts are changed in each copy; the code changes the first, and then the second
 *             beside the last of the first's variants. A text keeps its spelling around the words; the code lower-cases
 *             and sets tokens apart. Equal copies are left out, though they count. Draws: one a word, and one more where
 *             it is replaced.
 */
import { OptionError } from '../errors/failures.js';
import { type FrozenForward, openFrozenForward } from '../models/forward.js';
import { answersAtPositions, MASKED_POSITIONS } from '../models/masked-positions.js';
import { modelHash } from '../models/saved-model.js';
import type { TextModel } from '../models/text-model.js';
import { isMaskedLm } from '../models/with-masked-lm-head.js';
import { defined } from '../options/given.js';
import type { SessionOptions } from '../runtime/backend.js';
import { fromNumbers } from '../tensor/tensor.js';
import { type Pieces, readPieces } from '../tokenizers/pieces.js';
import { TOKENS_PER_RUN } from '../tokenizers/token-limits.js';
import { type EncodedRow, padRows, type Tokenizer } from '../tokenizers/tokenizer.js';
import { tokenizerHash } from '../tokenizers/tokenizer-hash.js';
import type { WordVectors } from '../tokenizers/word-vectors.js';
import { type Augmentation, expectCopies, type SourceText } from './augmentation.js';
import { largestPlaces, type Neighbours, pieceNeighbours, vectorNeighbours } from './neighbours.js';
import { STOP_WORDS } from './stop-words.js';
import { inCaseOf, type TextWord, textOf, textWords } from './text-words.js';

export type MlmOptions = Pick<SessionOptions, 'threads' | 'device'> & {
  /** A trained masked language model with a WordPiece tokenizer, as BERT has it. */
  readonly model: Pick<TextModel, 'model' | 'weights' | 'tokenizer'>;
  /** New texts of a row, before equal ones are left out. Default: 20. */
  readonly copies?: number;
  /** Default: 0.4. */
  readonly replaceRate?: number;
  /** Default: 15. */
  readonly candidates?: number;
  /** For words of several pieces, such as GloVe's. Default: the model's own word table. */
  readonly vectors?: WordVectors;
  /** Words that stay, in small letters. Default: NLTK's English list. */
  readonly stopWords?: ReadonlySet<string>;
};

export const mlmDefaults = { copies: 20, replaceRate: 0.4, candidates: 15 } as const;

/** The logits of a run are one vocabulary a row. */
const MOST_ROWS_PER_RUN = 32;
/** What a model without a table of positions is given at most. */
const MOST_TOKENS = 512;

/**
 * Opens the augmentation on a model. To be released after its last use.
 * @throws OptionError for a number out of range, a model with another head, or a tokenizer of another kind.
 */
export async function openMlm(options: MlmOptions): Promise<Augmentation> {
  const { copies, replaceRate, candidates } = { ...mlmDefaults, ...defined(options) };
  const { stopWords = STOP_WORDS, vectors, model: given } = options;
  expectCopies(copies);
  if (!(replaceRate > 0 && replaceRate <= 1)) {
    throw new OptionError({ where: 'replaceRate', wanted: 'a number > 0 and ≤ 1', got: String(replaceRate) });
  }
  if (!(Number.isInteger(candidates) && candidates >= 1)) {
    throw new OptionError({ where: 'candidates', wanted: 'an integer ≥ 1', got: String(candidates) });
  }
  const { model, weights, tokenizer } = given;
  if (!isMaskedLm(model)) {
    throw new OptionError({
      where: 'augmentation mlm',
      wanted: 'a masked language model',
      got: `a ${model.kind} with the head ${String(model.config.head ?? 'none')}`,
      fix: 'use a masked language model, such as a run of retort pretrain',
    });
  }
  const pieces = await readPieces(tokenizer);
  if (pieces.continuation === undefined) {
    const got = 'another kind';
    throw new OptionError({ where: 'augmentation mlm', wanted: 'a WordPiece tokenizer, as BERT has', got });
  }
  const pieceIds = (word: string) => tokenizer.encodeRow(word).ids.filter((id) => !pieces.special.has(id));
  const neighbours =
    vectors === undefined
      ? pieceNeighbours(weights, pieces, pieceIds, candidates)
      : vectorNeighbours(vectors, candidates);
  const forward = await openFrozenForward({ model: answersAtPositions(model), weights }, ['logits'], options);
  const maxLength = model.maxTokens ?? MOST_TOKENS;
  const finder: Finder = { tokenizer, pieces, pieceIds, neighbours, forward, candidates, stopWords, maxLength };
  return {
    name: 'mlm',
    settings: {
      copies,
      replaceRate,
      candidates,
      model: modelHash({ model, weights }),
      tokenizer: tokenizerHash(tokenizer),
      vectors: neighbours.hash,
      ...(options.stopWords && { stopWords: [...options.stopWords].sort().join(' ') }),
    },
    copies: async ({ text, pair }, random) => {
      const first = await textWithCandidates(text, finder);
      const second = pair === undefined ? undefined : await textWithCandidates(pair, finder);
      const draw = (): number => random.uniform();
      return Array.from({ length: copies }, (): SourceText => {
        const changed = variant(first, replaceRate, draw);
        return { text: changed, ...(second && { pair: variant(second, replaceRate, draw) }) };
      });
    },
    release: () => forward.release(),
  };
}

type Finder = {
  readonly tokenizer: Tokenizer;
  readonly pieces: Pieces;
  readonly pieceIds: (word: string) => readonly number[];
  readonly neighbours: Neighbours;
  readonly forward: FrozenForward;
  readonly candidates: number;
  readonly stopWords: ReadonlySet<string>;
  readonly maxLength: number;
};

/** The words of a text, and for some of them what may stand in their places. */
type Candidates = { readonly words: readonly TextWord[]; readonly byPlace: ReadonlyMap<number, readonly string[]> };

/** One copy of a text. */
function variant({ words, byPlace }: Candidates, rate: number, draw: () => number): string {
  return textOf(
    words.map((given, place) => {
      const candidates = byPlace.get(place);
      if (candidates === undefined || draw() >= rate) return given;
      const chosen = candidates[Math.floor(draw() * candidates.length)] as string;
      return { ...given, word: inCaseOf(given.word, chosen) };
    }),
  );
}

async function textWithCandidates(text: string, finder: Finder): Promise<Candidates> {
  const { pieceIds, neighbours, stopWords } = finder;
  const words = textWords(text);
  const byPlace = new Map<number, readonly string[]>();
  const single: number[] = [];
  for (const [place, { word }] of words.entries()) {
    if (!/^\p{L}+$/u.test(word) || stopWords.has(word.toLowerCase())) continue;
    const { length } = pieceIds(word);
    if (length === 1) single.push(place);
    else if (length > 1) byPlace.set(place, neighbours.of(word));
  }
  const guessed = await guesses(words, single, finder);
  for (const [i, place] of single.entries()) byPlace.set(place, guessed[i] ?? []);
  for (const [place, candidates] of byPlace) if (candidates.length === 0) byPlace.delete(place);
  return { words, byPlace };
}

/**
 * The likeliest words at some places of a text, for each of them. Runs hold words of one text alone, so that the answers
 * do not depend on what other texts there are.
 */
async function guesses(words: readonly TextWord[], places: readonly number[], finder: Finder): Promise<string[][]> {
  const { tokenizer, pieces, forward, candidates } = finder;
  const asked = places.map((place) => questionAt(words, place, finder));
  const longest = asked.reduce((most, question) => Math.max(most, question?.row.ids.length ?? 0), 1);
  const size = Math.max(1, Math.min(MOST_ROWS_PER_RUN, Math.floor(TOKENS_PER_RUN / longest)));
  const found: string[][] = places.map(() => []);
  const real = [...asked.keys()].filter((i) => asked[i] !== undefined);
  for (let start = 0; start < real.length; start += size) {
    const part = real.slice(start, start + size);
    const questions = part.map((i) => asked[i] as Question);
    const { logits } = await forward.run({
      ...padRows(
        questions.map(({ row }) => row),
        tokenizer.padId,
        longest,
      ),
      [MASKED_POSITIONS]: fromNumbers(
        'int64',
        [part.length, 1],
        questions.map(({ at }) => at),
      ),
    }); // [N, 1, V]
    const V = logits?.shape[2] ?? 0;
    const values = logits?.data as Float32Array;
    for (const [n, i] of part.entries()) {
      const likeliest = largestPlaces(values.subarray(n * V, (n + 1) * V), candidates);
      found[i] = likeliest.flatMap((id) => wordOfPiece(id, pieces));
    }
  }
  return found;
}

/** The text of a piece that is a whole word; none of others. */
function wordOfPiece(id: number, { names, special, continuation }: Pieces): string[] {
  const name = names[id] ?? '';
  return special.has(id) || name === '' || (continuation !== undefined && name.startsWith(continuation)) ? [] : [name];
}

type Question = { readonly row: EncodedRow; readonly at: number };

/** The pair "text with the word hidden [SEP] text", and where the hidden word is; undefined where it was cut off. */
function questionAt(words: readonly TextWord[], place: number, finder: Finder): Question | undefined {
  const { tokenizer, pieces, maxLength } = finder;
  const { token, id } = pieces.mask;
  const hidden = textOf(words.map((given, i) => (i === place ? { ...given, word: token } : given)));
  const row = tokenizer.encodeRow(hidden, textOf(words), { maxLength });
  // A text may hold the mask token itself.
  const before = textOf(words.slice(0, place)).split(token).length - 1;
  const masks = [...row.ids.keys()].filter((at) => row.ids[at] === id);
  const at = masks[before];
  const end = row.typeIds.indexOf(1);
  return at === undefined || (end >= 0 && at >= end) ? undefined : { row, at };
}
