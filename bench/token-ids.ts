/** @file Token ids for benches of steps: real repetition of words, without a tokenizer. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RandomStream } from '../src/tensor/random.js';

/** Of BERT. */
export const VOCABULARY = 30_522;
const [CLS, SEP, FIRST_WORD] = [101, 102, 1000];

/**
 * Rows of ids, [CLS] words [SEP], cut from SST-2's running text; words are numbered by how frequent they are. A stand-in
 * for WordPiece with the same repetition of frequent words. Without `RETORT_DATA`: words by Zipf's law.
 */
export function rowSource(): (length: number) => number[] {
  const random = new RandomStream(1, 'bench/ids');
  const file = join(process.env.RETORT_DATA ?? '', 'sst2', 'train.tsv');
  let words: number[];
  if (process.env.RETORT_DATA !== undefined && existsSync(file)) {
    const text = readFileSync(file, 'utf8')
      .split('\n')
      .slice(1)
      .flatMap((line) => line.split('\t', 1)[0]?.split(/\s+/) ?? []);
    const counts = new Map<string, number>();
    for (const word of text) counts.set(word, (counts.get(word) ?? 0) + 1);
    const ranked = [...counts].sort((a, b) => b[1] - a[1]).map(([word], rank) => [word, FIRST_WORD + rank] as const);
    const ids = new Map(ranked);
    words = text.map((word) => Math.min(VOCABULARY - 1, ids.get(word) ?? FIRST_WORD));
  } else {
    const span = Math.log(VOCABULARY - FIRST_WORD);
    words = Array.from({ length: 500_000 }, () => Math.floor(FIRST_WORD - 1 + Math.exp(random.uniform() * span)));
  }
  return (length) => {
    const start = random.below(words.length - length);
    return [CLS, ...words.slice(start, start + length - 2), SEP];
  };
}
