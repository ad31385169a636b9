/** @file A text as words that rules replace: cut at spaces, and what marks stand around each word. */

export type TextWord = {
  /** Marks before it, such as an opening quote. */
  readonly before: string;
  readonly word: string;
  /** Marks after it, such as a full stop. */
  readonly after: string;
};

/** Apostrophes and hyphens belong to words: `n't`, `'s`, `well-made`. */
const MARKED = /^([("“‘[{]*)(.*?)([.,;:!?)\]}"”…]*)$/su;

/** The words of a text. Marks that stand alone are words, as in texts whose tokens are set apart already. */
export function textWords(text: string): TextWord[] {
  const chunks = text.split(/\s+/u).filter((chunk) => chunk !== '');
  return chunks.map((chunk) => {
    const [, before = '', word = '', after = ''] = MARKED.exec(chunk) ?? [];
    return word === '' ? { before: '', word: chunk, after: '' } : { before, word, after };
  });
}

/** The words as a text, one space between them. */
export function textOf(words: readonly TextWord[]): string {
  return words.map(({ before, word, after }) => `${before}${word}${after}`).join(' ');
}

/** Another word with the first letter as large as that of the word whose place it takes. */
export function inCaseOf(word: string, other: string): string {
  return /^\p{Lu}/u.test(word) ? other.charAt(0).toUpperCase() + other.slice(1) : other;
}
