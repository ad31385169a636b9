/** @file Students over whole words that start from vectors of a file, as GloVe's. */
import { FileError, OptionError } from '../errors/failures.js';
import { type Tensor, tensor } from '../tensor/tensor.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { type VectorSource, wordVectorsOf } from '../tokenizers/word-vectors.js';
import {
  type FrequentWordsOptions,
  frequentWords,
  frequentWordsDefaults,
  WORD_SPECIAL_TOKENS,
  type WordRules,
  wordSplitter,
  wordTokenizer,
} from '../tokenizers/word-vocabulary.js';
import type { Model } from './model.js';
import { EMBEDDINGS, type NewStudent, newStudent } from './new-student.js';

type Table = Tensor<'float32'>;

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
export async function fileVectors(source: VectorSource, options: FileVectorsOptions): Promise<FileVectors> {
  const { texts } = options;
  if (texts === undefined && options.minCount !== undefined) {
    throw new OptionError({ where: 'minCount', wanted: 'texts to count words in', got: 'none', fix: 'pass texts too' });
  }
  const wanted = texts === undefined ? undefined : frequentWords(texts, options);
  const found = await foundVectors(source, wanted, options);
  const [N, E] = found.vectors.shape as readonly [number, number];
  if (N === 0) {
    throw new FileError({
      where: source.name,
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
  source: VectorSource,
  { seed, ...options }: FileVectorsOptions & { readonly seed: number },
  modelOf: (sizes: WordSizes) => Model,
): Promise<NewStudent & Pick<FileVectors, 'withoutVector'>> {
  const { tokenizer, size, withoutVector, placedIn } = await fileVectors(source, options);
  const { vocabularySize: vocab_size, padId: pad_token_id } = tokenizer;
  const model = modelOf({ vocab_size, embedding_size: size, pad_token_id });
  const student = newStudent({ model, tokenizer, seed }, (drawn) => ({
    [EMBEDDINGS]: placedIn(drawn[EMBEDDINGS] as Table),
  }));
  return { ...student, withoutVector };
}

function foundVectors(source: VectorSource, wanted: readonly string[] | undefined, options: FrequentWordsOptions) {
  const { maxWords = frequentWordsDefaults.maxWords } = options;
  if (wanted === undefined) return wordVectorsOf(source, { maxWords, isWanted: isWordOf(options) });
  if (wanted.length === 0) {
    const fix = 'pass more texts, or a smaller minCount';
    throw new OptionError({ where: 'texts', wanted: 'words that occur minCount times', got: 'none', fix });
  }
  const known = new Set(wanted);
  return wordVectorsOf(source, { maxWords: known.size, isWanted: (word) => known.has(word) });
}

/** Whether a text can have a word: by the rules, `The` and `don't` may never come. */
function isWordOf(rules: Partial<WordRules>): (word: string) => boolean {
  const split = wordSplitter(rules);
  return (word) => {
    const parts = split(word);
    return parts.length === 1 && parts[0] === word && !WORD_SPECIAL_TOKENS.includes(word);
  };
}
