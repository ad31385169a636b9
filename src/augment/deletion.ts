/**
 * @file Texts with words left out: random deletion of "EDA: Easy Data Augmentation Techniques for Boosting Performance on Text
 * Classification Tasks", Wei & Zou 2019, arXiv:1901.11196, section 2.
 *
 *   each word is left out with probability p; a text that would lose all keeps one of them
 *
 * Symbols:    p deleteRate | n_aug copies
 * Departures: the paper keeps the label of the text and takes p 0.05 to 0.5 of a text's length; here a teacher labels what
 *             is left, so that more may be taken.
 */
import { OptionError } from '../errors/failures.js';
import { defined } from '../options/given.js';
import { type Augmentation, changedCopies, expectCopies } from './augmentation.js';
import { textOf, textWords } from './text-words.js';

export type DeletionOptions = {
  /** New texts of a row, before equal ones are left out. Default: 2. */
  readonly copies?: number;
  /** Share of the words that are left out, below 1. Default: 0.25. */
  readonly deleteRate?: number;
};

export const deletionDefaults = { copies: 2, deleteRate: 0.25 } as const satisfies Required<DeletionOptions>;

/** @throws OptionError for a number out of range. */
export function deletion(options: DeletionOptions = {}): Augmentation {
  const { copies, deleteRate } = { ...deletionDefaults, ...defined(options) };
  expectCopies(copies);
  if (!(deleteRate > 0 && deleteRate < 1)) {
    const wanted = 'a number above 0 and below 1';
    throw new OptionError({ where: 'deleteRate', wanted, got: String(deleteRate) });
  }
  return {
    name: 'deletion',
    settings: { deleteRate, copies },
    copies: (source, random) =>
      changedCopies(source, copies, (text) => {
        const words = textWords(text);
        const kept = words.filter(() => random.uniform() >= deleteRate);
        if (kept.length > 0 || words.length === 0) return textOf(kept);
        return textOf(words.slice(random.below(words.length)).slice(0, 1));
      }),
  };
}
