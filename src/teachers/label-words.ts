/** @file From what a language model writes to labels. */
import { OptionError } from '../errors/failures.js';

/** A token that it might have written first, and how likely that was (natural logarithm). */
export type ScoredToken = readonly [token: string, logProb: number];

export type LabelScores = {
  /** Log-probability of each label; undefined for those that no token spoke for. */
  readonly logProbs: readonly (number | undefined)[];
  /** The mass of tokens that begin no label. */
  readonly outside: number;
};

/** The words by which labels are known, compared without case, spaces around them, quotes and full stops. */
export class LabelWords {
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
        throw new OptionError({ where: `labelWords, ${label}`, wanted: 'a word or more', got: 'none' });
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

  /** The label that a whole answer names: as its only content, at its start, or as the one label anywhere in it. */
  labelOf(answer: string): number | undefined {
    const text = plain(answer);
    const exact = this.#words.findIndex((words) => words.includes(text));
    if (exact >= 0) return exact;
    const starts = this.#labelsWith((word) => text.startsWith(word) && !isLetter(text[word.length]));
    // 'not sure' begins with 'not' as well as with itself: the longest word counts.
    if (starts.length > 0) return starts.sort((a, b) => b.length - a.length)[0]?.label;
    const inside = new Set(this.#labelsWith((word) => hasWord(text, word)).map(({ label }) => label));
    return inside.size === 1 ? [...inside][0] : undefined;
  }

  /**
   * The labels that an answer's first token may begin, by log-sum-exp over the tokens of each. A token counts for the
   * label one of whose words it is, or alone of all labels' words begins; what could begin several counts for none and
   * stays among what is not known.
   */
  scoresOf(tokens: readonly ScoredToken[]): LabelScores {
    const masses: (number | undefined)[] = this.#words.map(() => undefined);
    let outside = 0;
    for (const [token, logProb] of tokens) {
      const text = plain(token);
      if (text === '') continue;
      const mass = Math.exp(logProb);
      const exact = this.#words.findIndex((words) => words.includes(text));
      const begun = new Set(this.#labelsWith((word) => word.startsWith(text)).map(({ label }) => label));
      const label = exact >= 0 ? exact : begun.size === 1 ? ([...begun][0] as number) : undefined;
      if (label !== undefined) masses[label] = (masses[label] ?? 0) + mass;
      else if (begun.size === 0) outside += mass;
    }
    return { logProbs: masses.map((mass) => (mass === undefined ? undefined : Math.log(mass))), outside };
  }

  #labelsWith(fits: (word: string) => boolean): { label: number; length: number }[] {
    return this.#words.flatMap((words, label) => words.filter(fits).map((word) => ({ label, length: word.length })));
  }
}

/** `▁` and `Ġ` stand for a space in some tokenizers. */
function plain(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[▁Ġġ\s]+/gu, ' ')
    .replaceAll(/^[\s"'`*([{.:-]+|[\s"'`*)\]}.,;:!-]+$/gu, '');
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
