/** @file Sentences cut into words beforehand, as tokens that know which word they begin. */
import type { EncodedRow, Tokenizer } from './tokenizer.js';

/** Special tokens before and after a text. */
type Frame = { readonly before: readonly number[]; readonly after: readonly number[] };

export type EncodedWords = {
  readonly row: EncodedRow;
  /** Of each word the place of its first token; undefined where the word has none, or was cut off. */
  readonly firsts: readonly (number | undefined)[];
  readonly isCut: boolean;
};

/**
 * Words one by one, with the tokenizer's special tokens around them.
 * @param maxLength tokens at most, special ones included
 */
export function wordEncoder(
  tokenizer: Pick<Tokenizer, 'encodeRow'>,
  maxLength: number,
): (words: readonly string[]) => EncodedWords {
  const frame = frameOf(tokenizer);
  const room = maxLength - frame.after.length;
  return (words) => {
    const ids = [...frame.before];
    const firsts = words.map((word, i) => {
      // A space before a word that is not the first: tokenizers of bytes see it.
      const whole = tokenizer.encodeRow(i === 0 ? word : ` ${word}`).ids;
      const at = ids.length;
      for (const id of whole.slice(frame.before.length, whole.length - frame.after.length)) ids.push(id);
      return ids.length > at && at < room ? at : undefined;
    });
    const kept = [...ids.slice(0, room), ...frame.after];
    return { row: { ids: kept, typeIds: kept.map(() => 0) }, firsts, isCut: ids.length > room };
  };
}

/** Found by what a text has in common with none. */
function frameOf(tokenizer: Pick<Tokenizer, 'encodeRow'>): Frame {
  const none = tokenizer.encodeRow('').ids;
  const one = tokenizer.encodeRow('a').ids;
  const differs = none.findIndex((id, i) => id !== one[i]);
  const count = differs < 0 ? none.length : differs;
  return { before: none.slice(0, count), after: none.slice(count) };
}
