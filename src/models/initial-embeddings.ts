/** @file Word embeddings that a small model starts with: those of an encoder, made narrower, or vectors from a file. */
import { CheckpointError, FileError, OptionError } from '../errors/failures.js';
import { initialiseParameters } from '../nn/parameters.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
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
import { WORD_EMBEDDINGS } from './encoder.js';
import { ENCODERS } from './families.js';
import type { Model, Weights } from './model.js';
import { truncatedSvd } from './truncated-svd.js';

/** A student before its first step, and the tokenizer whose ids it reads. */
export type NewStudent = {
  readonly model: Model;
  readonly weights: Weights;
  readonly tokenizer: Tokenizer;
  /** The weights on another seed: the same embeddings, without the work of making them. */
  redrawn(seed: number): Weights;
};

/** @param made What does not depend on the seed, or of the new weights that do on those alone. */
export function newStudent(
  { model, tokenizer, seed }: Pick<NewStudent, 'model' | 'tokenizer'> & { readonly seed: number },
  made: (drawn: Weights) => Weights,
): NewStudent {
  const redrawn = (another: number): Weights => {
    const drawn = initialiseParameters(model.parameters, another);
    return { ...drawn, ...made(drawn) };
  };
  return { model, tokenizer, weights: redrawn(seed), redrawn };
}

export const WORD_TABLE = `${WORD_EMBEDDINGS}.weight`;
/** Of the models that start with them. */
export const EMBEDDINGS = 'embed.weight';

/** Root mean square of U(±0.25), from which embeddings start otherwise. */
const SPREAD = 0.25 / Math.sqrt(3);

type Table = Tensor<'float32'>;

/**
 * The word embeddings [V, H] of an encoder.
 * @throws CheckpointError for weights without.
 */
export function wordTable(weights: Weights): Table {
  const table = weights[WORD_TABLE];
  if (table?.shape.length === 2) return table;
  throw new CheckpointError({
    where: "the teacher's weights",
    wanted: `'${WORD_TABLE}', as an encoder has (${ENCODERS})`,
    got: Object.keys(weights).slice(0, 3).join(', ') || 'none',
    fix: 'use such a teacher, or word vectors from a file',
  });
}

/** Rows of a table by number. */
export function rowsOf(table: Table, rows: readonly number[]): Table {
  const H = Number(table.shape[1]);
  const data = new Float32Array(rows.length * H);
  for (const [i, row] of rows.entries()) data.set(table.data.subarray(row * H, (row + 1) * H), i * H);
  return tensor('float32', [rows.length, H], data);
}

export type ReducedRows = {
  /** E, at most H. */
  readonly size: number;
  readonly padId: number;
  /** For messages: what the rows are. */
  readonly what: string;
  readonly where: string;
};

/**
 * A table [V, H] as [V, E]: less the mean of its rows, projected on the E directions in which they differ most (truncated SVD
 * of the centred table, which is principal component analysis), all times one number that gives the elements the root mean
 * square of U(±0.25). The row of padding takes no part and is zero.
 * @throws OptionError for an E above H, or a `padId` that is no row; CheckpointError for equal rows.
 */
export async function reducedRows(table: Table, { size, padId, what, where }: ReducedRows): Promise<Table> {
  const [V, H] = table.shape as readonly [number, number];
  if (!Number.isInteger(size) || size < 1 || size > H) {
    throw new OptionError({
      where: 'embedding_size',
      wanted: `an integer from 1 to ${H}, the width of ${what}`,
      got: String(size),
      fix: `use at most ${H}, a wider teacher, or word vectors from a file`,
    });
  }
  if (!Number.isInteger(padId) || padId < 0 || padId >= V) {
    throw new OptionError({ where: 'padId', wanted: `a row from 0 to ${V - 1}`, got: String(padId) });
  }
  const { projected } = await truncatedSvd(centred(table, padId), size); // [V, E]
  let squares = 0;
  for (const value of projected.data) squares += value * value;
  if (squares === 0) throw new CheckpointError({ where, wanted: 'rows that differ', got: 'equal ones' });
  const factor = SPREAD / Math.sqrt(squares / ((V - 1) * size));
  const rows = projected.data.map((value) => value * factor);
  // 0 times a negative number is -0.
  return tensor('float32', [V, size], rows.fill(0, padId * size, (padId + 1) * size));
}

/** Less the mean of all rows but one, which becomes zero: [V, H] -> [V, H] */
function centred({ data, shape }: Table, without: number): Table {
  const [V, H] = shape as readonly [number, number];
  const mean = new Float64Array(H);
  for (let v = 0; v < V; v++) {
    if (v === without) continue;
    for (let h = 0; h < H; h++) mean[h] = (mean[h] as number) + (data[v * H + h] as number) / (V - 1);
  }
  const rows = data.map((value, i) => value - (mean[i % H] as number));
  return tensor('float32', [V, H], rows.fill(0, without * H, (without + 1) * H));
}

export type FileVectorsOptions = FrequentWordsOptions & {
  /**
   * Texts to train on: the vocabulary is their words, by `minCount` and `maxWords`, with or without a vector. Left out,
   * it is the first `maxWords` words of the file that a text can have.
   */
  readonly texts?: Iterable<string>;
};

export type FileVectors = {
  readonly tokenizer: Tokenizer;
  /** E, of the vectors. */
  readonly size: number;
  /** The words of the vocabulary that the file lacks, the most frequent first. */
  readonly withoutVector: readonly string[];
  /** A table of the vocabulary [V, E] with the file's vectors in their rows, and its own in the others. */
  placedIn(table: Table): Table;
};

/**
 * A vocabulary of whole words with their vectors from a file, as GloVe's.
 * @throws FileError for a file that is none of word vectors, or has none of the words; OptionError for options that do
 *   not fit.
 */
export async function fileVectors(path: string, options: FileVectorsOptions): Promise<FileVectors> {
  const { texts } = options;
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
  const rowOf = new Map(found.words.map((word, row) => [word, row]));
  return {
    tokenizer: wordTokenizer(words, options),
    size: E,
    withoutVector: words.filter((word) => !rowOf.has(word)),
    placedIn: (table) => {
      const data = table.data.slice();
      for (const [i, word] of words.entries()) {
        const row = rowOf.get(word);
        if (row === undefined) continue;
        data.set(found.vectors.data.subarray(row * E, (row + 1) * E), (i + WORD_SPECIAL_TOKENS.length) * E);
      }
      return tensor('float32', table.shape as readonly number[], data);
    },
  };
}

/** What a network over words is sized by. */
export type WordSizes = {
  readonly vocab_size: number;
  readonly embedding_size: number;
  readonly pad_token_id: number;
};

/** A student over whole words that starts from a file of vectors, and the words that the file lacks. @throws as `fileVectors` does. */
export async function studentFromVectors(
  path: string,
  { seed, ...options }: FileVectorsOptions & { readonly seed: number },
  modelOf: (sizes: WordSizes) => Model,
): Promise<NewStudent & Pick<FileVectors, 'withoutVector'>> {
  const { tokenizer, size, withoutVector, placedIn } = await fileVectors(path, options);
  const { vocabularySize: vocab_size, padId: pad_token_id } = tokenizer;
  const model = modelOf({ vocab_size, embedding_size: size, pad_token_id });
  const student = newStudent({ model, tokenizer, seed }, (drawn) => ({
    [EMBEDDINGS]: placedIn(drawn[EMBEDDINGS] as Table),
  }));
  return { ...student, withoutVector };
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
