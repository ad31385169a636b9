/** @file Words by part of speech with how often each occurs, from a file of the user's. */

import { createHash } from 'node:crypto';
import { FileError } from '../errors/failures.js';
import { shortened } from '../errors/shortened.js';
import { textIn } from '../files/path-entry.js';

export type PosLexicon = {
  /** SHA-256 of the words, counts and tags. */
  readonly hash: string;
  /** The commonest part of speech of a word, as written or in small letters. */
  tagOf(word: string): string | undefined;
  /** A word of a part of speech, each as often as the corpus has it. @param draw in [0, 1) */
  wordOf(tag: string, draw: number): string | undefined;
};

/** One word with how often it occurs as which part of speech. */
export type LexiconWord = { readonly word: string; readonly tags: readonly (readonly [tag: string, count: number])[] };

type Column = { readonly words: string[]; readonly upTo: number[] };

/** A lexicon of words that are in memory. */
export function posLexicon(words: Iterable<LexiconWord>): PosLexicon {
  const tagOf = new Map<string, string>();
  const columns = new Map<string, Column>();
  const hash = createHash('sha256');
  for (const { word, tags } of words) {
    hash.update(JSON.stringify([word, tags]));
    let most = 0;
    for (const [tag, count] of tags) {
      if (count > most) {
        most = count;
        tagOf.set(word, tag);
      }
      const column = columns.get(tag) ?? { words: [], upTo: [] };
      columns.set(tag, column);
      column.words.push(word);
      column.upTo.push((column.upTo.at(-1) ?? 0) + count);
    }
  }
  return {
    hash: hash.digest('hex'),
    tagOf: (word) => tagOf.get(word) ?? tagOf.get(word.toLowerCase()),
    wordOf: (tag, draw) => {
      const column = columns.get(tag);
      if (column === undefined) return undefined;
      return column.words[firstAbove(column.upTo, Math.floor(draw * (column.upTo.at(-1) ?? 0)))];
    },
  };
}

/** The place of the first number above a value, of numbers that rise. */
function firstAbove(numbers: readonly number[], value: number): number {
  let [low, high] = [0, numbers.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Reads a lexicon: a line a word, with tabs between the word, its count and its parts of speech, which are parted by spaces
 * and may say how often each was met: `plays	6	VERB:4 NOUN:2`. A first line `word	count	tags` is a header.
 * @throws FileError naming file and line for what is no such file.
 */
export async function readPosLexicon(path: string): Promise<PosLexicon> {
  const lines = (await textIn(path)).replace(/^\uFEFF/u, '').split(/\r?\n/u);
  const words: LexiconWord[] = [];
  for (const [i, line] of lines.entries()) {
    if (line === '' || (i === 0 && /^word\tcount\t/iu.test(line))) continue;
    words.push(lexiconWord(line, `${path}:${i + 1}`));
  }
  if (words.length > 0) return posLexicon(words);
  throw new FileError({ where: path, wanted: 'one word per line', got: 'an empty file' });
}

function lexiconWord(line: string, where: string): LexiconWord {
  const [word = '', count = '', tags = ''] = line.split('\t');
  const total = Number(count);
  const parts = tags.split(' ').filter((part) => part !== '');
  const read = parts.map((part): [string, number] => {
    const [, tag = part, own] = /^(.+):(\d+)$/u.exec(part) ?? [];
    return [tag, own === undefined ? total : Number(own)];
  });
  const isRight = word !== '' && count !== '' && Number.isSafeInteger(total) && total >= 1 && read.length > 0;
  if (isRight && read.every(([, own]) => own >= 1)) return { word, tags: read };
  throw new FileError({
    where,
    wanted: 'a word, its count and its parts of speech, separated by tabs',
    got: shortened(line),
    fix: 'correct or delete that line',
  });
}
