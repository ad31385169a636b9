/**
 * @file Texts for a student to learn a teacher's answers on. Tang, Lu, Liu, Mou, Vechtomova & Lin 2019, "Distilling
 * Task-Specific Knowledge from BERT into Simple Neural Networks", arXiv:1903.12136, section 3.3; code castorini/d-bert.
 *
 *   for each word draw u:   u < p_mask                   the mask word
 *                           p_mask ≤ u < p_mask + p_pos  a word of the same part of speech, as often as the corpus has it
 *                           else                         the word stays
 *   then with p_ng          one stretch of n words is kept, n from 1 to 5, and the rest dropped
 *
 * Symbols:    p_mask maskRate | p_pos posRate | p_ng ngramRate | n_iter copies
 * Departures: a word has the part of speech that it most often has in the lexicon; the paper tags sentences. Copies of a
 *             row are compared with that row's alone, so that no list of all texts is kept. Pairs are changed first,
 *             second, both in turn, as in the paper; the code draws which. Draws: one a word and one more for a word of
 *             the same part of speech; then one for the stretch and, if there is one, its length and its start.
 */
import { OptionError } from '../errors/failures.js';
import { defined } from '../options/given.js';
import { type Augmentation, changedCopies, expectCopies } from './augmentation.js';
import type { PosLexicon } from './pos-lexicon.js';
import { inCaseOf, type TextWord, textOf, textWords } from './text-words.js';

export type WordRates = {
  /** Share of the words that become the mask word. */
  readonly maskRate: number;
  /** Share of the words that become another of their part of speech. */
  readonly posRate: number;
};

export type TangOptions = Partial<WordRates> & {
  /** New texts of a row, before equal ones are left out. Default: 20; of a pair 10. */
  readonly copies?: number;
  /** Share of the texts of which a stretch alone is kept. Default: 0.25. */
  readonly ngramRate?: number;
  /** Needed for a `posRate` above 0. */
  readonly lexicon?: PosLexicon;
  /** What stands for a hidden word: the teacher's mask token. Default: `[MASK]`. */
  readonly maskWord?: string;
};

export const tangDefaults = { copies: 20, pairCopies: 10, maskRate: 0.1, posRate: 0.1, ngramRate: 0.25 } as const;
const LONGEST_STRETCH = 5;
const MASK_WORD = '[MASK]';

/** A source of numbers in [0, 1). */
type Draw = () => number;

/** Each word masked, replaced by one of its part of speech, or kept. */
export function replaceWords(
  words: readonly TextWord[],
  { maskRate, posRate, maskWord, lexicon }: WordRates & Pick<TangOptions, 'lexicon'> & { readonly maskWord: string },
  draw: Draw,
): TextWord[] {
  return words.map((given) => {
    const u = draw();
    if (u < maskRate) return { ...given, word: maskWord };
    if (u >= maskRate + posRate) return given;
    const tag = lexicon?.tagOf(given.word);
    const other = tag === undefined ? undefined : lexicon?.wordOf(tag, draw());
    return other === undefined ? given : { ...given, word: inCaseOf(given.word, other) };
  });
}

/** With this rate a stretch of 1 to 5 words in the place of all, else all. */
export function keepStretch<T>(words: readonly T[], rate: number, draw: Draw): readonly T[] {
  if (draw() >= rate) return words;
  const length = Math.min(1 + Math.floor(draw() * LONGEST_STRETCH), words.length);
  const start = Math.floor(draw() * (words.length - length + 1));
  return words.slice(start, start + length);
}

/**
 * Masking, words of the same part of speech and stretches. With rates of 0 each rule can be had by itself.
 * @throws OptionError for a number out of range, no rule at all, or a `posRate` without a lexicon.
 */
export function tang(options: TangOptions = {}): Augmentation {
  const { copies, lexicon, maskWord = MASK_WORD } = options;
  const { maskRate, posRate, ngramRate } = { ...tangDefaults, ...defined(options) };
  expectRates({ maskRate, posRate, ngramRate });
  if (copies !== undefined) expectCopies(copies);
  if (posRate > 0 && lexicon === undefined) {
    const fix = 'give a file of words with their parts of speech, or posRate 0';
    throw new OptionError({ where: 'posRate', wanted: 'a lexicon', got: 'none', fix });
  }
  const change = (text: string, draw: Draw): string => {
    const words = textWords(text);
    // A text without words has nothing to change, and no stretch.
    if (words.length === 0) return text;
    const replaced = replaceWords(words, { maskRate, posRate, maskWord, ...(lexicon && { lexicon }) }, draw);
    return textOf(keepStretch(replaced, ngramRate, draw));
  };
  return {
    name: 'tang',
    settings: {
      maskRate,
      posRate,
      ngramRate,
      maskWord,
      ...(copies !== undefined && { copies }),
      ...(posRate > 0 && lexicon && { lexicon: lexicon.hash }),
    },
    copies: (source, random) => {
      const count = copies ?? (source.pair === undefined ? tangDefaults.copies : tangDefaults.pairCopies);
      return changedCopies(source, count, (text) => change(text, () => random.uniform()));
    },
  };
}

function expectRates(rates: WordRates & { readonly ngramRate: number }): void {
  for (const [where, rate] of Object.entries(rates)) {
    if (rate >= 0 && rate <= 1) continue;
    throw new OptionError({ where, wanted: 'a number from 0 to 1', got: String(rate) });
  }
  const { maskRate, posRate, ngramRate } = rates;
  if (maskRate + posRate > 1) {
    const got = String(maskRate + posRate);
    throw new OptionError({ where: 'maskRate and posRate', wanted: 'a sum of at most 1', got });
  }
  if (maskRate + posRate + ngramRate > 0) return;
  throw new OptionError({ where: 'tang', wanted: 'a rule with a rate above 0', got: 'none' });
}
