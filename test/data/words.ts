/** @file A tokenizer of nine words, and texts of many lengths from them. */
import { type TextTable, textTable } from '../../src/data/text-table.js';
import { RandomStream } from '../../src/tensor/random.js';
import { wordTokenizer } from '../../src/tokenizers/word-vocabulary.js';

export const WORDS = ['good', 'bad', 'film', 'the', 'a', 'not', 'very', 'plot', 'end'] as const;

export const words = wordTokenizer(WORDS, { split: 'spaces', lowercase: true });

/** Texts of 1 to `longest` words; labelled 1 where 'good' stands in them more often than 'bad'. */
export function wordTable(
  name: string,
  size: number,
  options: { longest?: number; pairs?: boolean; seed?: number } = {},
): TextTable {
  const { longest = 9, pairs = false, seed = 1 } = options;
  const random = new RandomStream(seed, `words ${name}`);
  const text = (): string[] =>
    Array.from({ length: 1 + random.below(longest) }, () => WORDS[random.below(WORDS.length)] as string);
  const texts = Array.from({ length: size }, text);
  const count = (of: string[], word: string): number => of.filter((candidate) => candidate === word).length;
  return textTable(name, {
    texts: texts.map((of) => of.join(' ')),
    ...(pairs && { pairs: Array.from({ length: size }, () => text().join(' ')) }),
    labels: Int32Array.from(texts, (of) => (count(of, 'good') > count(of, 'bad') ? 1 : 0)),
    labelNames: ['negative', 'positive'],
  });
}
