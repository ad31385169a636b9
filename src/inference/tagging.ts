/** @file What a tagger says of sentences; loaded with the first of them, since most models label texts. */
import { OptionError } from '../errors/failures.js';
import type { Tensor } from '../tensor/tensor.js';
import { type EncodedWords, wordEncoder } from '../tokenizers/tagged-words.js';
import type { Tokenizer } from '../tokenizers/tokenizer.js';
import { answerOf, type Tagging } from './answer.js';
import type { Row, RowWork } from './row-windows.js';

type Sentence = Row & { readonly words: readonly string[]; readonly firsts: EncodedWords['firsts'] };

type Tagger = {
  readonly tokenizer: Tokenizer;
  readonly labels: readonly string[];
  readonly classes: number;
  readonly maxLength: number;
};

/** What `taggingWork` does not do itself. */
type TaggingParts = {
  /** `logits` [B, S, C] */
  readonly run: (rows: readonly Row[]) => Promise<Readonly<Record<string, Tensor>>>;
  readonly expectFinite: (scores: Float32Array, where: string) => void;
  readonly isReleased: () => boolean;
  readonly whatCame: (input: unknown) => string;
};

/** The work of `tag`. */
export function taggingWork(
  { tokenizer, labels, classes, maxLength }: Tagger,
  { run, expectFinite, isReleased, whatCame }: TaggingParts,
): RowWork<string | readonly string[], Sentence, Tagging> {
  const encoded = wordEncoder(tokenizer, maxLength);
  const wordsOf = (input: unknown, where: string): readonly string[] => {
    if (typeof input === 'string') return input.split(/\s+/u).filter((word) => word !== '');
    if (Array.isArray(input) && input.every((word) => typeof word === 'string')) return input;
    throw new OptionError({ where, wanted: 'a text, or a list of words', got: whatCame(input) });
  };
  return {
    isReleased,
    encode: (input, where) => {
      const words = wordsOf(input, where);
      const { row, firsts } = encoded(words);
      return { first: row, words, firsts };
    },
    run: async (rows) => {
      const { data, shape } = (await run(rows)).logits as Tensor<'float32'>;
      const width = (shape[1] as number) * classes;
      return (row, where) => {
        const { words, firsts } = rows[row] as Sentence;
        const tags = words.map((word, i) => {
          const first = firsts[i];
          if (first === undefined) return { word, label: undefined, score: 0 };
          const scores = data.subarray(row * width + first * classes, row * width + (first + 1) * classes);
          expectFinite(scores, where);
          const { label, score } = answerOf(scores, labels);
          return { word, label, score };
        });
        return { tags };
      };
    },
  };
}
