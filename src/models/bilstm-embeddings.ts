/** @file BiLSTM students that start with word embeddings: a teacher's, made narrower, or vectors from a file. */
import { CheckpointError, FileError, OptionError } from '../errors/failures.js';
import { initialiseParameters } from '../nn/parameters.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import { expectKnownIds } from '../tokenizers/known-ids.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { readWordVectors } from '../tokenizers/word-vectors.js';
import {
  type FrequentWordsOptions,
  frequentWords,
  frequentWordsDefaults,
  WORD_SPECIAL_TOKENS,
  type WordRules,
  wordSplitter,
  wordTokenizer,
} from '../tokenizers/word-vocabulary.js';
import { type BilstmConfig, bilstm, bilstmDefaults } from './bilstm.js';
import { WORD_EMBEDDINGS } from './encoder.js';
import { ENCODERS } from './families.js';
import type { Model, TrainedModel, Weights } from './model.js';
import { truncatedSvd } from './truncated-svd.js';

/** A student before its first step, and the tokenizer whose ids it reads. */
export type NewBilstm = { readonly model: Model; readonly weights: Weights; readonly tokenizer: Tokenizer };

const TABLE = `${WORD_EMBEDDINGS}.weight`;
const EMBEDDINGS = 'embed.weight';

/** Root mean square of U(±0.25), from which a BiLSTM's embeddings start otherwise. */
const SPREAD = 0.25 / Math.sqrt(3);

/**
 * A teacher's word embeddings [V, H], of any of the BERT family, as [V, E]: less their mean, projected on the E
 * directions in which they differ most (truncated SVD of the centred table, which is principal component analysis), all
 * times one number that gives the elements the root mean square of U(±0.25). Angles and proportions of distances stay as
 * near as E dimensions allow. The mean is left out because it tells no word from another and the LSTM's bias can make up
 * for it. The row of padding takes no part and is zero.
 * @throws CheckpointError for weights without word embeddings, or with equal ones; OptionError for an E above H, or a
 *   `padId` that is no row.
 */
export async function reducedEmbeddings(
  weights: Weights,
  { size, padId }: { readonly size: number; readonly padId: number },
): Promise<Tensor<'float32'>> {
  const [V, H, table] = wordTable(weights);
  if (!Number.isInteger(size) || size < 1 || size > H) {
    throw new OptionError({
      where: 'embedding_size',
      wanted: `an integer from 1 to ${H}, the width of the teacher's word embeddings`,
      got: String(size),
      fix: `use at most ${H}, a wider teacher, or word vectors from a file`,
    });
  }
  if (!Number.isInteger(padId) || padId < 0 || padId >= V) {
    throw new OptionError({ where: 'padId', wanted: `a row from 0 to ${V - 1}`, got: String(padId) });
  }
  const { projected } = await truncatedSvd(centred(table, V, H, padId), size); // [V, E]
  let squares = 0;
  for (const value of projected.data) squares += value * value;
  if (squares === 0) {
    throw new CheckpointError({ where: `tensor '${TABLE}'`, wanted: 'rows that differ', got: 'equal ones' });
  }
  const factor = SPREAD / Math.sqrt(squares / ((V - 1) * size));
  const rows = projected.data.map((value) => value * factor);
  // 0 times a negative number is -0.
  return tensor('float32', [V, size], rows.fill(0, padId * size, (padId + 1) * size));
}

function wordTable(weights: Weights): [V: number, H: number, Float32Array] {
  const table = weights[TABLE];
  const [V, H] = table?.shape ?? [];
  if (table !== undefined && V !== undefined && H !== undefined) return [V, H, table.data];
  throw new CheckpointError({
    where: "the teacher's weights",
    wanted: `'${TABLE}', as an encoder has (${ENCODERS})`,
    got: Object.keys(weights).slice(0, 3).join(', ') || 'none',
    fix: 'use such a teacher, or word vectors from a file',
  });
}

/** Less the mean of all rows but one, which becomes zero: [V, H] -> [V, H] */
function centred(table: Float32Array, V: number, H: number, without: number): Tensor<'float32'> {
  const mean = new Float64Array(H);
  for (let v = 0; v < V; v++) {
    if (v === without) continue;
    for (let h = 0; h < H; h++) mean[h] = (mean[h] as number) + (table[v * H + h] as number) / (V - 1);
  }
  const rows = table.map((value, i) => value - (mean[i % H] as number));
  return tensor('float32', [V, H], rows.fill(0, without * H, (without + 1) * H));
}

export type BilstmFromTeacherOptions = {
  /** Draws all other weights. */
  readonly seed: number;
  /** `embedding_size` is 300, or the teacher's width if that is less, unless given. */
  readonly config?: Partial<Omit<BilstmConfig, 'vocab_size' | 'pad_token_id'>>;
};

/**
 * A BiLSTM that reads the ids of a teacher's tokenizer and starts from its word embeddings, by `reducedEmbeddings`.
 * @throws as `reducedEmbeddings` does; CheckpointError for a tokenizer with more ids than the teacher has rows.
 */
export async function bilstmFromTeacher(
  teacher: Pick<TrainedModel, 'weights'>,
  tokenizer: Tokenizer,
  { seed, config = {} }: BilstmFromTeacherOptions,
): Promise<NewBilstm> {
  const [V, H] = wordTable(teacher.weights);
  const { padId } = tokenizer;
  expectKnownIds(tokenizer, V, "the teacher's tokenizer");
  const size = config.embedding_size ?? Math.min(bilstmDefaults.embedding_size, H);
  const model = bilstm({ ...config, vocab_size: V, embedding_size: size, pad_token_id: padId });
  const embeddings = await reducedEmbeddings(teacher.weights, { size, padId });
  return { model, weights: { ...initialiseParameters(model.parameters, seed), [EMBEDDINGS]: embeddings }, tokenizer };
}

export type BilstmFromWordVectorsOptions = FrequentWordsOptions & {
  /** Draws the vectors of words that the file lacks, and all other weights. */
  readonly seed: number;
  /**
   * Texts to train on: the vocabulary is their words, by `minCount` and `maxWords`, with or without a vector. Left out,
   * it is the first `maxWords` words of the file that a text can have.
   */
  readonly texts?: Iterable<string>;
  readonly config?: Partial<Omit<BilstmConfig, 'vocab_size' | 'embedding_size' | 'pad_token_id'>>;
};

/**
 * A BiLSTM over whole words that starts from a file of word vectors, as GloVe's, and whose embeddings are as wide as
 * these. Words without a vector, `[UNK]` and `[MASK]` start from U(±0.25), as in the authors' code.
 * @returns `withoutVector`: the words of the vocabulary that the file lacks, the most frequent first.
 * @throws FileError for a file that is none of word vectors, or has none of the words; OptionError for options that do
 *   not fit.
 */
export async function bilstmFromWordVectors(
  path: string,
  options: BilstmFromWordVectorsOptions,
): Promise<NewBilstm & { readonly withoutVector: readonly string[] }> {
  const { seed, texts, config = {} } = options;
  if (texts === undefined && options.minCount !== undefined) {
    throw new OptionError({ where: 'minCount', wanted: 'texts to count words in', got: 'none', fix: 'pass texts too' });
  }
  const wanted = texts === undefined ? undefined : frequentWords(texts, options);
  const found = await foundVectors(path, wanted, options);
  const [N, E] = found.vectors.shape as readonly [number, number];
  if (N === 0) {
    throw new FileError({
      where: path,
      wanted:
        wanted === undefined ? 'words that can occur in a text' : `some of the ${wanted.length} words of the texts`,
      got: 'none',
      fix: 'check the language of the vectors, and whether their words are lower-case',
    });
  }
  const words = wanted ?? found.words;
  const tokenizer = wordTokenizer(words, options);
  const model = bilstm({
    ...config,
    vocab_size: tokenizer.vocabularySize,
    embedding_size: E,
    pad_token_id: tokenizer.padId,
  });
  const weights = initialiseParameters(model.parameters, seed);
  const table = (weights[EMBEDDINGS] as Tensor<'float32'>).data;
  const rowOf = new Map(found.words.map((word, row) => [word, row]));
  const withoutVector: string[] = [];
  for (const [i, word] of words.entries()) {
    const row = rowOf.get(word);
    if (row === undefined) withoutVector.push(word);
    else table.set(found.vectors.data.subarray(row * E, (row + 1) * E), (i + WORD_SPECIAL_TOKENS.length) * E);
  }
  return { model, weights, tokenizer, withoutVector };
}

function foundVectors(path: string, wanted: readonly string[] | undefined, options: FrequentWordsOptions) {
  const { maxWords = frequentWordsDefaults.maxWords } = options;
  if (wanted === undefined) return readWordVectors(path, { maxWords, isWanted: isWordOf(options) });
  if (wanted.length === 0) {
    const fix = 'pass more texts, or a smaller minCount';
    throw new OptionError({ where: 'texts', wanted: 'words that occur minCount times', got: 'none', fix });
  }
  const known = new Set(wanted);
  return readWordVectors(path, { maxWords: known.size, isWanted: (word) => known.has(word) });
}

/** Whether a text can have a word: by the rules, `The` and `don't` may never come. */
function isWordOf(rules: Partial<WordRules>): (word: string) => boolean {
  const split = wordSplitter(rules);
  return (word) => {
    const parts = split(word);
    return parts.length === 1 && parts[0] === word && !WORD_SPECIAL_TOKENS.includes(word);
  };
}
