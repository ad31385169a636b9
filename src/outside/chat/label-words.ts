/** @file The words by which a language model's answers name labels. */
import { OptionError } from '../../errors/failures.js';
import type { OptionNames } from './option-trie.js';

/** What even short words get: a space, a quote, a full stop. */
const LEAST_TOKENS = 8;

/** The words by which labels are known, compared without case, spaces around them, quotes and full stops. */
export class LabelWords implements OptionNames {
  readonly #words: readonly (readonly string[])[];

  /** @throws OptionError for a label without a word, words for a label that is none, one word for two labels. */
  constructor(labelNames: readonly string[], given: Readonly<Record<string, string | readonly string[]>> = {}) {
    const unknown = Object.keys(given).find((label) => !labelNames.includes(label));
    if (unknown !== undefined) {
      throw new OptionError({ where: 'labelWords', wanted: `words for ${labelNames.join(', ')}`, got: `'${unknown}'` });
    }
    this.#words = labelNames.map((label) => [given[label] ?? label].flat().map(plain));
    const owners = new Map<string, string>();
    for (const [c, words] of this.#words.entries()) {
      const label = labelNames[c] as string;
      if (words.length === 0 || words.includes('')) {
        throw new OptionError({ where: `labelWords, ${label}`, wanted: 'at least one word', got: 'none' });
      }
      for (const word of words) {
        const other = owners.get(word);
        if (other !== undefined && other !== label) {
          throw new OptionError({
            where: 'labelWords',
            wanted: 'words of one label each',
            got: `'${word}' for ${other} and ${label}`,
          });
        }
        owners.set(word, label);
      }
    }
  }

  get names(): OptionNames {
    return this;
  }

  get count(): number {
    return this.#words.length;
  }

  begun(text: string): string {
    return begunBy(text);
  }

  ableFrom(letters: string): ReadonlySet<number> {
    return this.labelsFrom(letters);
  }

  likelyFrom(letters: string): ReadonlySet<number> {
    return this.labelsFrom(letters, true);
  }

  endedWith(letters: string): number | undefined {
    return this.labelOf(letters);
  }

  /** Tokens that the longest of the words takes, at most: few have less than two letters. */
  get mostTokens(): number {
    return Math.max(LEAST_TOKENS, 2 + Math.ceil(Math.max(...this.#words.flat().map((word) => word.length)) / 2));
  }

  /**
   * The label that a whole answer names: as its only content, at its start, or as the one label anywhere in it; of one
   * that was cut off, the one label that it begins.
   */
  labelOf(answer: string, isCut = false): number | undefined {
    const text = plain(answer);
    const exact = this.#words.findIndex((words) => words.includes(text));
    if (exact >= 0) return exact;
    const starts = this.#labelsWith((word) => isAtStart(word, text));
    // 'not sure' begins with 'not' as well as with itself: the longest word counts.
    if (starts.length > 0) return starts.sort((a, b) => b.length - a.length)[0]?.label;
    const inside = new Set(this.#labelsWith((word) => hasWord(text, word)).map(({ label }) => label));
    if (inside.size === 1) return [...inside][0];
    const begun = isCut && text !== '' ? this.labelsFrom(answer) : undefined;
    return begun?.size === 1 ? [...begun][0] : undefined;
  }

  /**
   * The labels that an answer may still come to name after its first letters; of those that it has named, the longest.
   * @param isTold Whether letters that are a word are not the beginning of a longer one ('no' of 'not sure'), as tokens
   *   mostly are not, but may be the first of several ('card' of 'card fee').
   */
  labelsFrom(letters: string, isTold = false): Set<number> {
    const text = begunBy(letters);
    const named = this.#labelsWith((word) => isAtStart(word, text));
    const longest = Math.max(...named.map(({ length }) => length));
    const goesOn = (word: string) => !(isTold && longest === text.length && /[\p{L}\p{N}]/u.test(word[longest] ?? ''));
    const begun = this.#labelsWith((word) => word.length > text.length && word.startsWith(text) && goesOn(word));
    return new Set([...named.filter(({ length }) => length === longest), ...begun].map(({ label }) => label));
  }

  #labelsWith(fits: (word: string) => boolean): { label: number; length: number }[] {
    return this.#words.flatMap((words, label) => words.filter(fits).map((word) => ({ label, length: word.length })));
  }
}

/** The same without what is around a word. */
function plain(text: string): string {
  return begunBy(text).replace(/[\s"'`*)\]}.,;:!-]+$/u, '');
}

/** The first letters of an answer as words are compared. `▁` and `Ġ` stand for a space in some tokenizers. */
export function begunBy(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[▁ġ\s]+/gu, ' ')
    .replace(/^[\s"'`*([{.:-]+/u, '');
}

/** Whether a text begins with a word, and not with a longer one. */
function isAtStart(word: string, text: string): boolean {
  return text.startsWith(word) && !isLetter(text[word.length]);
}

function isLetter(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_]/u.test(character);
}

function hasWord(text: string, word: string): boolean {
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    if (!isLetter(text[at - 1]) && !isLetter(text[at + word.length])) return true;
  }
  return false;
}
